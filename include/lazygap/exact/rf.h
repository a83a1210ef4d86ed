#pragma once

#include <span>
#include <vector>

#include "lazygap/activation/activation.h"
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
/// the parts of f* of other degrees stay unexplained (rest_risk);
/// mg, g_ij = w_i^T Sigma w_j, h_ij = w_i^T Delta w_j:
///                         K_ij = 2 g_ij^2 + 2 h_ij^2 + (g_ii - 1)(g_jj - 1) + h_ii h_jj,   v_i = -h_ii.
///
/// K is singular where features depend on one another (repeated neurons, N > d(d+1)/2); a largest independent
/// subset of them spans the same functions and is used then (Risk::rank says how many; see solve_semidefinite
/// for the tolerance). The risk returned is that of the network found, in the closed form of the problem, a
/// sum of squares: it does not suffer from the cancellation in R0 - v^T K^{-1} v and is never negative.
///
/// `W`: d x N, N >= 1, finite, from any law; columns may vanish (a constant feature). Throws UsageError
/// otherwise. Time O(N^2 d + N^3), memory one N x N matrix.
[[nodiscard]] Risk rf(const Problem& problem, const Matrix& W);

/// The same for nested networks: one risk for each N of `widths`, of the first N columns of W. Widths where K
/// is regular share one Gram matrix and one factorisation, so that all of them cost little more than the
/// widest; the others are solved one by one. Throws UsageError unless `widths` are increasing, from 1 to the
/// number of columns of W, at least one.
[[nodiscard]] std::vector<Risk> rf(const Problem& problem, const Matrix& W, std::span<const Index> widths);

/// RF with any activation, centred (sigma - lambda_0, the default) or not, and first-layer biases: the
/// minimum over a of E (y - sum_i a_i sigma(<w_i,x> + b_i))^2. With phi_i(g) = sigma(s_i g + b_i), s_i =
/// |C^{1/2} w_i|, C the covariance of x, r_ij the correlations of the preactivations and c_ik = E[phi_i(G)
/// He_k(G)] / sqrt(k!):
///
///   K_ij = sum_k c_ik c_jk r_ij^k  (i != j),   K_ii = E phi_i(G)^2,
///   f*:  v_i = E f* c_i0 + sum_k sqrt(k!) c_ik sum_j beta_kj w^_ij^k,   w^_i = w_i / s_i;
///   mg:  K is the mean over the classes, v_i = half the difference of c_i0 between y = +1 and y = -1.
///
/// The series is cut where the rest is below rounding (Risk::kernel_error bounds it); coefficients come from
/// a quadrature that respects the kinks of sigma. Without biases, all pairs of up to 512 neurons,
/// and those with |r_ij| > 0.9 of more, take Activation::kernel where there is one. R = E y^2 - v^T K^{-1} v,
/// known to about 1e-13 E y^2 and so possibly negative by as much where the network can represent y (for the
/// quadratic activation use the function above).
///
/// `W`: d x N, N >= 1, finite. `biases`: N, or empty for none. Throws UsageError otherwise.
/// Time O(N^2 (d + K) + N^3), K the degree of the series (about 30 at d = 450); memory one N x N matrix.
[[nodiscard]] Risk rf(const Problem& problem, const Activation& activation, const Matrix& W,
                      const Vector& biases = {}, bool centred = true);

/// The same for nested networks, as above: width N has the first N columns of W and entries of `biases`.
/// The series is made for all columns of W and serves all widths; kernel_error is theirs together. Its degree
/// and the rule for pairs in closed form follow the number of columns of W, so that a risk depends on the
/// company of its width, by about 1e-14 E y^2.
[[nodiscard]] std::vector<Risk> rf(const Problem& problem, const Activation& activation, const Matrix& W,
                                   std::span<const Index> widths, const Vector& biases = {},
                                   bool centred = true);

}  // namespace lazygap::exact
