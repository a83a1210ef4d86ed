#pragma once

#include <cmath>

#include "network/neuron_functions.h"

/// Pairs of almost parallel neurons of a function with kinks. Their Hermite series converges slowly, like a
/// power of the degree. A quadrature in the plane of the two neurons takes its place.
namespace lazygap::network {

/// Pairs that are more correlated than this are close. At 0.98 the series has just converged at its last
/// degree, 2048.
constexpr double kClose = 0.98;
/// At most so many pairs are treated, since each takes milliseconds.
constexpr Index kMostClosePairs = 5000;

/// visit(i, j), i > j, for each pair with |r| > kClose that is not parallel.
template <class Visit>
void for_each_close_pair(const Matrix& directions, const Visit& visit) {
  for (Index j = 0; j < directions.cols(); ++j) {
    const Index rows = directions.cols() - j - 1;
    const Vector r = directions.rightCols(rows).transpose() * directions.col(j);
    for (Index k = 0; k < rows; ++k)
      if (std::abs(r[k]) > kClose && !parallel(r[k])) visit(j + 1 + k, j);
  }
}
/// Whether these are at most kMostClosePairs.
[[nodiscard]] bool few_close_pairs(const Matrix& directions);

/// E[phi_i phi_j n n^T] of a pair in its plane, as in PlaneMoments (tangent_moments.cpp): k = E[phi_i phi_j],
/// and the coefficients of w^_i w^_i^T, w^_i w^_j^T + w^_j w^_i^T and w^_j w^_j^T.
struct PairMoments {
  double k, c11, c12, c22;
  double error;  ///< what the quadrature misses of E phi_i^2 and E phi_j^2, and rounding: relative
};

/// With g = <w^_i,n>, <w^_j,n> = r g + e h, e = sqrt(1 - r^2), h ~ N(0,1) independent of g: a rule in h for
/// each node g of another, both with panels that end at the kinks; around those of phi_j the panels in g are
/// of the size of e, over which the mean over h smooths them.
[[nodiscard]] PairMoments close_pair_moments(const ScalarFunction& s, const Neurons& neurons, Index i,
                                             Index j);

}  // namespace lazygap::network
