#pragma once

#include "lazygap/problem/problem.h"

/// Second moments of the random features sigma(<w_i, x>) with the centred quadratic activation
/// sigma(u) = u^2 - 1, in closed form for a given W (d x N, coordinates of the data).
///
/// With G = W^T Sigma W (Sigma = I on qf), g = diag(G), and on mg H = W^T Delta W, h = diag(H):
///   K_ij = E[sigma(u_i) sigma(u_j)] = 2 G_ij^2 + (g_i - 1)(g_j - 1)                            (qf)
///                                   = 2 G_ij^2 + 2 H_ij^2 + (g_i - 1)(g_j - 1) + h_i h_j       (mg)
///   v_i  = E[y sigma(u_i)]          = 2 <w_i, B w_i> + (tr B + b0)(g_i - 1)                    (qf)
///                                   = -h_i                                                     (mg)
/// so that the risk of f(x) = sum_i a_i sigma(<w_i, x>) is E[y^2] - 2 a^T v + a^T K a. E[y^2] is the null
/// risk where y is centred (mg, and qf with b0 = -tr B). K has rank d(d+1)/2 + 1 at most (quadratic forms and
/// the constant): it is singular for larger N and for repeated neurons.
namespace lazygap {

/// K, N x N, both triangles. Throws UsageError where W does not have d rows or no column.
[[nodiscard]] Matrix rf_gram(const Problem& problem, const Matrix& W);
/// v, N entries. Same errors.
[[nodiscard]] Vector rf_target(const Problem& problem, const Matrix& W);

}  // namespace lazygap
