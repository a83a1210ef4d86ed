#pragma once

#include "lazygap/core/answer.h"
#include "lazygap/core/control.h"
#include "lazygap/network/network.h"
#include "lazygap/problem/problem.h"

namespace lazygap::exact {

/// NT: the minimum over c and A of E (y - c - sum_i sigma'(<w_i,x> + b_i) <a_i,x>)^2, any activation with a
/// derivative, and first-layer biases.
///
/// Where sigma'(u) is proportional to u and there are no biases (the quadratic activation), the class is
/// x^T S x + c, S symmetric with P S P = 0, where P projects on the complement of span(w_1, ..., w_N):
///
///   qf:  R = 2 ||P B P||_F^2 + rest_risk().   [GMMM19, Thm 2, before the mean over W]
///   mg:  R = 2 / (2 + Q), Q = <D, A^{-1} Pi D>, A(S) = Pi(S + D S D), all in whitened coordinates: P
///        projects on the complement of span(Sigma^{1/2} W), Pi(X) = X - P X P. Conjugate gradients on A,
///        whose spectrum lies in [1 - max|delta|^2, 1 + max|delta|^2]. (As d grows D S D becomes negligible:
///        [GMMM19, Thm 5].)
///
/// Where W has rank d the answer is direct: rest_risk() on qf, 2 / (2 + sum_i delta_i^2 / (1 + delta_i^2)) on
/// mg. Repeated and vanishing columns of W are allowed.
///
/// Otherwise R = Var y - h^T G^+ h, by conjugate gradients on the (N d) x (N d) matrix G, which is never
/// formed: with s = sigma' and x ~ N(0, I),
///
///   E[s(u_i) s(u_j) x x^T] = k I + c11 w_i w_i^T + c12 (w_i w_j^T + w_j w_i^T) + c22 w_j w_j^T,
///   k = E[s s], c11 = E[s'' s], c12 = E[s' s'], c22 = E[s s'']  (i != j, Stein's lemma),
///
/// less the product of the means, which the offset c takes up. On mg the mean over the classes, each with its
/// covariance. The coefficients are Hermite series as in rf, cut below rounding (Diagnostics::kernel_error).
/// f* may have any degree up to 5:
///
///   h_i = sum_k [ k beta_k o w^^(k-1) E[He_{k-1}(g) s] + w^_i (sum_j beta_kj w^_j^k) E[He_{k+1}(g) s] ].
///
/// Stops at a relative residual of 1e-8, where the error of the risk is about the square of that times the
/// condition number of G. Where 5000 iterations do not get there, G is nearly singular: up to N d = 2000 its
/// eigenvalues are taken then, beyond that the answer is Status::not_converged; either way `risk` is, up to
/// rounding, not below the minimum. Where the moments are not known to 1e-2 (Diagnostics::kernel_error)
/// there is no answer: risk is NaN and the status not_converged.
///
/// Throws UsageError unless W is d x N, N >= 1, and everything finite. Time O(N^2 d) an iteration, some 20 to
/// 50 of them; memory five N x N matrices (nine on mg) and a few d x N ones. With several threads in BLAS the
/// products use them.
[[nodiscard]] Answer nt(const Problem& problem, const Network& network, const Control& control = {});

/// Mean over W of the risk of nt with the quadratic activation, W with isotropic columns (any
/// rotation-invariant law with a density), N >= 1: with m = max(d - N, 0), b = m (d - m) / (d (d - 1)(d +
/// 2)), a = m / d - (d + 1) b,
///
///   E R = 2 [ (a + b) ||B||_F^2 + b tr(B)^2 ] + rest_risk(),
///
/// the first part of which is 0 for N >= d. Tends to Theorem 2 of [GMMM19].
[[nodiscard]] double nt_mean(const PolynomialTarget& problem, Index N);

}  // namespace lazygap::exact
