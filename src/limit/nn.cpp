#include "lazygap/limit/nn.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "limit/check_quadratic.h"

namespace lazygap::limit {
namespace {

/// Squares of the entries, decreasing.
Vector sorted_squares(const Vector& values) {
  Vector squares = values.cwiseAbs2();
  std::sort(squares.data(), squares.data() + squares.size(), std::greater<>());
  return squares;
}

double ratio(const PolynomialTarget& problem, Index N) {
  const double least = problem.eigenvalues().minCoeff();
  if (least < 0)
    throw UsageError(fmt::format(
        "limit::nn_ratio: the least eigenvalue of B is {}, but Theorem 3 needs B positive semidefinite",
        least));
  const Vector squares = sorted_squares(problem.eigenvalues());
  return squares.tail(std::max<Index>(squares.size() - N, 0)).sum() / squares.sum();
}

double ratio(const GaussianMixture& problem, Index N) {
  const Vector squares = sorted_squares(problem.whitened_delta());
  return 2 / (2 + squares.head(std::min(squares.size(), N)).sum());
}

}  // namespace

double nn_ratio(const Problem& problem, Index N) {
  check_at_least("limit::nn_ratio", "N", N, 1);
  check_quadratic("limit::nn_ratio", problem);
  return std::visit([&](const auto& p) { return ratio(p, N); }, problem);
}

}  // namespace lazygap::limit
