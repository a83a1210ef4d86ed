#pragma once

#include "lazygap/core/matrix.h"
#include "lazygap/problem/polynomial_target.h"

namespace lazygap::reference {

/// Gradient descent on the population risk of f(x) = alpha x^T (W W^T - W_0 W_0^T) x + c from W = W_0, c at
/// its best value throughout: W <- W - (step / alpha^2) dR/dW, and so `steps` times.
struct Descent {
  Matrix W;         ///< d x N
  double risk = 0;  ///< with c at its best value
};
[[nodiscard]] Descent descend(const PolynomialTarget& problem, const Matrix& W_0, double alpha, double step,
                              int steps);

}  // namespace lazygap::reference
