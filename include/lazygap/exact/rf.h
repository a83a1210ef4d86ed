#pragma once

#include "lazygap/exact/risk.h"
#include "lazygap/problem/problem.h"

namespace lazygap::exact {

/// RF, centred quadratic activation sigma(u) = u^2 - 1: the minimum over a of E (y - sum_i a_i
/// sigma(<w_i,x>))^2,
///
///   R = E y^2 - v^T K^{-1} v,   K_ij = E[sigma(u_i) sigma(u_j)],   v_i = E[y sigma(u_i)],   u = W^T x.
///
/// qf, g_ij = <w_i,w_j>:   K_ij = 2 g_ij^2 + (g_ii - 1)(g_jj - 1),
///                         v_i = 2 w_i^T B w_i + (b0 + tr B)(g_ii - 1);
/// mg, g_ij = w_i^T Sigma w_j, h_ij = w_i^T Delta w_j:
///                         K_ij = 2 g_ij^2 + 2 h_ij^2 + (g_ii - 1)(g_jj - 1) + h_ii h_jj,   v_i = -h_ii.
///
/// K is singular where features depend on one another (repeated neurons, N > d(d+1)/2); a largest independent
/// subset of them spans the same functions and is used then (Risk::rank says how many; see solve_semidefinite
/// for the tolerance). The risk returned is that of the network found, in the closed form of the problem, a
/// sum of squares: it does not suffer from the cancellation in R0 - v^T K^{-1} v.
///
/// `W`: d x N, N >= 1, finite, from any law; columns may vanish (a constant feature). Throws UsageError
/// otherwise. Time O(N^2 d + N^3), memory one N x N matrix.
[[nodiscard]] Risk rf(const Problem& problem, const Matrix& W);

}  // namespace lazygap::exact
