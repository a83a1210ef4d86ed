#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap {

/// mg: y = +1 or -1 with probability 1/2, x | y=+1 ~ N(0, Sigma - Delta), x | y=-1 ~ N(0, Sigma + Delta),
/// both positive definite.  [GMMM19, sec. 3]
///
/// Whitened coordinates: x = M z with z | y ~ N(0, I -+ diag(whitened_delta())), M M^T = Sigma and
/// M diag(whitened_delta()) M^T = Delta. Where both matrices are diagonal, M = Sigma^{1/2}; otherwise
/// M = Sigma^{1/2} V, V the eigenvectors of D = Sigma^{-1/2} Delta Sigma^{-1/2}. Samples, neurons and S are
/// always in the coordinates of the data, x.
class GaussianMixture {
 public:
  /// Sigma = I. `delta`: the diagonal of Delta, d >= 1, |delta_i| < 1, not all zero.
  explicit GaussianMixture(Vector delta);
  /// Diagonal matrices. 1e-8 <= sigma_i <= 1e8 (samples are fp32) and |delta_i| < sigma_i entrywise.
  GaussianMixture(Vector sigma, Vector delta);
  /// Any matrices: d x d, d >= 1, symmetric to 1e-12 of their largest entry (the means with the transposes
  /// are used), Delta != 0. The eigenvalues of Sigma from 1e-8 to 1e8, the largest at most 1e12 times the
  /// smallest; those of D in (-1, 1) by 1e-12 at least; those within 1e-12 max_j |D_j| of 0 are 0. Two
  /// diagonal matrices give exactly the problem of the constructor above.
  [[nodiscard]] static GaussianMixture from_matrices(const Matrix& sigma, const Matrix& delta);

  [[nodiscard]] Index dimension() const { return whitened_delta_.size(); }
  /// Whether Sigma and Delta are diagonal.
  [[nodiscard]] bool is_diagonal() const { return mixing_.size() == 0; }
  /// Diagonals of Sigma and Delta where is_diagonal(); UsageError otherwise.
  [[nodiscard]] const Vector& sigma() const;
  [[nodiscard]] const Vector& delta() const;
  /// Sigma and Delta, d x d.
  [[nodiscard]] Matrix sigma_matrix() const;
  [[nodiscard]] Matrix delta_matrix() const;
  /// Whether Sigma = I (where it is not diagonal: to 1e-12).
  [[nodiscard]] bool sigma_is_identity() const;
  /// Eigenvalues of D = Sigma^{-1/2} Delta Sigma^{-1/2}: in the order of the features where is_diagonal(),
  /// otherwise increasing.
  [[nodiscard]] const Vector& whitened_delta() const { return whitened_delta_; }
  /// M, d x d; empty where is_diagonal().
  [[nodiscard]] const Matrix& mixing() const { return mixing_; }
  /// The same rounded to fp32, for samples in fp32.
  [[nodiscard]] const MatrixOf<float>& mixing_fp32() const { return mixing_fp32_; }
  /// Risk of the best constant, f = 0: R0 = 1.
  [[nodiscard]] double null_risk() const { return 1.0; }
  /// tau = tr(D)^2 / (d ||D||_F^2), in [0, 1].
  [[nodiscard]] double trace_ratio() const;
  /// Covariance of x in class y = +1 (Sigma - Delta) and y = -1 (Sigma + Delta), d x d.
  [[nodiscard]] Matrix class_covariance(int y) const;

  /// M^T W: the neurons as they act on the whitened features, <w, x> = <M^T w, z>. W is d x N.
  [[nodiscard]] Matrix whiten_neurons(const Matrix& W) const;
  /// Sigma W and Delta W, d x N.
  [[nodiscard]] Matrix sigma_times(const Matrix& W) const;
  [[nodiscard]] Matrix delta_times(const Matrix& W) const;

  /// Risk of f(x) = c + x^T S x, S symmetric d x d in the coordinates of the data:
  /// 1 + 2<S,Delta> + <S,Delta>^2 + 2 tr(S Sigma S Sigma) + 2 tr(S Delta S Delta) + (c + tr(S Sigma))^2.
  [[nodiscard]] double population_risk(const Matrix& S, double c) const;
  /// Gradient of population_risk with respect to S (d x d, symmetric) and c.
  [[nodiscard]] Matrix population_gradient(const Matrix& S, double c, double* gradient_c) const;

 private:
  GaussianMixture() = default;
  Vector sigma_, delta_;                         // diagonal
  Matrix sigma_matrix_, delta_matrix_, mixing_;  // not diagonal
  MatrixOf<float> mixing_fp32_;
  Vector whitened_delta_;
};

}  // namespace lazygap
