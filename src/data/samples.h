#pragma once

#include "lazygap/core/matrix.h"
#include "lazygap/data/estimate.h"

/// What the statistics of own data share.
namespace lazygap::data {

/// Least number of samples (of each class): a standard error from fewer means little.
constexpr Index kLeastSamples = 20;

/// Throws UsageError in the name of `function` unless X is d x n with d >= 1, n >= kLeastSamples, finite,
/// and, to be whitened with the same samples, n > 1.1 d + 8 (two left out, two means, the moments of an
/// inverse Wishart matrix).
void check_features(const char* function, const Matrix& X, Whitening whitening);
/// The same for X with labels y, n of them, finite and not constant.
void check_samples(const char* function, const Matrix& X, const Vector& y, Whitening whitening);

/// L^{-1} X for the Cholesky factor L of the covariance: any root serves, the statistics do not see
/// rotations. Throws UsageError in the name of `function` where the covariance is singular to 1e-12 of its
/// diagonal.
[[nodiscard]] Matrix divide_by_root(const char* function, const Matrix& covariance, const Matrix& X);

/// X itself (given), or Sigma^{-1/2} (X - mean) with the symmetric root of the covariance, divisor n
/// (samples).
[[nodiscard]] Matrix whitened(const char* function, const Matrix& X, Whitening whitening);

/// Groups of the delete-a-group jackknife: sample i is in group i mod kGroups.
constexpr Index kGroups = 20;

/// The columns of X that are not in group g.
[[nodiscard]] Matrix without_group(const Matrix& X, Index g);

/// sqrt((n-1)/n sum (v_i - mean v)^2) of each column of `without`, n rows, row i the values without part i of
/// n: standard errors by the jackknife.
[[nodiscard]] Vector jackknife_errors(const Matrix& without);

/// The same over groups: `values(g)` are those without group g.
template <class Values>
Vector group_errors(const Values& values) {
  Matrix without;
  for (Index g = 0; g < kGroups; ++g) {
    const Vector v = values(g);
    if (g == 0) without.resize(kGroups, v.size());
    without.row(g) = v.transpose();
  }
  return jackknife_errors(without);
}

}  // namespace lazygap::data
