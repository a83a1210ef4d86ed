#pragma once

#include <algorithm>

#include "core/stage.h"
#include "lazygap/core/matrix.h"

namespace lazygap {

/// C = A B by tiles of columns, side by side. The tiles do not depend on the number of threads.
template <class Left, class Right>
[[nodiscard]] Matrix tiled_product(const Left& A, const Right& B, const Stage& stage) {
  constexpr Index kColumns = 64;
  Matrix C(A.rows(), B.cols());
  stage.part(0, 0).for_each((B.cols() + kColumns - 1) / kColumns, [&](Index tile) {
    const Index first = tile * kColumns, columns = std::min(kColumns, B.cols() - first);
    C.middleCols(first, columns).noalias() = A * B.middleCols(first, columns);
  });
  return C;
}

}  // namespace lazygap
