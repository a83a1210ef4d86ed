#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/core/matrix.h"
#include "lazygap/core/status.h"

namespace lazygap {

/// A mean over samples.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double se = std::numeric_limits<double>::quiet_NaN();  ///< its standard error
};

/// The risk on the way to an answer.
struct CurvePoint {
  std::int64_t step = 0;
  double samples = 0;  ///< seen up to this step
  double risk = std::numeric_limits<double>::quiet_NaN();
};

/// How an answer was found. Each field is 0 where it means nothing.
struct Diagnostics {
  /// exact: RF the independent features used, quadratic NT the dimension of span(W), NN the fitted
  /// eigenvalues; fit: the independent features among the samples, 0 where conjugate gradients leave it open
  Index rank = 0;
  int iterations = 0;   ///< of conjugate gradients; 0 where the solution is direct
  double residual = 0;  ///< relative residual of the linear system; 0 where the solution is direct
  /// Bound on the error of the second moments of the features, relative to their diagonal; 0 where they are
  /// in closed form. It is at rounding level unless neurons are almost parallel and the activation has kinks.
  double kernel_error = 0;
};

/// What a route says about one network. Risks are in units of y^2, not divided by R0. A default-constructed
/// answer is visibly empty, and is what a computation gives that Control::stop has ended.
struct Answer {
  double risk = std::numeric_limits<double>::quiet_NaN();  ///< E (y - f(x))^2; NaN where it is not known
  std::optional<Estimate> test = {};                       ///< mean squared error on fresh samples
  /// not_converged: `risk` is that of the network found so far, or NaN; failed: there is no network
  Status status = Status::none;
  std::string message = {};            ///< what is worth knowing; mostly empty
  std::vector<CurvePoint> curve = {};  ///< of a route that moves
  Diagnostics diagnostics = {};
};

}  // namespace lazygap
