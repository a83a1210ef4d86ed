#pragma once

#include "lazygap/core/control.h"
#include "lazygap/dynamics/options.h"
#include "lazygap/problem/polynomial_target.h"

/// What the recursions of NT and NN share.
namespace lazygap::dynamics {

/// Throws UsageError, in the name of `function`, unless every argument is what dynamics/nt.h and nn.h accept.
void check_arguments(const char* function, Regime regime, const PolynomialTarget& problem, const Matrix& W,
                     const Options& options);
void check_weights(const char* function, const Matrix& W);
void check_options(const char* function, Regime regime, const Options& options);

/// Runs a recursion from record to record. Recursion: risk() is the mean risk, step(step_size) takes a step.
template <class Recursion>
Curve run(Recursion& recursion, Regime regime, double null_risk, const Options& options,
          const Control& control) {
  /// As in training, but of the mean risk: an unstable step size multiplies it by a factor every step.
  constexpr double kExplosion = 1e4;
  constexpr std::int64_t kPollSteps = 16;
  const StepSizes sizes{options.schedule, regime, options.steps, options.step_size};
  const std::vector<std::int64_t> records = record_steps(options.steps, options.records);
  const double noise = options.label_noise * options.label_noise;
  const double bound = kExplosion * (std::max(recursion.risk(), null_risk) + noise);
  Curve curve;
  for (std::int64_t step = 0;; ++step) {
    const double risk = recursion.risk();
    curve.steps_done = step;
    if (!(risk <= bound)) {
      curve.status = Status::diverged;
      return curve;
    }
    if (step == records[curve.points.size()])
      curve.points.push_back({step, static_cast<double>(step * options.batch), risk});
    if (step == options.steps) break;
    if (step % kPollSteps == 0) {
      if (control.stop && control.stop()) return curve;
      if (control.progress) control.progress(static_cast<double>(step) / static_cast<double>(options.steps));
    }
    recursion.step(sizes.at(step));
  }
  if (control.progress) control.progress(1);
  curve.status = Status::ok;
  curve.risk = curve.points.back().risk;
  return curve;
}

}  // namespace lazygap::dynamics
