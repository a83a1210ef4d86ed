#include "lazygap/fit/nt.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "fit/nt_systems.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "network/tangent_moments.h"

namespace lazygap::fit {
namespace {

constexpr auto kFunction = "fit::nt";

/// Bytes of the smaller of the two matrices with what its solution takes at worst (eigenvectors), and of the
/// features it is made from.
double system_bytes(double d, double N, double n) {
  const double size = std::min(n, N * d);
  const double features = n <= N * d ? n * (d + N) : static_cast<double>(kFeatureColumns) * N * d;
  return 8 * (3 * size * size + features);
}

bool fits_memory(Index d, Index N, const Options& options) {
  return system_bytes(static_cast<double>(d), static_cast<double>(N), static_cast<double>(options.samples)) <=
         options.memory_bytes;
}

enum class Way { kernel, moments, conjugate_gradients };

Way way_of(Index d, Index N, const Options& options) {
  if (!fits_memory(d, N, options)) return Way::conjugate_gradients;
  return options.samples <= N * d ? Way::kernel : Way::moments;
}

std::vector<double> population_risks(const Problem& problem, const Network& network,
                                     const std::vector<const NtSolution*>& solutions, const Stage& stage) {
  std::vector<double> risks;
  // sigma'(u) = 2 a_2 u: f(x) = x^T a_2 (W A^T + A W^T) x + c, whose risk is a sum of squares.
  if (const auto square = as_square(network)) {
    for (const NtSolution* solution : solutions) {
      stage.heard();
      const Matrix half = square->square * network.W * solution->A.transpose();
      risks.push_back(lazygap::population_risk(problem, half + half.transpose(), solution->c));
    }
    return risks;
  }
  const TangentMoments moments(problem, network.activation, network.W, network.biases, stage.part(0, 0.5));
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    const Stage own = stage.part(0.5, 1).share(static_cast<Index>(i), static_cast<Index>(solutions.size()));
    risks.push_back(moments.error() > kSeriesAccuracy ? std::numeric_limits<double>::quiet_NaN()
                                                      : moments.risk(solutions[i]->A, solutions[i]->c, own));
  }
  return risks;
}

/// The fits of one problem and network.
class Family {
 public:
  Family(const Problem& problem, const Network& network, std::span<const Setting> settings,
         const Options& options)
      : problem_(problem), network_(network), options_(options) {
    for (const Setting& setting : settings) most_ = std::max(most_, setting.samples);
    for (std::size_t i = 0; i < settings.size(); ++i)
      places_[settings[i].samples][settings[i].ridge].push_back(i);
    solutions_.resize(settings.size());
  }

  std::vector<Fit> fits(const Stage& stage) {
    solve(stage.part(0, 0.9));
    std::vector<Answer> answers;
    std::vector<const NtSolution*> found;
    for (const NtSolution& solution : solutions_) {
      answers.push_back(
          {.status = solution.status,
           .message = solution.message,
           .diagnostics = {
               .rank = solution.rank, .iterations = solution.iterations, .residual = solution.residual}});
      if (solution.status != Status::failed) found.push_back(&solution);
    }
    if (!found.empty()) {
      const std::vector<double> risks = population_risks(problem_, network_, found, stage.part(0.9, 0.95));
      for (std::size_t i = 0, k = 0; i < answers.size(); ++i)
        if (answers[i].status != Status::failed) answers[i].risk = risks[k++];
      add_test_risks(answers, stage.part(0.95, 1));
    }
    std::vector<Fit> fits;
    for (std::size_t i = 0; i < answers.size(); ++i)
      fits.push_back({.answer = std::move(answers[i]), .quality = solutions_[i].quality});
    return fits;
  }

 private:
  [[nodiscard]] Options with(std::int64_t samples, double ridge = 0) const {
    Options options = options_;
    options.samples = samples;
    options.ridge = ridge;
    return options;
  }

  void keep(std::int64_t samples, double ridge, const NtSolution& solution) {
    for (const std::size_t i : places_[samples][ridge]) solutions_[i] = solution;
  }

  void solve(const Stage& stage) {
    std::vector<NtRidges> by_moments;
    const Index d = network_.W.rows(), N = network_.W.cols();
    Index done = 0;
    for (const auto& [samples, places] : places_) {
      NtRidges wanted{.samples = samples, .ridges = {}};
      for (const auto& entry : places) wanted.ridges.push_back(entry.first);
      const Way way = way_of(d, N, with(samples));
      const Stage own = stage.share(done, static_cast<Index>(places_.size()));
      if (way == Way::moments) {
        by_moments.push_back(std::move(wanted));
        continue;
      }
      ++done;
      solve_one(way, wanted, own);
    }
    if (by_moments.empty()) return;
    const Options options = with(by_moments.back().samples);
    SampleBlocks<double> samples(problem_, options);
    Gates gates(network_, samples.block());
    const double begin = static_cast<double>(done) / static_cast<double>(places_.size());
    const auto found = solve_by_moments(samples, gates, by_moments, stage.part(begin, 1));
    for (std::size_t k = 0; k < by_moments.size(); ++k)
      for (std::size_t r = 0; r < found[k].size(); ++r)
        keep(by_moments[k].samples, by_moments[k].ridges[r], found[k][r]);
  }

  void solve_one(Way way, const NtRidges& wanted, const Stage& stage) {
    if (way == Way::kernel) {
      const Options options = with(wanted.samples);
      SampleBlocks<double> samples(problem_, options);
      Gates gates(network_, samples.block());
      const auto found = solve_by_kernel(samples, gates, wanted.ridges, stage);
      for (std::size_t r = 0; r < found.size(); ++r) keep(wanted.samples, wanted.ridges[r], found[r]);
      return;
    }
    for (std::size_t r = 0; r < wanted.ridges.size(); ++r) {
      const Options options = with(wanted.samples, wanted.ridges[r]);
      SampleBlocks<double> samples(problem_, options);
      Gates gates(network_, samples.block());
      keep(wanted.samples, wanted.ridges[r],
           solve_by_conjugate_gradients(
               samples, gates, stage.share(static_cast<Index>(r), static_cast<Index>(wanted.ridges.size()))));
    }
  }

  void add_test_risks(std::vector<Answer>& answers, const Stage& stage) const {
    const Options options = with(most_);
    SampleBlocks<double> samples(problem_, options);
    Gates gates(network_, samples.block());
    const auto predict = [&](const auto& X) {
      const auto S = gates(X);
      Matrix predictions = Matrix::Zero(X.cols(), static_cast<Index>(solutions_.size()));
      for (Index k = 0; k < predictions.cols(); ++k) {
        const NtSolution& solution = solutions_[static_cast<std::size_t>(k)];
        if (solution.status == Status::failed) continue;
        const Matrix products = solution.A.transpose() * X;
        predictions.col(k) = products.cwiseProduct(S).colwise().sum().transpose().array() + solution.c;
      }
      return predictions;
    };
    estimate_risks(samples, predict, answers, stage);
  }

  const Problem& problem_;
  const Network& network_;
  const Options& options_;
  std::map<std::int64_t, std::map<double, std::vector<std::size_t>>> places_;  // of n and ridge
  std::vector<NtSolution> solutions_;                                          // of the settings
  std::int64_t most_ = 0;
};

}  // namespace

Answer nt(const Problem& problem, const Network& network, const Options& options, const Control& control) {
  const Setting setting{.samples = options.samples, .ridge = options.ridge};
  return std::move(nt(problem, network, std::span(&setting, 1), options, control).front().answer);
}

std::vector<Fit> nt(const Problem& problem, const Network& network, std::span<const Setting> settings,
                    const Options& options, const Control& control) {
  check_settings(kFunction, problem, network, settings, options);
  check_nonnegative(kFunction, "memory_bytes", options.memory_bytes);
  check_positive(kFunction, "tolerance", options.tolerance);
  check_at_least(kFunction, "max_iterations", options.max_iterations, 1);
  if (!network.activation.derivative)
    throw UsageError(fmt::format("{}: activation '{}' has no derivative, but NT needs one", kFunction,
                                 network.activation.name));
  for (const Setting& setting : settings)
    if (setting.neurons != 0 && setting.neurons != network.W.cols())
      throw UsageError(fmt::format("{}: neurons is {}, but must be {} or 0: the ridge is one for all of them",
                                   kFunction, setting.neurons, network.W.cols()));
  return fits_unless_stopped(control, settings.size(), [&](const Stage& stage) {
    return Family(problem, network, settings, options).fits(stage);
  });
}

NtCost nt_cost(Index d, Index N, const Options& options) {
  check_at_least("fit::nt_cost", "d", d, 1);
  check_at_least("fit::nt_cost", "N", N, 1);
  const auto n = static_cast<double>(options.samples), dd = static_cast<double>(d),
             NN = static_cast<double>(N);
  constexpr double kIterations = 100;
  constexpr double kGate = 20;     // operations of sigma'
  constexpr double kNormal = 20;   // and of a normal
  constexpr double kSeries = 100;  // and of an entry of the moments of the population
  const double a_pass = n * (2 * NN * dd + kGate * NN + kNormal * dd);
  const double products = 4 * n * NN * dd;
  NtCost cost{.operations = 2 * a_pass + products + NN * NN * (6 * dd + kSeries) +
                            static_cast<double>(options.test_samples) * 4 * NN * dd,
              .bytes = 8 * (6 * NN * NN + 6 * NN * dd +
                            static_cast<double>(std::min<std::int64_t>(options.block, options.samples)) *
                                (2 * NN + dd))};
  const double size = std::min(n, NN * dd);
  if (!fits_memory(d, N, options)) {
    cost.operations += kIterations * (a_pass + products);
  } else {
    cost.bytes += system_bytes(dd, NN, n);
    cost.operations += size * size * size / 3 + size * size * (n <= NN * dd ? dd + NN : n);
  }
  return cost;
}

}  // namespace lazygap::fit
