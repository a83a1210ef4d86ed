#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap::dynamics {

/// The second moments of the error form E = U^T (B - S) U of NT and of p = b0 - o under one-pass SGD, U the
/// eigenbasis of W W^T with eigenvalues l. In a step of size eps, Lambda_jk = form (l_j + l_k) and r the
/// residual of a sample,
///     E -= eps Lambda o mean(r x x^T),  p -= 2 eps mean(r),  r = <x, E x> + p + noise.
/// The mean risk needs E[E_jk^2] for j != k, and E[z z^T] for z = (E_11, ..., E_dd, p). These close on
/// themselves, since the Gaussian moments of degree 8 that occur have no other ones
/// (docs/theory/dynamics.md).
class NtMoments {
 public:
  /// `E`: d x d, symmetric, and `p` at the start; `l`: d entries, decreasing; `noise`: the variance of the
  /// noise of the labels.
  NtMoments(const Matrix& E, double p, const Vector& l, double form, Index batch, double noise);

  /// 2 E||E||_F^2 + E(tr E + p)^2.
  [[nodiscard]] double risk() const { return risk_; }
  void step(double eps);
  /// All moments times `factor`; for a recursion without noise.
  void scale(double factor);

 private:
  /// What column k of the moments contributes to the sums over rows.
  void add_sums(Index k, Vector& rows, Vector& sums) const;
  /// The sums and the risk, from the moments.
  void update_sums();

  Index d_, moving_;      // l_k = 0 from moving_ on: moments of two such indices never change
  Vector diagonal_rate_;  // Lambda_jj
  double batch_, noise_;
  Matrix q_;                              // below the diagonal: E[E_jk^2]
  Matrix S_;                              // lower triangle: E[E_jj E_kk]
  Vector with_p_;                         // E[E_jj p]
  double p2_;                             // E[p^2]
  Vector constant_rows_, constant_sums_;  // of the columns from moving_ on
  Vector rows_;                           // sum_k E[E_jk^2]
  Vector sums_;                           // E[E_jj u], u = tr E + p
  double p_sum_ = 0;                      // E[p u]
  double total_ = 0;                      // E[u^2]
  double risk_ = 0;
  Vector a_;  // E[r^2 x_j^2] = E[r^2] + a_j
};

}  // namespace lazygap::dynamics
