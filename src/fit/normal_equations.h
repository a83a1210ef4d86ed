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
  double explained = 0;  ///< 2 a^T b - a^T G a
  double fitted = 0;     ///< |b|^2 - ridge^2 |(G + ridge I)^+ b|^2, without the parts of b that are dropped
  double degrees = 0;    ///< tr G (G + ridge I)^+
  Vector a;              ///< empty where the status is not ok
  Vector inverse;        ///< diagonal of (G + ridge I)^-1, where it was asked for and G is regular
};

/// Solves (G + ridge I) a = b for the leading blocks of G and b of orders `widths` (increasing, at least one,
/// up to the order of G) and each of `ridges`: solutions[ridge][width]. G is symmetric positive semidefinite,
/// given by its lower triangle, b in the range of each block. `noise`: rounding error of G in the spectral
/// norm over its largest eigenvalue. Blocks that are regular at that level share one Cholesky factorisation
/// for each ridge. In each of the others eigenvalues below it are left out: the solution of least norm, all
/// ridges from one eigen-decomposition. `inverse`: whether NormalSolution::inverse is wanted, of the widest
/// block.
[[nodiscard]] std::vector<std::vector<NormalSolution>> solve_normal_equations(
    Matrix G, std::span<const double> ridges, double noise, const Vector& b, std::span<const Index> widths,
    const Stage& stage, bool inverse = false);

}  // namespace lazygap::fit
