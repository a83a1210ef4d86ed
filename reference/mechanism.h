#pragma once

#include "lazygap/core/matrix.h"

/// The mechanism as its definitions say (network/mechanism.h): projections as d x d matrices, all
/// eigenvectors.
namespace lazygap::reference {

/// The d eigenvalues of W W^T, decreasing.
[[nodiscard]] Vector gram_eigenvalues(const Matrix& W);

/// ||P_k(W) P_k(B)||_F^2 / k; B symmetric, its k eigenvectors of largest |eigenvalue|. Where W has fewer than
/// k columns, P_k(W) projects onto their span.
[[nodiscard]] double overlap(const Matrix& W, const Matrix& B, Index k);

/// The cosine of K(x, x') = <x, x'> sum_i D_i(x) D_i(x') over all pairs of the columns of X and Y, where D(x)
/// are the columns of DX (N x m) and DY.
[[nodiscard]] double kernel_cosine(const Matrix& X, const Matrix& Y, const Matrix& DX_0, const Matrix& DY_0,
                                   const Matrix& DX, const Matrix& DY);

}  // namespace lazygap::reference
