#pragma once

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <span>
#include <vector>

#include "lazygap/core/matrix.h"

/// The layout of the fp32 kernels. A matrix with a long dimension, W (d x N) or E (d x d), is kept as panels:
/// up to 48 neighbouring columns, stored so that the entries of one row are contiguous. Then every product of
/// a step is
///     C (rows x width) = A (rows x depth) B (depth x width),
/// A read as scalars straight from the samples, B and C panels, and one microkernel (panels-inl.h) that keeps
/// a tile of C in registers serves all of them.
namespace lazygap::train::fp32 {

/// Numbers in a full panel: three AVX-512 vectors, six of AVX2, twelve of SSE.
constexpr Index kWidth = 48;
/// Features or samples summed in one product at most, so that B (kBlock x kWidth) stays in the second-level
/// cache.
constexpr Index kBlock = 512;
/// Rows and columns of the blocks by which a panel of a lower triangle follows the diagonal.
constexpr Index kStep = 16;

/// Columns first .. first + width - 1 of a matrix, row-major; those beyond its last column are zero.
struct Panel {
  Index first, width;
  float* data;  // 64-byte aligned
};

/// Scalars a(row, k) = data[row * row_stride + k * k_stride].
struct Scalars {
  const float* data;
  Index row_stride, k_stride;
};

struct Samples {
  const float* data;  // d x b, column-major
  Index stride, d, b;
};

/// X checked: d rows, at most `batch` columns, as many as `size`, the length of a vector of the samples.
[[nodiscard]] Samples samples(const char* function, const Eigen::Ref<const MatrixOf<float>>& X, Index d,
                              Index batch, std::size_t size);

using Buffer = hwy::AlignedFreeUniquePtr<float[]>;
[[nodiscard]] Buffer zeros(Index size);

/// Zeroed panels of the columns begin .. end - 1 of a matrix with `rows` rows, in one aligned block.
class Panels {
 public:
  enum class Shape { full, lower };  ///< lower: the rows above a panel's first column are left out

  Panels() = default;
  Panels(Index rows, Index begin, Index end, Shape shape = Shape::full);

  [[nodiscard]] std::span<const Panel> all() const { return panels_; }
  [[nodiscard]] Index end(const Panel& panel) const {
    return std::min(panel.first + panel.width, columns_end_);
  }

 private:
  Index columns_end_ = 0;
  Buffer memory_;
  std::vector<Panel> panels_;
};

/// Panels of a whole matrix, and every number of them again.
[[nodiscard]] Panels panels_of(const Matrix& matrix);
[[nodiscard]] Matrix matrix_of(const Panels& panels, Index rows, Index columns);

}  // namespace lazygap::train::fp32
