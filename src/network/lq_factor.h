#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap {

/// A d x d matrix L with L L^T = W W^T (W = L Q, Q with orthonormal rows), for N > d.
[[nodiscard]] Matrix lq_factor(const Matrix& W);

}  // namespace lazygap
