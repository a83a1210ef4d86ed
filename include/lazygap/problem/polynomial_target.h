#pragma once

#include <optional>
#include <string_view>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// x ~ N(0, I_d), y = f*(x) = mean + sum_i sum_k beta_ki He_k(x_i), k = 1..5, He_k the probabilists' Hermite
/// polynomials.
///
/// qf, the quadratic function of [GMMM19, eq. (8)], f*(x) = b0 + <x, B x> in the eigenbasis of B, is the case
/// of degree 2 alone: beta_2 = eigenvalues of B, mean = b0 + tr B. What a network with quadratic activation
/// can see of f* is this part; the rest, rest_risk(), stays unexplained.
class PolynomialTarget {
 public:
  static constexpr Index kMostDegree = 5;

  /// qf, centred: b0 = -tr B. `eigenvalues` of B: d >= 1, finite, 1e-12 <= ||B||_F <= 1e12 (training is
  /// fp32).
  explicit PolynomialTarget(Vector eigenvalues);
  PolynomialTarget(Vector eigenvalues, double offset);
  /// Centred, any degrees: column k-1 of `beta` (d x K, 1 <= K <= 5) has the d coefficients of He_k. Finite,
  /// 1e-12 <= ||beta||_F <= 1e12.
  [[nodiscard]] static PolynomialTarget from_hermite(const Matrix& beta);

  [[nodiscard]] Index dimension() const { return beta_.rows(); }
  /// d x 5: column k-1 has the coefficients of He_k.
  [[nodiscard]] const Matrix& beta() const { return beta_; }
  /// The coefficients of He_k, 1 <= k <= 5.
  [[nodiscard]] auto coefficients(Index k) const { return beta_.col(k - 1); }
  /// Largest k with a coefficient other than 0.
  [[nodiscard]] Index degree() const;
  /// Whether f* is a quadratic function: no part of degree 1, 3, 4 or 5.
  [[nodiscard]] bool is_quadratic() const { return rest_risk_ == 0; }
  /// Eigenvalues of B, the coefficients of He_2; 0 where there is no such part.
  [[nodiscard]] const Vector& eigenvalues() const { return eigenvalues_; }
  /// b0.
  [[nodiscard]] double offset() const { return offset_; }
  /// E f*(x) = b0 + tr B.
  [[nodiscard]] double mean() const { return offset_ + trace(); }
  [[nodiscard]] double trace() const { return eigenvalues_.sum(); }
  /// ||B||_F^2.
  [[nodiscard]] double squared_norm() const { return eigenvalues_.squaredNorm(); }
  /// Risk of the best constant: R0 = sum_k k! |beta_k|^2; qf: 2 ||B||_F^2.
  [[nodiscard]] double null_risk() const { return 2.0 * squared_norm() + rest_risk_; }
  /// sum_{k != 2} k! |beta_k|^2; 0 on qf.
  [[nodiscard]] double rest_risk() const { return rest_risk_; }
  /// tau = tr(B)^2 / (d ||B||_F^2), in [0, 1]; NaN where B = 0.
  [[nodiscard]] double trace_ratio() const;

  /// Risk of f(x) = c + x^T S x, S symmetric d x d: 2 ||B - S||_F^2 + (tr(B - S) + b0 - c)^2 + rest_risk().
  [[nodiscard]] double population_risk(const Matrix& S, double c) const;
  /// Gradient of population_risk: dR/dS = -4 (B - S) - 2 u I (d x d), dR/dc = -2 u, u = tr(B - S) + b0 - c.
  [[nodiscard]] Matrix population_gradient(const Matrix& S, double c, double* gradient_c) const;

 private:
  PolynomialTarget(const Matrix& beta, std::string_view argument);
  Matrix beta_;
  Vector eigenvalues_;
  double offset_ = 0;
  double rest_risk_ = 0;
};

/// f*(x) = b0 + <x, B x> for any symmetric B, in the coordinates basis^T x, where B is diagonal. x ~ N(0, I)
/// is the same in these as in those of the data, so that only a Gamma given in the coordinates of the data
/// needs to follow: basis^T Gamma basis.
struct Diagonalised {
  PolynomialTarget target;
  Matrix basis;  ///< d x d; columns: eigenvectors of B, their entry of largest modulus positive
};

/// `B`: d x d, d >= 1, symmetric to 1e-12 of its largest entry (the mean with its transpose is used);
/// eigenvalues within 1e-12 of 0, relative to the largest modulus, are 0. Centred without `offset`, which is
/// b0. Eigenvalues are increasing; a diagonal B keeps its order, and basis = I. Throws UsageError as the
/// constructor of PolynomialTarget does.
[[nodiscard]] Diagonalised diagonalise(const Matrix& B, std::optional<double> offset = std::nullopt);

}  // namespace lazygap
