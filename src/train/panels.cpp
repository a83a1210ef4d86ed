#include "train/panels.h"

#include <new>

#include "lazygap/core/check.h"

namespace lazygap::train::fp32 {
namespace {

/// Widths of the panels of `columns` columns: as many full ones as there are, the rest with little padding.
std::vector<Index> panel_widths(Index columns) {
  std::vector<Index> widths(static_cast<std::size_t>(columns / kWidth), kWidth);
  Index rest = columns % kWidth;
  // More than half of 16 columns are cheaper as 16 than as two narrow panels.
  if (const Index sixteens = (rest + 7) / 16; sixteens > 0) {
    widths.push_back(16 * sixteens);
    rest -= 16 * sixteens;
  }
  if (rest > 0) widths.push_back(rest <= 4 ? 4 : 8);
  return widths;
}

}  // namespace

Samples samples(const char* function, const Eigen::Ref<const MatrixOf<float>>& X, Index d, Index batch,
                std::size_t size) {
  check_size(function, "X", X.rows(), "the number of features d", d);
  check_at_least(function, "batch", batch, X.cols());
  check_size(function, "the vector of the samples", static_cast<Index>(size), "the number of samples",
             X.cols());
  return {X.data(), X.outerStride(), X.rows(), X.cols()};
}

Buffer zeros(Index size) {
  if (size == 0) return nullptr;
  Buffer buffer = hwy::AllocateAligned<float>(static_cast<std::size_t>(size));
  if (!buffer) throw std::bad_alloc();
  std::fill_n(buffer.get(), size, 0.0f);
  return buffer;
}

Panels::Panels(Index rows, Index begin, Index end, Shape shape) : columns_end_(end) {
  const auto size = [&](Index first, Index width) {
    const Index stored = (shape == Shape::full ? rows : rows - first) * width;
    return (stored + 15) / 16 * 16;
  };
  const std::vector<Index> widths = panel_widths(end - begin);
  Index total = 0, first = begin;
  for (const Index width : widths) {
    total += size(first, width);
    first += width;
  }
  memory_ = zeros(total);
  float* data = memory_.get();
  first = begin;
  for (const Index width : widths) {
    panels_.push_back({first, width, data});
    data += size(first, width);
    first += width;
  }
}

Panels panels_of(const Matrix& matrix) {
  Panels panels(matrix.rows(), 0, matrix.cols());
  for (const Panel& panel : panels.all())
    for (Index i = panel.first; i < panels.end(panel); ++i)
      for (Index k = 0; k < matrix.rows(); ++k)
        panel.data[k * panel.width + i - panel.first] = static_cast<float>(matrix(k, i));
  return panels;
}

Matrix matrix_of(const Panels& panels, Index rows, Index columns) {
  Matrix matrix(rows, columns);
  for (const Panel& panel : panels.all())
    for (Index i = panel.first; i < panels.end(panel); ++i)
      for (Index k = 0; k < rows; ++k) matrix(k, i) = panel.data[k * panel.width + i - panel.first];
  return matrix;
}

}  // namespace lazygap::train::fp32
