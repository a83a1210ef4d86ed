#pragma once

#include <utility>
#include <vector>

#include "data/samples.h"

namespace lazygap::data {

/// U-statistics over pairs of samples i != j with weights w_i, sum_i w_i = 0: the means of
///
///   linear     w_i w_j g_ij
///   quadratic  w_i w_j (g_ij^2 - k (g_ii + g_jj) + k c)
///   radial     w_i w_j (g_ii - c)(g_jj - c),
///
/// each less its mean over permutations of w (w_i w_j -> -sum w^2 / (n (n-1))). c is the mean of g_ii, k the
/// mean of g_ij^2 over that of g_ii: they have no say in the mean, but take the fluctuations of single
/// samples away that only centring would cancel.
///
/// given: g_ij = <x_i, x_j>. samples: g_ij = <x_i - m, S^{-1} (x_j - m')> with the scatter matrix S and the
/// means m, m' of all samples *but i and j*, so that S^{-1} is independent of the pair: for Gaussian x the
/// means of these statistics follow from the moments of an inverse Wishart matrix, without bias. They come
/// from the hat matrix H of all samples by a 2 x 2 downdate, H_ij (I - H_ij)^{-1}. `group`: the class of each
/// sample, which has a mean of its own; S sums over the classes.
struct PairStatistics {
  Vector mean{Vector::Zero(3)};  ///< linear, quadratic, radial
  Matrix without;                ///< n x 3: the same without sample i, for the jackknife
  Matrix of_pairs;  ///< 3 x 3: 2 sum t t^T / (n (n-1))^2 over the pairs' terms t, the variance of independent
                    ///< pairs
};
/// X is d x n. O(n^2 d) operations, O(n (d + block)) memory. Throws UsageError in the name of `function`
/// where the covariance is singular, or is so without some pair of samples.
[[nodiscard]] PairStatistics pair_statistics(const char* function, const Matrix& X, const Vector& weights,
                                             const std::vector<int>& group, Whitening whitening);

/// From pair statistics to moments of the population.
struct PairMoments {
  Whitening whitening;
  double d = 0;
  double nu = 0;  ///< degrees of freedom of S

  /// (c1, c2) with E[S^{-1} A S^{-1}] = c1 A + c2 (A^T + tr(A) I), S ~ Wishart(nu, I).
  [[nodiscard]] std::pair<double, double> inverse_wishart() const;
  /// For A = E[w x x^T] and beta = E[w x] in whitened coordinates: |beta|^2, ||A||_F^2, (tr A)^2.
  [[nodiscard]] Vector solve(const Vector& statistics) const;
};

/// Degrees of freedom of the scatter matrix of n samples less two, in `groups` classes.
[[nodiscard]] PairMoments pair_moments(Index d, Index n, int groups, Whitening whitening);

/// Standard errors of values that depend on the statistics as map * mean + const (map: values x 3), `without`
/// their values without each sample. The delete-one jackknife counts the part of the variance that belongs to
/// pairs, not to single samples, twice; once of it is taken off.
[[nodiscard]] Vector pair_errors(const PairStatistics& pairs, const Matrix& map, const Matrix& without);

}  // namespace lazygap::data
