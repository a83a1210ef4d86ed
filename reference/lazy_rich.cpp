#include "reference/lazy_rich.h"

namespace lazygap::reference {

Descent descend(const PolynomialTarget& problem, const Matrix& W_0, double alpha, double step, int steps) {
  const Matrix M_0 = W_0 * W_0.transpose();
  Matrix W = W_0, S(W_0.rows(), W_0.rows());
  double slope_c = 0;
  // The best offset: E f = E y.
  const auto best_c = [&] { return problem.mean() - S.trace(); };
  for (int i = 0; i < steps; ++i) {
    S = alpha * (W * W.transpose() - M_0);
    W -= (2 * step / alpha) * problem.population_gradient(S, best_c(), &slope_c) * W;
  }
  S = alpha * (W * W.transpose() - M_0);
  return {.W = W, .risk = problem.population_risk(S, best_c())};
}

}  // namespace lazygap::reference
