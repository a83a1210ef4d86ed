#pragma once

#include <functional>

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/problem/problem.h"

/// The exact risks of RF and NT by least squares on a grid: every mean is a sum over a tensor grid of
/// trapezoids, in d = 1, 2 or 3 dimensions. The trapezoidal rule on smooth decaying functions converges
/// faster than any power of its step, so that this is exact to about 1e-10 for smooth activations; with kinks
/// only to about the square of the step.
namespace lazygap::reference {

/// E (y - f(x))^2.
[[nodiscard]] double risk_by_quadrature(const Problem& problem,
                                        const std::function<double(const Vector& x)>& f);
/// Features sigma(<w_i,x> + b_i) - lambda_0.
[[nodiscard]] double rf_risk_by_quadrature(const Problem& problem, const Activation& activation,
                                           const Matrix& W, const Vector& biases);
/// Features sigma'(<w_i,x> + b_i) x_k and a constant.
[[nodiscard]] double nt_risk_by_quadrature(const Problem& problem, const Activation& activation,
                                           const Matrix& W, const Vector& biases);

}  // namespace lazygap::reference
