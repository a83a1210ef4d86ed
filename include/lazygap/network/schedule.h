#pragma once

#include <cstdint>
#include <vector>

#include "lazygap/network/regime.h"

namespace lazygap {

/// Step size along a run of T steps:
///   constant         the paper's text
///   tail_drop        the companion code's: 1/10 in the last 30k/200k and 1/15 in the last 15k/200k of the
///                    steps for NN, 20k/200k and 10k/200k for NT
///   quadratic_decay  step_size [0.01 + 0.99 (1 - t/T)^2] in step t = 0, 1, ..., T - 1
enum class Schedule { constant, tail_drop, quadratic_decay };

/// A run's step sizes. `regime` is nn or nt, `steps` > 0.
struct StepSizes {
  Schedule schedule = Schedule::tail_drop;
  Regime regime = Regime::nn;
  std::int64_t steps = 1;
  double step_size = 0.01;

  /// That of step number `step`, 0 <= step < steps.
  [[nodiscard]] double at(std::int64_t step) const;
  /// The sum of the first `step` of them: the time of the gradient flow.
  [[nodiscard]] double time_after(std::int64_t step) const;
  /// Where the end of the run begins, in which the step size falls so that the noise can settle: the first
  /// drop of tail_drop; the last half of quadratic_decay; constant: never, `steps`.
  [[nodiscard]] std::int64_t end_begins() const;
};

/// The recorded steps of a run, increasing, from 0 to `steps`: spaced quadratically, so that both the first
/// few steps and a linear axis are covered. At most `records` of them, at least 2.
[[nodiscard]] std::vector<std::int64_t> record_steps(std::int64_t steps, std::int64_t records);

}  // namespace lazygap
