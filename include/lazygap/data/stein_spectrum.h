#pragma once

#include "lazygap/core/matrix.h"
#include "lazygap/data/estimate.h"

namespace lazygap::data {

/// Eigenvalues of B as samples show them: those of the Stein matrix
///
///   B^ = (1 / 2n) sum_j (y_j - mean y) x_j x_j^T = B + noise,
///
/// whose noise is close to a semicircle of radius r = sigma_y sqrt(d / n). An eigenvalue |b| > r/2 of B shows
/// as an outlier at b + (r/2)^2 / b, beyond r; the others do not show, and only ||B||_F^2 and tr B can be had
/// of them (regression_statistics).
struct SteinSpectrum {
  Vector eigenvalues;  ///< of B^, d, by decreasing modulus
  Matrix directions;  ///< d x d, columns: their eigenvectors, in the coordinates of the features, whitened by
                      ///< the symmetric root of their covariance
  double radius = std::numeric_limits<double>::quiet_NaN();  ///< r
  Index visible =
      0;            ///< outliers, beyond 1.05 r: the tails of y x x^T put one or two eigenvalues just above r
  Vector debiased;  ///< `visible` of them: (b^ + sign sqrt(b^^2 - r^2)) / 2
};

/// `X`: d x n, `y`: n, n >= 20; throws UsageError as regression_statistics does. O(n d^2 + d^3). Up to n of
/// about 20 d expect one or two false outliers.
[[nodiscard]] SteinSpectrum stein_spectrum(const Matrix& X, const Vector& y,
                                           Whitening whitening = Whitening::samples);

}  // namespace lazygap::data
