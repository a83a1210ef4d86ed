#pragma once

#include "lazygap/core/answer.h"
#include "lazygap/problem/problem.h"

/// RF with the features as vectors instead of their Gram matrix K, whose condition number is the square of
/// theirs.
namespace lazygap::exact {

/// The answer of rf for features <w_i,z>^2 - 1, `whitened` = (w_1 ... w_N) in whitened coordinates. In a
/// component of the law of z, with z = C^{1/2} n, u = C^{1/2} w, n ~ N(0, I), the feature of w is
///
///   (|u|^2 - 1) 1 + sum_j sqrt(2) u_j^2 He_2(n_j)/sqrt(2) + sum_{j<k} 2 u_j u_k n_j n_k,
///
/// d(d+1)/2 + 1 coordinates in an orthonormal basis; on mg those of both classes, with weight 1/2. y has
/// coordinates likewise, up to what is orthogonal to all features, and the risk is the squared distance of y
/// from the span. It comes from Householder's QR factorisation with pivoting of the unit vectors. A vector
/// counts as dependent where less than rounding is left of it. Diagnostics::rank is the number of independent
/// vectors.
[[nodiscard]] Answer rf_by_features(const Problem& problem, const Matrix& whitened);

/// Operations of that, for N neurons.
[[nodiscard]] double feature_operations(const Problem& problem, Index N);

/// Up to this many it takes less than a second.
constexpr double kFeatureOperations = 1e9;

}  // namespace lazygap::exact
