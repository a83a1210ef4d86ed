#pragma once

#include <span>

#include "lazygap/core/control.h"
#include "lazygap/dynamics/options.h"
#include "lazygap/problem/polynomial_target.h"

/// One-pass SGD of NT with quadratic activation on qf, without samples: the mean of its risk over the
/// batches, given W, exactly. The moments that it needs close on themselves (docs/theory/dynamics.md); a step
/// takes O(d min(N, d)) operations. train::run_nt follows it with its own samples.
///
/// Errors: UsageError where the target has parts of degree 1, 3, 4 or 5, where W does not have d rows, has no
/// columns or is not finite, or where an option is outside its range.
namespace lazygap::dynamics {

/// The mean risk at the recorded steps. `W`: d x N, frozen.
[[nodiscard]] Curve nt(const PolynomialTarget& problem, const Matrix& W, const Options& options,
                       const Control& control = {});

/// The largest constant step size at which the mean risk does not grow for ever, to 0.5 %: the spectral
/// radius of the recursion is 1. It depends neither on the target nor on the noise of the labels. NaN where
/// Control::stop asked for an end.
[[nodiscard]] double nt_largest_stable_step_size(const Matrix& W, Index batch,
                                                 Parameterisation parameterisation,
                                                 const Control& control = {});

/// A step size and the mean risk with which it ends.
struct StepSizeChoice {
  double step_size = std::numeric_limits<double>::quiet_NaN();  ///< NaN: all diverge, or stopped
  double risk = std::numeric_limits<double>::quiet_NaN();
};

/// The best of `grid` (at least one, positive); options.step_size is not used.
[[nodiscard]] StepSizeChoice nt_best_step_size(const PolynomialTarget& problem, const Matrix& W,
                                               const Options& options, std::span<const double> grid,
                                               const Control& control = {});

/// The best of all below the largest stable one: a minimum in log(step size), found to about 2 % by Brent's
/// method with some ten curves.
[[nodiscard]] StepSizeChoice nt_best_step_size(const PolynomialTarget& problem, const Matrix& W,
                                               const Options& options, const Control& control = {});

}  // namespace lazygap::dynamics
