#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap {

/// W W^T = U diag(l) U^T: l (d entries, decreasing) is exactly 0 from entry N on, U (d x d) is orthogonal. In
/// every column of U the entry of largest modulus is positive; of several that are equal to 1e-9 the first
/// counts. So the basis does not depend on the BLAS, but for the basis of the null space, which rounding
/// decides.
struct NtBasis {
  Matrix U;
  Vector l;
};
[[nodiscard]] NtBasis nt_basis(const Matrix& W);
/// The same with U chosen so that diag(b) is diagonal, in this basis, on the null space of W W^T: b has d
/// entries. Where several of its eigenvalues there coincide, to 1e-9 of the largest entry of b, their
/// eigenvectors are chosen by the space that they span: rounding decides nothing.
[[nodiscard]] NtBasis nt_basis(const Matrix& W, const Vector& b);

}  // namespace lazygap
