#pragma once

#include "curve/fresh_samples.h"
#include "network/tangent_moments.h"

/// The ways to the model of NT. Each fills everything of `model` but features, neurons and kernel_error, and
/// returns false where `control` says to stop.
namespace lazygap::curve {

/// Quadratic activation on a polynomial target.
[[nodiscard]] bool nt_in_closed_form(const PolynomialTarget& target, const Matrix& W, const Options& options,
                                     const Control& control, Model& model);

/// What the two other ways are given.
struct TangentProblem {
  const Problem& problem;
  const Matrix& W;
  const Vector& biases;
  const Options& options;
  const TangentMoments& moments;

  /// sigma'(<w_i,x> + b_i), N x b.
  [[nodiscard]] Matrix gates(const Matrix& X) const;
};
[[nodiscard]] bool nt_dense(const TangentProblem& problem, const Control& control, Model& model);
[[nodiscard]] bool nt_matrix_free(const TangentProblem& problem, const Control& control, Model& model);

/// Steps of Lanczos for the powers of the target, and for each probe of a trace.
constexpr Index kPowerSteps = 150, kProbeSteps = 60;

}  // namespace lazygap::curve
