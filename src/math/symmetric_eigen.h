#pragma once

#include "core/stage.h"
#include "lazygap/core/matrix.h"

namespace lazygap {

/// Overwrites M, symmetric and given by its lower triangle, with its eigenvectors as columns; gives the
/// eigenvalues, increasing. Twice the memory of M besides.
///
/// The steps are those of LAPACK's dsyevd: M = H T H^T with T tridiagonal, T by divide and conquer
/// [LAPACK99], and H times the eigenvectors of T. Small matrices are left to it as a whole. For larger ones
/// each step is made in panels of columns, so that `stage` is heard at least once a second up to an order of
/// some ten thousand. Throws std::runtime_error where an iteration of LAPACK does not converge, which happens
/// for entries that are not finite.
[[nodiscard]] Vector decompose_symmetric(Matrix& M, const Stage& stage);

}  // namespace lazygap
