#pragma once

#include <span>
#include <vector>

#include "lazygap/core/answer.h"
#include "lazygap/core/control.h"
#include "lazygap/network/network.h"
#include "lazygap/problem/problem.h"

/// The route `exact`: the smallest population risk within a regime at finite N and d, for infinitely many
/// samples and a given W. No samples, no noise: one linear problem.
namespace lazygap::exact {

/// RF: the minimum over a of E (y - sum_i a_i phi(<w_i,x> + b_i))^2, any activation, first-layer biases, phi
/// centred or not (see Network),
///
///   R = E y^2 - v^T K^{-1} v,   K_ij = E[phi_i phi_j],   v_i = E[y phi_i].
///
/// Where phi is a multiple of u^2 - 1 without biases (the centred quadratic activation), in closed form, with
/// u = W^T x:
///
///   qf, g_ij = <w_i,w_j>:   K_ij = 2 g_ij^2 + (g_ii - 1)(g_jj - 1),
///                           v_i = 2 w_i^T B w_i + (b0 + tr B)(g_ii - 1);
///   the parts of f* of other degrees stay unexplained (rest_risk);
///   mg, g_ij = w_i^T Sigma w_j, h_ij = w_i^T Delta w_j:
///                           K_ij = 2 g_ij^2 + 2 h_ij^2 + (g_ii - 1)(g_jj - 1) + h_ii h_jj,   v_i = -h_ii.
///
/// The risk is then that of the network found, in the closed form of the problem, a sum of squares: it does
/// not suffer from the cancellation in E y^2 - v^T K^{-1} v and is never negative.
///
/// Otherwise, with phi_i(g) = phi(s_i g + b_i), s_i = |C^{1/2} w_i|, C the covariance of x, r_ij the
/// correlations of the preactivations and c_ik = E[phi_i(G) He_k(G)] / sqrt(k!):
///
///   K_ij = sum_k c_ik c_jk r_ij^k  (i != j),   K_ii = E phi_i(G)^2,
///   f*:  v_i = E f* c_i0 + sum_k sqrt(k!) c_ik sum_j beta_kj w^_ij^k,   w^_i = w_i / s_i;
///   mg:  K is the mean over the classes, v_i = half the difference of c_i0 between y = +1 and y = -1.
///
/// The series is cut where the rest is below rounding (Diagnostics::kernel_error bounds it); coefficients
/// come from a quadrature that respects the kinks of sigma. Without biases, all pairs of up to 512 neurons,
/// and those with |r_ij| > 0.9 of more, take Activation::kernel where there is one. The risk is then known to
/// about 1e-13 E y^2 and so possibly negative by as much where the network can represent y.
///
/// K is singular where features depend on one another (repeated neurons, N > d(d+1)/2); a largest independent
/// subset of them spans the same functions and is used then (Diagnostics::rank says how many; see
/// solve_semidefinite for the tolerance).
///
/// Throws UsageError unless W is d x N, N >= 1, and everything finite; columns of W may vanish (a constant
/// feature). Time O(N^2 (d + degree of the series) + N^3), the degree about 30 at d = 450; memory one N x N
/// matrix.
[[nodiscard]] Answer rf(const Problem& problem, const Network& network, const Control& control = {});

/// The same for nested networks: one answer for each N of `widths`, of the first N columns of W and entries
/// of the biases. Widths where K is regular share one Gram matrix and one factorisation, so that all of them
/// cost little more than the widest; the others are solved one by one. The series is made for all columns of
/// W: its degree, kernel_error and the rule for pairs in closed form follow their number, so that a risk
/// depends on the company of its width, by about 1e-14 E y^2 (not for the quadratic activation). Throws
/// UsageError unless `widths` are increasing, from 1 to the number of columns of W, at least one.
[[nodiscard]] std::vector<Answer> rf(const Problem& problem, const Network& network,
                                     std::span<const Index> widths, const Control& control = {});

}  // namespace lazygap::exact
