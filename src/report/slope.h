#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lazygap::report {

/// A straight line through (log x, log y), weighted by the errors of y.
struct Slope {
  double value = 0;  ///< exponent p of y ~ x^p
  double se = 0;
};

/// One point of the fit: y > 0 with its standard error.
struct SlopePoint {
  double x = 0, y = 0, se = 0;
};

/// The exponent by weighted least squares, se / y being the error of log y. Points whose y is less than two
/// standard errors from 0 say nothing about its logarithm and are left out. Empty for fewer than three
/// points.
[[nodiscard]] std::optional<Slope> fitted_slope(const std::vector<SlopePoint>& points);

}  // namespace lazygap::report
