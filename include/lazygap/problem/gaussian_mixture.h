#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap {

/// mg: y = +1 or -1 with probability 1/2, x | y=+1 ~ N(0, Sigma - Delta), x | y=-1 ~ N(0, Sigma + Delta),
/// both positive definite, in a common eigenbasis of Sigma and Delta.  [GMMM19, sec. 3]
class GaussianMixture {
 public:
  /// Sigma = I. `delta`: eigenvalues of Delta, d >= 1, |delta_i| < 1, not all zero.
  explicit GaussianMixture(Vector delta);
  /// 1e-8 <= sigma_i <= 1e8 (samples are fp32) and |delta_i| < sigma_i entrywise.
  GaussianMixture(Vector sigma, Vector delta);

  [[nodiscard]] Index dimension() const { return delta_.size(); }
  [[nodiscard]] const Vector& sigma() const { return sigma_; }
  [[nodiscard]] const Vector& delta() const { return delta_; }
  /// Eigenvalues of D = Sigma^{-1/2} Delta Sigma^{-1/2}.
  [[nodiscard]] const Vector& whitened_delta() const { return whitened_delta_; }
  /// Risk of the best constant, f = 0: R0 = 1.
  [[nodiscard]] double null_risk() const { return 1.0; }
  /// tau = tr(D)^2 / (d ||D||_F^2), in [0, 1].
  [[nodiscard]] double trace_ratio() const;
  /// Variances of x in class y = +1 (Sigma - Delta) and y = -1 (Sigma + Delta).
  [[nodiscard]] Vector class_covariance(int y) const;

  /// Sigma^{1/2} W: the neurons as they act on the whitened features Sigma^{-1/2} x. W is d x N.
  [[nodiscard]] Matrix whiten_neurons(const Matrix& W) const;

  /// Risk of f(x) = c + x^T S x, S symmetric d x d in the coordinates of the data:
  /// 1 + 2<S,Delta> + <S,Delta>^2 + 2 tr(S Sigma S Sigma) + 2 tr(S Delta S Delta) + (c + tr(S Sigma))^2.
  [[nodiscard]] double population_risk(const Matrix& S, double c) const;
  /// Gradient of population_risk with respect to S (d x d, symmetric) and c.
  [[nodiscard]] Matrix population_gradient(const Matrix& S, double c, double* gradient_c) const;

 private:
  Vector sigma_;
  Vector delta_;
  Vector whitened_delta_;
};

}  // namespace lazygap
