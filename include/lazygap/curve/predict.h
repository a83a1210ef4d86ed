#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "lazygap/curve/model.h"

namespace lazygap::curve {

/// n for infinitely many samples.
inline constexpr std::int64_t kInfinitelyMany = std::numeric_limits<std::int64_t>::max();

/// A regression: minimise (1/n) sum_j (y_j - f(x_j))^2 + ridge |a|^2, as fit::rf and fit::nt do.
struct Setting {
  std::int64_t samples = 0;  ///< n >= 1
  double ridge = 0;          ///< >= 0; 0: the solution of least norm
  double label_noise = 0;    ///< >= 0, standard deviation tau of N(0, .) added to the labels
};

enum class Equivalent {
  elliptic,  ///< ours: all features of a sample share a random factor
  gaussian   ///< features as if they were Gaussian vectors
};

/// What is predicted for one setting. Risks are in units of y, not divided by R0.
struct Prediction {
  double risk = std::numeric_limits<double>::quiet_NaN();  ///< E (f* - f)^2: label noise is not counted
  /// Standard error of `risk` from what the model was made of: fresh samples and random probes (jackknife).
  /// It does not measure how good the equivalent is. 0 where nothing is random.
  double risk_se = 0;
  double train = std::numeric_limits<double>::quiet_NaN();  ///< mean (y_j - f(x_j))^2 on the noisy samples
  /// train / (1 - df/n)^2, df the degrees of freedom (NT: with the offset); limit ridge -> 0 where n < D.
  double gcv = std::numeric_limits<double>::quiet_NaN();
  double degrees = 0;  ///< sum_k s_k / (s_k + kappa); NT: without the offset
  double kappa = 0;    ///< the ridge that an infinite number of samples would need for the same shrinkage
  std::string doubt;   ///< why the number may not be trusted; empty where it may
};

/// The equations, with tau^2 the variance of the label noise, A_k = theta s_k + ridge, and <.> the mean over
/// the pairs (xi, r^2) of the model:
///
///   m = (1/n) sum_k s_k / A_k,   theta = < xi/(1 + xi m) >,   D2 = (1/n) sum_k s_k^2 / A_k^2,
///   excess = [ ridge^2 sum_k c_k/A_k^2 + < (r^2 + tau^2) xi/(1 + xi m)^2 > D2 ]
///            / [ 1 - < xi^2/(1 + xi m)^2 > D2 ],
///   risk = R_inf + excess,   train = < (xi excess + r^2 + tau^2)/(1 + xi m)^2 >,
///   gcv = train / < 1/(1 + xi m) >^2,   kappa = ridge / theta.
///
/// The Gaussian equivalent is the case xi = 1, r^2 = R_inf [CM22; HMRT22; WHS22; SDKD23]. NT: the offset
/// takes one of the samples, n - 1 is in the place of n, n ridge/(n - 1) in that of the ridge, and the mean
/// of the residuals adds (risk + tau^2)/n. Where ridge = 0 and n = D the risk is infinite. The limits
/// ridge -> 0 and the derivation are in docs/theory/curve.md.
///
/// O(D + M) operations for each of some ten iterations, 10 times over where the error is estimated. Throws
/// UsageError for a setting out of range and for a model that is not finished.
[[nodiscard]] Prediction predict(const Model& model, const Setting& setting,
                                 Equivalent equivalent = Equivalent::elliptic);

struct BestRidge {
  double ridge = 0;
  Prediction prediction;
};

/// The ridge >= 0 of least predicted risk: a grid from 1e-8 times the mean eigenvalue to 1e4 times their sum,
/// refined to three digits, and 0. Where shrinking everything away is best (nothing of the target can be
/// learnt at this n) it is the largest of the grid. `setting.ridge` is not used. Errors: see predict.
[[nodiscard]] BestRidge best_ridge(const Model& model, const Setting& setting,
                                   Equivalent equivalent = Equivalent::elliptic);

}  // namespace lazygap::curve
