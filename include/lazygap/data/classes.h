#pragma once

#include "lazygap/core/matrix.h"
#include "lazygap/data/estimate.h"

namespace lazygap::data {

/// Two classes as Gaussians, x | y = +-1 ~ N(mu +- delta, I -+ D) once (C_+ + C_-)/2 is whitened to I: all
/// that the limits of RF, NT and NN on mg with means need.
struct ClassStatistics {
  Index samples_plus = 0, samples_minus = 0, dimension = 0;
  Estimate squared_mean;   ///< |delta|^2
  Estimate squared_norm;   ///< ||D||_F^2
  Estimate trace;          ///< tr D
  Estimate squared_trace;  ///< (tr D)^2
};

/// With m_c and C_c the mean and the covariance (divisor n_c - 1) of each class, and the unbiased
///
///   T_c = (n_c-1)^2 / ((n_c-2)(n_c+1)) [ tr C_c^2 - (tr C_c)^2 / (n_c-1) ]   of tr (E C_c)^2, Gaussian
///   classes
///
/// (Li and Chen have one for any law [LC12]),
///
///   |delta|^2 = [ |m_+ - m_-|^2 - tr C_+ / n_+ - tr C_- / n_- ] / 4
///   ||D||_F^2 = [ T_+ + T_- - 2 <C_+, C_-> ] / 4
///   tr D      = (tr C_- - tr C_+) / 2
///   (tr D)^2  = the square of that less its variance, (T_+ / (n_+ - 1) + T_- / (n_- - 1)) / 2.
///
/// That is for features that are whitened already. Whitening::samples whitens with the pooled covariance of
/// the same samples; |delta|^2 is unbiased where D = 0, ||D||_F^2 and (tr D)^2 are pair statistics that leave
/// out both samples as in regression_statistics, tr D is divided by 1 - d/(n-2): all three unbiased to first
/// order in D, and a few per cent off where eigenvalues of D are near 0.3 and n < 10 d, or where classes of
/// such D are of different sizes.
///
/// `X`: d x n; `y`: n labels, +1 or -1, at least 20 of each; both finite. Throws UsageError otherwise.
/// Standard errors by the jackknife. given: O(n d^2), 20 times; samples: also O(n^2 d).
[[nodiscard]] ClassStatistics class_statistics(const Matrix& X, const Vector& y,
                                               Whitening whitening = Whitening::samples);

}  // namespace lazygap::data
