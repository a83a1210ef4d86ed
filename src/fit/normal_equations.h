#pragma once

#include <string>

#include "lazygap/core/matrix.h"
#include "lazygap/core/status.h"

namespace lazygap::fit {

/// Why a fit has failed where its features are not finite.
constexpr auto kOverflow = "the features overflow; the neurons are too long";

struct NormalSolution {
  Status status = Status::none;  ///< ok or failed
  std::string message;           ///< of a failure
  Index rank = 0;                ///< eigenvalues of G above the noise; all where it is regular
};

/// Solves (G + ridge I) a = b in place of b: G symmetric positive semidefinite given by its lower triangle
/// and overwritten, b in its range. `noise`: rounding error of G in the spectral norm over its largest
/// eigenvalue. Where G + ridge I is singular at that level, eigenvalues below it are left out: the solution
/// of least norm.
[[nodiscard]] NormalSolution solve_normal_equations(Matrix& G, double ridge, double noise, Vector& b);

}  // namespace lazygap::fit
