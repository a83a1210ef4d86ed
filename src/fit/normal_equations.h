#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/stage.h"
#include "lazygap/core/matrix.h"
#include "lazygap/core/status.h"

namespace lazygap::fit {

/// Why a fit has failed where its features are not finite.
constexpr auto kOverflow = "the features overflow; the neurons are too long";

struct NormalSolution {
  Status status = Status::none;  ///< ok or failed
  std::string message;           ///< of a failure
  Index rank = 0;                ///< eigenvalues of G above the noise; all where it is regular
  /// How much the noise may change a, relative to a: the noise times the condition number of what is
  /// inverted.
  double sensitivity = 0;
  Vector a;  ///< empty where the status is not ok
};

/// Solves (G + ridge I) a = b for the leading blocks of G and b of orders `widths` (increasing, at least one,
/// up to the order of G): one solution for each. G is symmetric positive semidefinite, given by its lower
/// triangle, b in the range of each block. `noise`: rounding error of G in the spectral norm over its largest
/// eigenvalue. Blocks that are regular at that level share one Cholesky factorisation. In each of the others
/// eigenvalues below it are left out: the solution of least norm.
[[nodiscard]] std::vector<NormalSolution> solve_normal_equations(Matrix G, double ridge, double noise,
                                                                 const Vector& b,
                                                                 std::span<const Index> widths,
                                                                 const Stage& stage);

}  // namespace lazygap::fit
