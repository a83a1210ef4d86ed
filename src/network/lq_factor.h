#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap {

/// A d x d matrix L with L L^T = W W^T (W = L Q, Q with orthonormal rows), for N > d.
[[nodiscard]] Matrix lq_factor(const Matrix& W);
/// L Q with the Q of the factorisation W = lq_factor(W) Q: what W has become where L was trained in its
/// place.
[[nodiscard]] Matrix lq_product(const Matrix& L, const Matrix& W);

}  // namespace lazygap
