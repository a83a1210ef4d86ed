#pragma once

#include "lazygap/problem/problem.h"

/// Moments of the random features sigma(u_i), u = W^T x, sigma(u) = u^2 - 1, entry by entry from the
/// covariance C of x in each class (C = I on qf): Cov(u_i, u_j) = w_i^T C w_j =: c_ij and, for jointly
/// Gaussian u,
///   E[sigma(u_i) sigma(u_j) | class] = 2 c_ij^2 + (c_ii - 1)(c_jj - 1),   E[sigma(u_i) | class] = c_ii - 1.
/// K has rank d(d+1)/2 + 1 at most: the quadratic forms and the constant.
namespace lazygap::reference {

/// K_ij = E[sigma(u_i) sigma(u_j)], N x N. W is d x N.
[[nodiscard]] Matrix rf_gram(const Problem& problem, const Matrix& W);
/// v_i = E[y sigma(u_i)], N entries; on qf 2 <w_i, B w_i> + (tr B + b0)(|w_i|^2 - 1).
[[nodiscard]] Vector rf_target(const Problem& problem, const Matrix& W);

}  // namespace lazygap::reference
