#pragma once

#include <functional>
#include <span>
#include <vector>

#include "lazygap/core/matrix.h"

namespace lazygap {

struct SemidefiniteSolution {
  Vector a;        ///< N entries, 0 for the features left out
  Index rank = 0;  ///< features used
};

/// Solves K a = v for K symmetric positive semidefinite, N x N, v in its range: a Cholesky factorisation, and
/// where K is singular or nearly so one with pivoting, which picks a largest independent subset of features.
/// A feature counts as dependent on others where these leave less than `tolerance` of its second moment K_ii
/// unexplained; the default is above the rounding error of a Gram matrix of a few thousand features in fp64
/// and so means that features closer than 1e-6 (relative) to the span of others are dropped.
///
/// `fill(K)` writes the lower triangle of K (the rest is not read). It is called again before a factorisation
/// with pivoting, so that one N x N matrix is all the memory.
[[nodiscard]] SemidefiniteSolution solve_semidefinite(const std::function<void(Matrix& K)>& fill,
                                                      const Vector& v, double tolerance = 1e-12);

/// The same for the leading N x N blocks of one matrix and the first N entries of v, for each N of `widths`
/// (increasing, at least one, from 1 to the size of v; UsageError otherwise): one solution for each. Blocks
/// that are safely regular share one factorisation, that of the largest of them; the others are factorised
/// one by one, with pivoting. `fill(K)` is given K of one of these sizes, for the leading block of that size.
[[nodiscard]] std::vector<SemidefiniteSolution> solve_semidefinite(const std::function<void(Matrix& K)>& fill,
                                                                   const Vector& v,
                                                                   std::span<const Index> widths,
                                                                   double tolerance = 1e-12);

}  // namespace lazygap
