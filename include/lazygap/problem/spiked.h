#pragma once

#include "lazygap/problem/polynomial_target.h"

namespace lazygap {

/// Spiked covariates [GMMM20]: x ~ N(0, Sigma), Sigma = diag(r^2 on the first d_s coordinates, 1 on the
/// rest), and f* depends on the first d_s, the signal, only. RF and NT have neurons that are isotropic in x,
/// w ~ N(0, I / tr Sigma), so that E <w, x>^2 = 1.
///
/// In whitened coordinates x = Sigma^{1/2} z, z ~ N(0, I), this is qf with Gamma = Sigma / tr Sigma: <w, x> =
/// <Sigma^{1/2} w, z>. Everything that takes a PolynomialTarget and a FirstLayerLaw applies to target() and
/// FirstLayerLaw::diagonal(target, gamma()) as it is.
class SpikedCovariates {
 public:
  /// d >= 1 coordinates, 1 <= `signals` (d_s) <= d of them signal; 1e-4 <= r <= 1e4. Throws UsageError
  /// otherwise.
  SpikedCovariates(Index d, Index signals, double r);

  [[nodiscard]] Index dimension() const { return d_; }
  [[nodiscard]] Index signals() const { return signals_; }
  [[nodiscard]] double r() const { return r_; }
  /// The diagonal of Sigma.
  [[nodiscard]] Vector covariance() const;
  /// The diagonal of Gamma = Sigma / tr Sigma: the covariance of the neurons in whitened coordinates.
  [[nodiscard]] Vector gamma() const;
  /// d_eff = tr Sigma / (largest eigenvalue of Sigma); d_s + (d - d_s) / r^2 for r >= 1. RF and kernels learn
  /// the quadratic part of f* once N (or n) is well beyond d_eff^2; NN needs no r.
  [[nodiscard]] double effective_dimension() const;
  /// f* = sum_i b_i (z_i^2 - 1) over the signal, z = Sigma^{-1/2} x: B in whitened coordinates has the
  /// eigenvalues b_i, then zeros. `b`: d_s entries. (A target sum_i b_i (x_i^2 - r^2) in the coordinates of
  /// the data is r^2 times this, with the same R / R0.) Throws UsageError as PolynomialTarget does.
  [[nodiscard]] PolynomialTarget target(const Vector& b) const;

 private:
  Index d_, signals_;
  double r_;
};

}  // namespace lazygap
