#pragma once

#include <limits>

#include "lazygap/core/matrix.h"
#include "lazygap/core/status.h"

/// The route `exact`: the smallest population risk within a regime at finite N and d, for infinitely many
/// samples and a given W. No samples, no noise: one linear problem.
namespace lazygap::exact {

/// A default-constructed Risk is visibly empty.
struct Risk {
  double risk = std::numeric_limits<double>::quiet_NaN();  ///< not divided by R0
  /// ok, or not_converged: `risk` is then an upper bound of the minimum, or NaN where the moments of the
  /// features are not known well enough (kernel_error)
  Status status = Status::none;
  Index rank = 0;       ///< RF: independent features used; NT: dimension of span(W); NN: fitted eigenvalues
  int iterations = 0;   ///< of conjugate gradients; 0 where the solution is direct
  double residual = 0;  ///< relative residual of the linear system; 0 where the solution is direct
  /// Bound on the truncation error of the Hermite series behind the kernel, relative to its diagonal; 0 where
  /// the kernel is in closed form. At rounding level unless two neurons are almost parallel and the
  /// activation has kinks.
  double kernel_error = 0;
};

}  // namespace lazygap::exact
