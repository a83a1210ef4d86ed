// The fp32 kernels of the training step, compiled for every instruction set and chosen at run time.
//
// Both matrices of a step with a long dimension, W (d x N) and E (d x d), are kept as panels: up to 48
// neighbouring columns, stored so that the entries of one row are contiguous. Then every product of the step
// is
//     C (rows x width) = A (rows x depth) B (depth x width),
// A read as scalars straight from the samples, B and C panels, and one microkernel that keeps a tile of C in
// registers serves all of them.

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "lazygap/core/check.h"
#include "train/kernels.h"

#ifndef LAZYGAP_TRAIN_KERNELS_FP32_TYPES
#define LAZYGAP_TRAIN_KERNELS_FP32_TYPES
namespace lazygap::train::fp32 {

/// Numbers in a full panel: three AVX-512 vectors, six of AVX2, twelve of SSE.
constexpr Index kWidth = 48;

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

}  // namespace lazygap::train::fp32
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels_fp32.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lazygap::train::fp32::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Full = hn::ScalableTag<float>;
constexpr Index kLanes = hn::MaxLanes(Full());

/// Rows of a tile whose accumulators, with one row of B and one scalar, fill the registers: 32 with AVX-512,
/// else 16.
template <int kVectors>
constexpr int tile_rows() {
  if (HWY_TARGET == HWY_AVX3 || kVectors == 1) return 8;
  return 4;
}

/// One tile of C = A B or C += A B: kRows x (kVectors vectors).
template <class D, int kVectors, int kRows>
HWY_INLINE void multiply_tile(D d, const Scalars& a, const float* HWY_RESTRICT b, Index b_stride, Index depth,
                              float* HWY_RESTRICT c, Index c_stride, bool add) {
  constexpr Index n = hn::MaxLanes(D());
  hn::Vec<D> sum[kRows][kVectors];
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(3)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  const float* HWY_RESTRICT row[kRows];
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) row[r] = a.data + r * a.row_stride;
  for (Index k = 0; k < depth; ++k) {
    hn::Vec<D> right[kVectors];
    HWY_UNROLL(3)
    for (int v = 0; v < kVectors; ++v) right[v] = hn::LoadU(d, b + v * n);
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      const auto left = hn::Set(d, row[r][k * a.k_stride]);
      HWY_UNROLL(3)
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(left, right[v], sum[r][v]);
    }
    b += b_stride;
  }
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(3)
    for (int v = 0; v < kVectors; ++v) {
      float* const out = c + r * c_stride + v * n;
      hn::StoreU(add ? hn::Add(hn::LoadU(d, out), sum[r][v]) : sum[r][v], d, out);
    }
  }
}

/// As multiply_tile for any number of rows.
template <class D, int kVectors, int kRows = tile_rows<kVectors>()>
HWY_INLINE void multiply_strip(D d, Scalars a, Index rows, const float* HWY_RESTRICT b, Index b_stride,
                               Index depth, float* HWY_RESTRICT c, Index c_stride, bool add) {
  for (; rows >= kRows; rows -= kRows) {
    multiply_tile<D, kVectors, kRows>(d, a, b, b_stride, depth, c, c_stride, add);
    a.data += kRows * a.row_stride;
    c += kRows * c_stride;
  }
  if constexpr (kRows > 1)
    if (rows > 0) multiply_strip<D, kVectors, kRows / 2>(d, a, rows, b, b_stride, depth, c, c_stride, add);
}

/// C = A B or C += A B, C rows x width, B depth x width; both with the row stride `stride`.
HWY_NOINLINE void multiply(const Scalars& a, Index rows, Index depth, const float* b, float* c, Index width,
                           Index stride, bool add) {
  const Full full;
  Index v = 0;
  for (; v + 3 * kLanes <= width; v += 3 * kLanes)
    multiply_strip<Full, 3>(full, a, rows, b + v, stride, depth, c + v, stride, add);
  for (; v + 2 * kLanes <= width; v += 2 * kLanes)
    multiply_strip<Full, 2>(full, a, rows, b + v, stride, depth, c + v, stride, add);
  for (; v + kLanes <= width; v += kLanes)
    multiply_strip<Full, 1>(full, a, rows, b + v, stride, depth, c + v, stride, add);
  // Panels narrower than one vector.
  const hn::CappedTag<float, 8> eight;
  if constexpr (kLanes > 8)
    for (; v + 8 <= width; v += 8)
      multiply_strip<decltype(eight), 1>(eight, a, rows, b + v, stride, depth, c + v, stride, add);
  const hn::CappedTag<float, 4> four;
  if constexpr (kLanes > 4)
    for (; v + 4 <= width; v += 4)
      multiply_strip<decltype(four), 1>(four, a, rows, b + v, stride, depth, c + v, stride, add);
}

using Four = hn::CappedTag<float, 4>;

template <class Body>
HWY_INLINE void for_each_vector(Index width, const Body& body) {
  Index i = 0;
  for (; i + kLanes <= width; i += kLanes) body(Full(), i);
  if constexpr (kLanes > 4)
    for (; i < width; i += 4) body(Four(), i);
}

/// q_j += sum of the squares of row j of P.
void add_squares(const float* HWY_RESTRICT P, Index rows, Index width, float* HWY_RESTRICT q) {
  for (Index j = 0; j < rows; ++j, P += width) {
    const Full full;
    const Four four;
    auto sum = hn::Zero(full);
    auto rest = hn::Zero(four);
    Index i = 0;
    for (; i + kLanes <= width; i += kLanes) {
      const auto p = hn::Load(full, P + i);
      sum = hn::MulAdd(p, p, sum);
    }
    for (; i < width; i += static_cast<Index>(hn::Lanes(four))) {
      const auto p = hn::Load(four, P + i);
      rest = hn::MulAdd(p, p, rest);
    }
    q[j] += hn::GetLane(hn::SumOfLanes(full, sum)) + hn::GetLane(hn::SumOfLanes(four, rest));
  }
}

void NeuronsForward(std::span<const Panel> W, std::span<const Panel> P, const Samples& X, float* q) {
  std::fill_n(q, X.b, 0.0f);
  constexpr Index kDepth = 10000;
  for (std::size_t p = 0; p < W.size(); ++p) {
    for (Index k = 0; k < X.d; k += kDepth)
      multiply({X.data + k, X.stride, 1}, X.b, std::min(kDepth, X.d - k), W[p].data + k * W[p].width,
               P[p].data, W[p].width, W[p].width, k > 0);
    add_squares(P[p].data, X.b, W[p].width, q);
  }
}

/// `scratch`: b x kWidth.
void NeuronsUpdate(std::span<const Panel> W, std::span<const Panel> P, const Samples& X, const float* weight,
                   float* HWY_RESTRICT scratch) {
  // Backwards: the panels that the forward pass touched last are still in the cache.
  for (std::size_t p = W.size(); p-- > 0;) {
    const Index width = W[p].width;
    for (Index j = 0; j < X.b; ++j)
      for (Index i = 0; i < width; ++i) scratch[j * width + i] = weight[j] * P[p].data[j * width + i];
    multiply({X.data, 1, X.stride}, X.d, X.b, scratch, W[p].data, width, width, true);
  }
}

}  // namespace
}  // namespace lazygap::train::fp32::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lazygap::train {
namespace fp32 {
namespace {

HWY_EXPORT(NeuronsForward);
HWY_EXPORT(NeuronsUpdate);

/// Widths of the panels of `columns` columns: as many full ones as there are, the rest with little padding.
std::vector<Index> panel_widths(Index columns) {
  std::vector<Index> widths(static_cast<std::size_t>(columns / kWidth), kWidth);
  Index rest = columns % kWidth;
  const Index vectors = rest % 16 == 0 || rest % 16 > 8 ? (rest + 15) / 16 : rest / 16;
  if (vectors > 0) widths.push_back(16 * vectors);
  rest -= 16 * vectors;
  if (rest > 0) widths.push_back(rest <= 4 ? 4 : 8);
  return widths;
}

/// Zeroed panels of a `rows` x `columns` matrix in one aligned block.
struct Panels {
  hwy::AlignedFreeUniquePtr<float[]> memory;
  std::vector<Panel> panels;

  Panels(Index rows, Index columns) {
    constexpr Index kAlign = 16;
    const std::vector<Index> widths = panel_widths(columns);
    Index size = 0;
    for (const Index width : widths) size += (rows * width + kAlign - 1) / kAlign * kAlign;
    memory = hwy::AllocateAligned<float>(static_cast<std::size_t>(size));
    std::fill_n(memory.get(), size, 0.0f);
    Index first = 0, offset = 0;
    for (const Index width : widths) {
      panels.push_back({first, width, memory.get() + offset});
      first += width;
      offset += (rows * width + kAlign - 1) / kAlign * kAlign;
    }
  }
};

Samples samples(const char* function, const Eigen::Ref<const MatrixOf<float>>& X, Index d, Index batch,
                std::size_t size) {
  check_size(function, "X", X.rows(), "the number of features d", d);
  check_size(function, "q or weight", static_cast<Index>(size), "the number of samples", X.cols());
  check_at_least(function, "batch", batch, X.cols());
  return {X.data(), X.outerStride(), X.rows(), X.cols()};
}

}  // namespace
}  // namespace fp32

template <>
struct Neurons<float>::Storage {
  Index d, N, batch;
  fp32::Panels W, P;
  hwy::AlignedFreeUniquePtr<float[]> scratch;
};

template <>
Neurons<float>::Neurons(const Matrix& W, Index batch)
    : storage_(new Storage{W.rows(), W.cols(), batch, fp32::Panels(W.rows(), W.cols()),
                           fp32::Panels(batch, W.cols()),
                           hwy::AllocateAligned<float>(static_cast<std::size_t>(batch * fp32::kWidth))}) {
  for (const fp32::Panel& panel : storage_->W.panels)
    for (Index i = 0; i < std::min(panel.width, W.cols() - panel.first); ++i)
      for (Index k = 0; k < W.rows(); ++k)
        panel.data[k * panel.width + i] = static_cast<float>(W(k, panel.first + i));
}
template <>
Neurons<float>::~Neurons() = default;
template <>
Neurons<float>::Neurons(Neurons&&) noexcept = default;
template <>
Neurons<float>& Neurons<float>::operator=(Neurons&&) noexcept = default;

template <>
Matrix Neurons<float>::matrix() const {
  Matrix W(storage_->d, storage_->N);
  for (const fp32::Panel& panel : storage_->W.panels)
    for (Index i = 0; i < std::min(panel.width, W.cols() - panel.first); ++i)
      for (Index k = 0; k < W.rows(); ++k) W(k, panel.first + i) = panel.data[k * panel.width + i];
  return W;
}

template <>
void Neurons<float>::forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q) {
  const fp32::Samples x = fp32::samples("Neurons::forward", X, storage_->d, storage_->batch, q.size());
  HWY_DYNAMIC_DISPATCH(fp32::NeuronsForward)(storage_->W.panels, storage_->P.panels, x, q.data());
}

template <>
void Neurons<float>::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight) {
  const fp32::Samples x = fp32::samples("Neurons::update", X, storage_->d, storage_->batch, weight.size());
  HWY_DYNAMIC_DISPATCH(fp32::NeuronsUpdate)
  (storage_->W.panels, storage_->P.panels, x, weight.data(), storage_->scratch.get());
}

}  // namespace lazygap::train
#endif  // HWY_ONCE
