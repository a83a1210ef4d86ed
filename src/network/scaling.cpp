#include "network/scaling.h"

#include <cmath>

namespace lazygap {

Scaling scaling(Parameterisation parameterisation, double alpha, const Problem& problem, Index neurons) {
  // With loss r^2: dL/dtheta = -2 E[r df/dtheta]; for sigma(u) = u^2 dL/dW = -4 kappa a E[r x x^T] W, dL/da =
  // -2 kappa E[r q]; NT: dL/dA = -4 kappa E[r x x^T] W and S = kappa (W A^T + A W^T). Each is multiplied by
  // what the parameterisation says.
  if (parameterisation == Parameterisation::unit)
    return {.label = 1, .kappa = 1, .neurons = 2, .weights = 4, .shared = 2, .form = 4};
  const double N = static_cast<double>(neurons);
  const double label = std::holds_alternative<PolynomialTarget>(problem)
                           ? 1 / std::sqrt(static_cast<double>(dimension(problem)))
                           : 1.0;
  return {.label = label,
          .kappa = alpha / N,
          .neurons = 2 / alpha,
          .weights = 4 / alpha,
          .shared = 2 / (alpha * N),
          .form = 4 / N};
}

}  // namespace lazygap
