#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "lazygap/train/sgd.h"
#include "train/protocol.h"
#include "train/state.h"

/// What every training run does around its steps: records, hooks, divergence, the test risk.
namespace lazygap::train {

/// A batch loss this many times the risk of the start (or R0, if larger) means divergence: an unstable step
/// size multiplies the loss by a factor every step, a stable one never comes near.
constexpr double kExplosion = 1e4;
/// Steps between two looks at the hooks: at most a few tens of milliseconds.
constexpr std::int64_t kPollSteps = 32;

/// Everything on which the numbers of a run depend, so that a state is never resumed by another run.
[[nodiscard]] std::string fingerprint(Regime regime, const Problem& problem, Index neurons,
                                      const Options& options);

/// test_risk and test_se: mean and standard error of (y - f(x))^2 on fresh samples; `f` maps X (d x n) to the
/// n values, in the units of the problem.
void estimate_test_risk(const Problem& problem, const std::function<Vector(const Matrix&)>& f,
                        const Options& options, Outcome& outcome);

/// Means over a batch that every step needs, in fp64.
struct BatchMeans {
  double r = 0, r2 = 0, rq = 0;
};

/// Model: step(address, step_size) makes one SGD step and returns the loss of the batch before it; risk() is
/// the exact population risk, NaN where there is none; function() is f, see estimate_test_risk; finite(),
/// save(StateWriter&), load(StateReader&).
template <class Model>
class Run {
 public:
  Run(Regime regime, const Problem& problem, Index neurons, const Options& options, const Hooks& hooks,
      Model model)
      : regime_(regime),
        problem_(problem),
        options_(options),
        hooks_(hooks),
        fingerprint_(fingerprint(regime, problem, neurons, options)),
        model_(std::move(model)) {}

  Outcome operator()() {
    if (!hooks_.resume.empty()) load();
    const std::vector<std::int64_t> records = record_steps(options_);
    auto last_save = std::chrono::steady_clock::now();
    for (;; ++step_) {
      auto& trajectory = outcome_.trajectory;
      if (step_ == records[trajectory.size()]) {
        trajectory.push_back({step_, static_cast<double>(step_ * options_.batch), model_.risk()});
        if (trajectory.size() == records.size()) break;
      }
      if (step_ % kPollSteps == 0) {
        if (hooks_.progress) hooks_.progress(step_);
        const bool stop = hooks_.stop && hooks_.stop();
        const auto now = std::chrono::steady_clock::now();
        if (hooks_.save && (stop || now - last_save >= hooks_.save_every)) {
          save();
          last_save = now;
        }
        if (stop) return finished(Status::none);
      }
      const double loss = model_.step({.seed = options_.seed,
                                       .purpose = Purpose::training,
                                       .index = options_.draw,
                                       .step = static_cast<std::uint32_t>(step_)},
                                      scheduled_step_size(options_, regime_, step_));
      if (step_ == 0) {
        const double start = trajectory.front().risk;
        start_loss_ = std::isnan(start) ? loss : start + options_.label_noise * options_.label_noise;
      }
      if (!(loss <= kExplosion * std::max(start_loss_, null_risk(problem_))))
        return finished(Status::diverged);
    }
    if (!model_.finite()) return finished(Status::diverged);
    outcome_.risk = outcome_.trajectory.back().risk;
    estimate_test_risk(problem_, model_.function(), options_, outcome_);
    return finished(Status::ok);
  }

 private:
  Outcome finished(Status status) {
    outcome_.status = status;
    outcome_.steps_done = step_;
    return std::move(outcome_);
  }

  void save() const {
    StateWriter state;
    state.put(fingerprint_);
    state.put(step_);
    state.put(start_loss_);
    state.put(outcome_.trajectory.size());
    for (const Point& point : outcome_.trajectory) state.put(point);
    model_.save(state);
    hooks_.save(state.bytes());
  }

  void load() {
    StateReader state(hooks_.resume);
    std::string found;
    state.get(found);
    if (found != fingerprint_)
      throw UsageError(
          fmt::format("Hooks::resume: the saved state is '{}', but this run is '{}'", found, fingerprint_));
    state.get(step_);
    state.get(start_loss_);
    std::size_t points = 0;
    state.get(points);
    if (points == 0 || points >= record_steps(options_).size())
      throw UsageError(
          fmt::format("Hooks::resume: the saved state has {} points, which no state has", points));
    for (std::size_t i = 0; i < points; ++i) state.get(outcome_.trajectory.emplace_back());
    model_.load(state);
    if (!state.at_end()) throw UsageError("Hooks::resume: the saved state is too long");
  }

  Regime regime_;
  const Problem& problem_;
  const Options& options_;
  const Hooks& hooks_;
  std::string fingerprint_;
  Model model_;
  std::int64_t step_ = 0;
  double start_loss_ = 0;
  Outcome outcome_;
};

}  // namespace lazygap::train
