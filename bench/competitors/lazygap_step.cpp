// Our side of `compare`: answers requests on the standard input, one line each, through the public interface.
//
// - "NN relu 450 0.5": SGD steps of qf in fp32, d = 450, batch 100 (regime, activation, neurons, seconds);
// - "fit 4500 50000": fit::rf with the quadratic activation (isotropic neurons, samples);
// - "ssyrk 4500 0.5": the product inside a fit by the BLAS alone, 2000 samples at a time (neurons, seconds);
// - "peak 0.5": fp32 multiply-adds on registers (seconds).
//
// Seconds are of processor time, and the least that is measured.
//
// The answer is one line: an amount (steps, fits, operations), the seconds it took, and the processor seconds
// of the whole process, then what ran. A training run is set up once, kept, and stands still between
// requests.

#include <cblas.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <semaphore>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "bench/peak.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/processor.h"
#include "lazygap/fit/rf.h"
#include "lazygap/network/regime.h"
#include "lazygap/train/sgd.h"

namespace {

using namespace lazygap;

constexpr Index kDimension = 450;
/// Small enough that hundreds of thousands of steps stay finite.
constexpr double kStepSize = 1e-6;

Problem qf() { return PolynomialTarget(Vector::LinSpaced(kDimension, 0.01, 2.0)); }

struct Times {
  double wall = 0, processor = 0;
};

Times now() {
  std::timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now().time_since_epoch();
  return {wall.count(), static_cast<double>(cpu.tv_sec) + 1e-9 * static_cast<double>(cpu.tv_nsec)};
}

struct Timing {
  double amount = 0;
  Times times;
  std::string note = {};
};

/// Repeats work(), which returns an amount, for at least `seconds` of processor time.
template <class Work>
Timing repeated(double seconds, const Work& work) {
  Timing answer;
  const Times start = now();
  do {
    answer.amount += work();
    const Times end = now();
    answer.times = {end.wall - start.wall, end.processor - start.processor};
  } while (answer.times.processor < seconds);
  return answer;
}

/// A training run on a thread of its own. It stands still in Hooks::progress until a measurement is asked
/// for, so that neither its set-up nor the records at its ends are measured.
class TrainingRun {
 public:
  TrainingRun(const std::string& regime, const std::string& activation, Index neurons)
      : thread_([this, regime, activation, neurons] { train(regime, activation, neurons); }) {}
  ~TrainingRun() {
    stop_ = true;
    go_.release();
    thread_.join();
  }
  TrainingRun(const TrainingRun&) = delete;
  TrainingRun& operator=(const TrainingRun&) = delete;

  Timing measure(double seconds) {
    seconds_ = seconds;
    go_.release();
    ready_.acquire();
    if (!error_.empty()) throw std::runtime_error(error_);
    return answer_;
  }

 private:
  void train(const std::string& regime, const std::string& activation, Index neurons) {
    try {
      train::Options options{.activation = activation_from_name(activation),
                             .steps = 1'000'000'000,
                             .step_size = kStepSize,
                             .schedule = train::Schedule::constant,
                             .records = 2,
                             .test_samples = 0};
      const train::Hooks hooks{.progress = [this](std::int64_t step) { progress(step); },
                               .stop = [this] { return stop_; }};
      const auto run = regime == "NN" ? train::run_nn : train::run_nt;
      const train::Outcome outcome = run(qf(), neurons, options, hooks);
      if (!stop_) error_ = "the run ended after " + std::to_string(outcome.steps_done) + " steps";
    } catch (const std::exception& error) {
      error_ = error.what();
    }
    ready_.release();
  }

  void progress(std::int64_t step) {
    const Times time = now();
    if (measuring_) {
      if (time.processor - start_.processor < seconds_ || step == first_) return;
      answer_ = {static_cast<double>(step - first_),
                 {time.wall - start_.wall, time.processor - start_.processor}};
      ready_.release();
    }
    go_.acquire();
    measuring_ = true;
    first_ = step;
    start_ = now();
  }

  std::binary_semaphore go_{0}, ready_{0};
  // Written by one side while the other waits for a semaphore.
  bool stop_ = false, measuring_ = false;
  double seconds_ = 0;
  std::int64_t first_ = 0;
  Times start_;
  Timing answer_;
  std::string error_;
  std::thread thread_;
};

Timing fit_rf(Index neurons, std::int64_t samples) {
  const Problem problem = qf();
  const Matrix W = first_layer_law(Regime::nn, problem).sample(neurons, 1, 0);
  lazygap::Answer outcome;
  Timing answer = repeated(0, [&] {
    outcome = fit::rf(problem, {.W = W}, {.samples = samples, .test_samples = 0});
    return 1;
  });
  answer.note = "R/R0 " + std::to_string(outcome.risk / null_risk(problem));
  return answer;
}

Timing ssyrk(Index neurons, double seconds) {
  constexpr Index kBlock = 2000;
  const MatrixOf<float> F = MatrixOf<float>::Random(neurons, kBlock);
  MatrixOf<float> G = MatrixOf<float>::Zero(neurons, neurons);
  const auto n = static_cast<blasint>(neurons);
  return repeated(seconds, [&] {
    cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, n, kBlock, 1, F.data(), n, 0, G.data(), n);
    return static_cast<double>(kBlock) * static_cast<double>(neurons) * static_cast<double>(neurons);
  });
}

class Server {
 public:
  Timing answer(const std::string& request) {
    std::istringstream words(request);
    std::string what, activation;
    Index neurons = 0;
    double amount = 0;
    words >> what;
    if (what == "NN" || what == "NT") words >> activation;
    if (what != "peak") words >> neurons;
    words >> amount;
    if (!words) throw std::runtime_error("cannot read the request");
    if (what == "peak") return repeated(amount, [] { return bench::multiply_adds(100000); });
    if (what == "ssyrk") return ssyrk(neurons, amount);
    if (what == "fit") return fit_rf(neurons, static_cast<std::int64_t>(amount));
    auto& run = runs_[{what, activation, neurons}];
    if (!run) run = std::make_unique<TrainingRun>(what, activation, neurons);
    return run->measure(amount);
  }

 private:
  std::map<std::tuple<std::string, std::string, Index>, std::unique_ptr<TrainingRun>> runs_;
};

}  // namespace

int main() {
  std::cout << "ready lazygap, " << instruction_set() << std::endl;
  std::cout.precision(9);
  Server server;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      const Timing answer = server.answer(line);
      std::cout << answer.amount << ' ' << answer.times.wall << ' ' << answer.times.processor << ' '
                << answer.note << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error " << error.what() << std::endl;
    }
  }
}
