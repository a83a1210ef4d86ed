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

/// The second layer A (d x N) of NT with quadratic activation whose f(x) = c + x^T U S U^T x has moved from 0
/// by steps of A along G W, G symmetric: A = U H U^T W with H_jk = S_jk / (l_j + l_k), 0 where both vanish.
/// Then W A^T + A W^T = U S U^T. S is symmetric, d x d, 0 on the null space of W W^T.
[[nodiscard]] Matrix nt_second_layer(const Matrix& W, const Matrix& U, const Vector& l, const Matrix& S);

}  // namespace lazygap
