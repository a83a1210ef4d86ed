#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap {

/// qf: x ~ N(0, I_d), y = f*(x) = b0 + <x, B x>, in the eigenbasis of B.  [GMMM19, eq. (8)]
class QuadraticFunction {
 public:
  /// Centred: b0 = -tr B. `eigenvalues` of B: d >= 1, finite, 1e-12 <= ||B||_F <= 1e12 (training is fp32).
  explicit QuadraticFunction(Vector eigenvalues);
  QuadraticFunction(Vector eigenvalues, double offset);

  [[nodiscard]] Index dimension() const { return eigenvalues_.size(); }
  [[nodiscard]] const Vector& eigenvalues() const { return eigenvalues_; }
  [[nodiscard]] double offset() const { return offset_; }
  [[nodiscard]] double trace() const { return eigenvalues_.sum(); }
  [[nodiscard]] double squared_norm() const { return eigenvalues_.squaredNorm(); }
  /// Risk of the best constant: R0 = 2 ||B||_F^2.
  [[nodiscard]] double null_risk() const { return 2.0 * squared_norm(); }
  /// tau = tr(B)^2 / (d ||B||_F^2), in [0, 1].
  [[nodiscard]] double trace_ratio() const;

  /// Risk of f(x) = c + x^T S x, S symmetric d x d: 2 ||B - S||_F^2 + (tr(B - S) + b0 - c)^2.
  [[nodiscard]] double population_risk(const Matrix& S, double c) const;
  /// Gradient of population_risk: dR/dS = -4 (B - S) - 2 u I (d x d), dR/dc = -2 u, u = tr(B - S) + b0 - c.
  [[nodiscard]] Matrix population_gradient(const Matrix& S, double c, double* gradient_c) const;

 private:
  Vector eigenvalues_;
  double offset_;
};

}  // namespace lazygap
