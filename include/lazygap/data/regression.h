#pragma once

#include "lazygap/core/matrix.h"
#include "lazygap/data/estimate.h"

namespace lazygap::data {

/// The parts of y = const + <beta, x> + (<x, B x> - tr B) + rest, x ~ N(0, I) after whitening, by
/// U-statistics. Three numbers decide what RF and NT with isotropic neurons can learn, and n >> d samples
/// suffice for them, not n >> d^2.
struct RegressionStatistics {
  Index samples = 0, dimension = 0;                            ///< n, d
  double variance = std::numeric_limits<double>::quiet_NaN();  ///< of y, unbiased
  Estimate linear;                                             ///< |beta|^2, the power of the linear part
  Estimate quadratic;      ///< 2 ||B||_F^2, the power of the quadratic part
  Estimate squared_trace;  ///< (tr B)^2
  Estimate rest;  ///< Var y - |beta|^2 - 2 ||B||_F^2: degrees from 3 on and noise, which acts as noise
};

/// With G_ij = <x_i, x_j>, s_i = G_ii, y centred, means over pairs i != j,
///
///   |beta|^2    = mean y_i y_j G_ij
///   4 ||B||_F^2 = mean y_i y_j (G_ij^2 - s_i - s_j + d)
///   4 (tr B)^2  = mean y_i y_j (s_i - d)(s_j - d),
///
/// each less its mean over permutations of y, so that it is unbiased where y does not depend on x, whatever
/// the law of x. Whitening::samples takes for G_ij = <x_i - m, S^{-1} (x_j - m)> the mean and the scatter
/// matrix of all samples but i and j: both are then independent of the pair, and the moments of an inverse
/// Wishart matrix turn the three means into |beta|^2, ||B||_F^2 and (tr B)^2 without bias for Gaussian x
/// (docs/theory/surrogate.md). Nothing changes then where X is replaced by A X + b. Standard errors by the
/// delete-one jackknife, less what it counts twice.
///
/// `X`: d x n, `y`: n, both finite; y not constant. n >= 20; Whitening::samples also needs n > 1.1 d + 8 and
/// a covariance of full rank. Throws UsageError otherwise. O(n^2 d) operations, O(n d) memory.
[[nodiscard]] RegressionStatistics regression_statistics(const Matrix& X, const Vector& y,
                                                         Whitening whitening = Whitening::samples);

/// What the limits of RF and NT(I) take: the power of each part, none negative, their sum Var y.
struct Powers {
  double linear = 0;     ///< |beta|^2
  double traceless = 0;  ///< 2 ||B||_F^2 - 2 (tr B)^2 / d
  double radial = 0;     ///< 2 (tr B)^2 / d, the part along |x|^2
  double noise = 0;      ///< the rest
};
/// The statistics clipped to what is possible: 0 <= radial <= 2 ||B||_F^2, and linear + quadratic <= Var y
/// (where they are more, both are scaled down).
[[nodiscard]] Powers clipped_powers(const RegressionStatistics& statistics);

/// The mean of G_ij^4 over i != j, divided by its value for x ~ N(0, I), 3 d^2 + 6 d (samples: times (1 -
/// d/n)^2): 1 where the features look Gaussian, more with heavy tails. Where it is far from 1, the statistics
/// above are projections on features that are not orthonormal; rank-transform the columns first, or trust
/// leave-one-out errors of fitted models instead. The first `most` samples are used, O(most^2 d), 20 times.
/// Throws UsageError as regression_statistics, and for most < 40.
[[nodiscard]] Estimate gaussianity(const Matrix& X, Whitening whitening = Whitening::samples,
                                   Index most = 4000);

}  // namespace lazygap::data
