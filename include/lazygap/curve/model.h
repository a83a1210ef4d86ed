#pragma once

#include <limits>
#include <string>
#include <vector>

#include "lazygap/core/matrix.h"
#include "lazygap/core/status.h"

/// The route `curve`: the risk of ridge regression on n samples, predicted from the second moments of the
/// features without drawing a training set; see docs/theory/curve.md.
namespace lazygap::curve {

/// Eigenvalues as weighted points: sum_k g(s_k) = sum_j counts_j g(values_j).
struct Density {
  Vector values;  ///< > 0
  Vector counts;  ///< > 0; 1 each where the eigenvalues are known
};

/// Which features a model is of; the regions where it may not be trusted depend on it.
enum class Features {
  rf,            ///< sigma(<w_i,x> + b_i)
  nt_quadratic,  ///< <w_i,x> x
  nt             ///< sigma'(<w_i,x> + b_i) x, any other activation or with biases
};

/// All that the predicted risk at any (n, ridge, label noise) depends on, for one W. K is the matrix of
/// second moments of the features (RF) or their covariance (NT, whose offset is free), s_k > 0 its
/// eigenvalues, U_k its eigenvectors, v = E[y phi] (RF) or Cov(y, phi) (NT).
///
/// Made by curve::rf and curve::nt. Default-constructed: visibly empty.
struct Model {
  Features features = Features::rf;
  Index neurons = 0;
  /// The s_k. One entry where they are known; otherwise one for each random probe of the trace: the mean over
  /// the entries is the estimate, their spread its standard error.
  std::vector<Density> densities;
  /// Powers c_k = (U_k^T v)^2 / s_k of the target: sum_k c_k g(s_k) = sum_j powers_j g(power_values_j).
  Vector power_values;
  Vector powers;
  /// R_inf, the risk with infinitely many samples: E y^2 (NT: Var y) less the sum of the powers.
  double residual_risk = std::numeric_limits<double>::quiet_NaN();
  /// M fresh samples: leverage xi = phi^T K^+ phi / D, divided by its mean, and squared residual of the best
  /// network, scaled to the mean R_inf (0 where R_inf is 0 to rounding).
  Vector leverage;
  Vector squared_residuals;
  double kernel_error = 0;       ///< relative error of K from cutting a series, see Diagnostics::kernel_error
  Status status = Status::none;  ///< none: stopped; not_converged: NT without matrices, see `message`
  std::string message;           ///< how it was made

  /// D, the number of independent features: the mean over the densities of the sum of their counts.
  [[nodiscard]] double rank() const;
  /// Standard deviation of the leverage, 0 where there is none.
  [[nodiscard]] double leverage_spread() const;
};

}  // namespace lazygap::curve
