// The products on panels, for each instruction set: included by the translation units of kernels (Highway's
// foreach_target includes them, and so this file, once for each).

#if defined(LAZYGAP_TRAIN_PANELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LAZYGAP_TRAIN_PANELS_INL_H
#undef LAZYGAP_TRAIN_PANELS_INL_H
#else
#define LAZYGAP_TRAIN_PANELS_INL_H
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>

#include "train/panels.h"

HWY_BEFORE_NAMESPACE();
namespace lazygap::train::fp32::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Full = hn::ScalableTag<float>;
constexpr Index kLanes = hn::MaxLanes(Full());

// Accumulators, one row of B, one scalar and, without fused multiply-add, one product must fit the registers:
// 32 of them with AVX-512, 16 otherwise. Better targets have lower bits: newer Highways know several with
// AVX-512.
constexpr bool kAvx512 = HWY_TARGET <= HWY_AVX3;
constexpr bool kFused = HWY_TARGET <= HWY_AVX2;
constexpr int kMostVectors = kFused ? 3 : 2;
template <int kVectors>
constexpr int tile_rows() {
  return kAvx512 || (kFused && kVectors == 1) ? 8 : 4;
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
  // Sums are added to C at the end: of a matrix too large for the cache, C is fetched while they are
  // computed.
  if (add) {
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(3)
      for (int v = 0; v < kVectors; ++v) hwy::Prefetch(c + r * c_stride + v * n);
    }
  }
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

/// As multiply_strip for the columns from `first` to `width`, in strips of kVectors vectors while they last.
template <class D, int kVectors>
HWY_INLINE Index multiply_strips(D d, Index first, Index width, const Scalars& a, Index rows, const float* b,
                                 Index b_stride, Index depth, float* c, Index c_stride, bool add) {
  constexpr Index n = kVectors * hn::MaxLanes(D());
  for (; first + n <= width; first += n)
    multiply_strip<D, kVectors>(d, a, rows, b + first, b_stride, depth, c + first, c_stride, add);
  return first;
}

/// C = A B or C += A B, C rows x width, B depth x width, width a multiple of 4.
HWY_NOINLINE void multiply(const Scalars& a, Index rows, Index depth, const float* b, Index b_stride,
                           float* c, Index c_stride, Index width, bool add) {
  const auto strips = [&](auto d, auto vectors, Index first) HWY_ATTR {
    return multiply_strips<decltype(d), decltype(vectors)::value>(d, first, width, a, rows, b, b_stride,
                                                                  depth, c, c_stride, add);
  };
  Index v = strips(Full(), std::integral_constant<int, kMostVectors>(), 0);
  if constexpr (kMostVectors > 2) v = strips(Full(), std::integral_constant<int, 2>(), v);
  // NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): read where vectors have more than four lanes
  v = strips(Full(), std::integral_constant<int, 1>(), v);
  // What is narrower than a vector.
  if constexpr (kLanes > 8) v = strips(hn::CappedTag<float, 8>(), std::integral_constant<int, 1>(), v);
  if constexpr (kLanes > 4) strips(hn::CappedTag<float, 4>(), std::integral_constant<int, 1>(), v);
}

/// sum_i a_i b_i
HWY_INLINE float dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, Index n) {
  const Full full;
  auto sum = hn::Zero(full);
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) sum = hn::MulAdd(hn::LoadU(full, a + i), hn::LoadU(full, b + i), sum);
  float total = hn::GetLane(hn::SumOfLanes(full, sum));
  for (; i < n; ++i) total += a[i] * b[i];
  return total;
}

/// out_i = factor a_i for i < n, 0 for n <= i < width
HWY_INLINE void scale(float factor, const float* HWY_RESTRICT a, Index n, float* HWY_RESTRICT out,
                      Index width) {
  const Full full;
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes)
    hn::StoreU(hn::Mul(hn::Set(full, factor), hn::LoadU(full, a + i)), full, out + i);
  for (; i < n; ++i) out[i] = factor * a[i];
  std::fill(out + i, out + width, 0.0f);
}

}  // namespace
}  // namespace lazygap::train::fp32::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
