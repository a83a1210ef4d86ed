#pragma once

#include <string_view>

#include "core/stage.h"
#include "lazygap/core/matrix.h"

/// Symmetric matrices as users give them: from a file, or as the product of other matrices.
namespace lazygap {

/// Such a matrix is taken to be known to this much of its largest entry, and its eigenvalues to this much of
/// the largest in modulus.
inline constexpr double kMatrixPrecision = 1e-12;

/// (M + M^T) / 2. Throws UsageError in the name of `function`, M called `name`, unless M is square with d >=
/// 1, finite and symmetric to kMatrixPrecision.
[[nodiscard]] Matrix symmetric_part(std::string_view function, std::string_view name, const Matrix& M);

/// Multiplies the columns of eigenvectors by -1 whose entry of largest modulus is negative. Of several that
/// are equal to 1e-9 the first counts: rounding, which differs from one BLAS kernel to another, decides
/// nothing.
void fix_signs(Matrix& vectors);

/// M = vectors diag(values) vectors^T, M symmetric (its lower triangle is read).
struct Eigenbasis {
  Vector values;   ///< increasing; within kMatrixPrecision of 0, relative to the largest modulus, exactly 0
  Matrix vectors;  ///< columns of length 1, with fix_signs
};
/// `stage` is heard at least once a second, see decompose_symmetric.
[[nodiscard]] Eigenbasis symmetric_eigenbasis(Matrix M, const Stage& stage = {});
/// Its values alone.
[[nodiscard]] Vector symmetric_eigenvalues(Matrix M);

}  // namespace lazygap
