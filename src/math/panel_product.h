#pragma once

#include <algorithm>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// X <- M X, M square. Each column of the result depends on that column of X and its place only, not on how
/// many there are: BLAS may round the columns at the edge of a product differently, so every product here has
/// the same shape. The panels stay with the thread: only a size other than the last one allocates.
template <class Real>
void multiply_columns(const MatrixOf<Real>& M, Eigen::Ref<MatrixOf<Real>> X) {
  constexpr Index kPanel = 32;
  thread_local MatrixOf<Real> panel, product;
  panel.resize(M.cols(), kPanel);
  product.resize(M.rows(), kPanel);
  for (Index first = 0; first < X.cols(); first += kPanel) {
    const Index count = std::min(kPanel, X.cols() - first);
    panel.leftCols(count) = X.middleCols(first, count);
    panel.rightCols(kPanel - count).setZero();
    product.noalias() = M * panel;
    X.middleCols(first, count) = product.leftCols(count);
  }
}

}  // namespace lazygap
