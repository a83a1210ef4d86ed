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
#include <new>
#include <vector>

#include "lazygap/core/check.h"
#include "train/kernels.h"

#ifndef LAZYGAP_TRAIN_KERNELS_FP32_TYPES
#define LAZYGAP_TRAIN_KERNELS_FP32_TYPES
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

// Accumulators, one row of B, one scalar and, without fused multiply-add, one product must fit the registers:
// 32 of them with AVX-512, 16 otherwise.
constexpr bool kFused = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2;
constexpr int kMostVectors = kFused ? 3 : 2;
template <int kVectors>
constexpr int tile_rows() {
  return HWY_TARGET == HWY_AVX3 || (kFused && kVectors == 1) ? 8 : 4;
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

/// sum_i a_i x_i^2
HWY_INLINE float weighted_squares(const float* HWY_RESTRICT a, const float* HWY_RESTRICT x, Index n) {
  const Full full;
  auto sum = hn::Zero(full);
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const auto xi = hn::LoadU(full, x + i);
    sum = hn::MulAdd(hn::Mul(hn::LoadU(full, a + i), xi), xi, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(full, sum));
  for (; i < n; ++i) total += a[i] * x[i] * x[i];
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

void NeuronsForward(std::span<const Panel> W, std::span<const Panel> P, const Samples& X,
                    float* HWY_RESTRICT q) {
  std::fill_n(q, X.b, 0.0f);
  for (std::size_t p = 0; p < W.size(); ++p) {
    const Index width = W[p].width;
    for (Index k = 0; k < X.d; k += kBlock)
      multiply({X.data + k, X.stride, 1}, X.b, std::min(kBlock, X.d - k), W[p].data + k * width, width,
               P[p].data, width, width, k > 0);
    for (Index j = 0; j < X.b; ++j) q[j] += dot(P[p].data + j * width, P[p].data + j * width, width);
  }
}

/// `scratch`: kBlock x kWidth.
void NeuronsUpdate(std::span<const Panel> W, std::span<const Panel> P, const Samples& X,
                   const float* HWY_RESTRICT weight, float* HWY_RESTRICT scratch) {
  // Backwards: the panels that the forward pass touched last are still in the cache.
  for (std::size_t p = W.size(); p-- > 0;) {
    const Index width = W[p].width;
    for (Index block = 0; block < X.b; block += kBlock) {
      const Index samples = std::min(kBlock, X.b - block);
      for (Index j = 0; j < samples; ++j)
        scale(weight[block + j], P[p].data + (block + j) * width, width, scratch + j * width, width);
      multiply({X.data + block * X.stride, 1, X.stride}, X.d, samples, scratch, width, W[p].data, width,
               width, true);
    }
  }
}

/// `scratch`: kBlock x kWidth.
void FormForward(std::span<const Panel> T, std::span<const Panel> constant, Index first_diagonal,
                 std::span<const float> diagonal, const Samples& X, float* HWY_RESTRICT q,
                 float* HWY_RESTRICT scratch) {
  for (Index block = 0; block < X.b; block += kBlock) {
    const Index samples = std::min(kBlock, X.b - block);
    const float* const x = X.data + block * X.stride;
    for (Index j = 0; j < samples; ++j)
      q[block + j] = weighted_squares(diagonal.data(), x + j * X.stride + first_diagonal,
                                      static_cast<Index>(diagonal.size()));
    for (std::size_t p = 0; p < T.size() + constant.size(); ++p) {
      const Panel& panel = p < T.size() ? T[p] : constant[p - T.size()];
      const Index width = panel.width, rows = X.d - panel.first;
      const float* const features = x + panel.first;
      // Rows below the diagonal block in full, then those that cross the diagonal as far as they reach.
      const Index cross = std::min(width, rows);
      std::fill_n(scratch, samples * width, 0.0f);
      for (Index k = cross; k < rows; k += kBlock)
        multiply({features + k, X.stride, 1}, samples, std::min(kBlock, rows - k), panel.data + k * width,
                 width, scratch, width, width, true);
      for (Index k = 0; k < cross; k += kStep)
        multiply({features + k, X.stride, 1}, samples, std::min(kStep, cross - k), panel.data + k * width,
                 width, scratch, width, std::min(width, k + kStep), true);
      for (Index j = 0; j < samples; ++j)
        q[block + j] += dot(scratch + j * width, features + j * X.stride, cross);
    }
  }
}

/// T_kc += 2 (l_k + l_c) G_kc for c < k, T_cc += 2 l_c G_cc, nothing above the diagonal. G and T are the rows
/// row, row + 1, ... of a panel, counted from its first column, where `twice_l` starts too.
template <class D>
HWY_INLINE void add_scaled(D d, const float* HWY_RESTRICT G, float* HWY_RESTRICT T, Index row, Index rows,
                           Index width, const float* HWY_RESTRICT twice_l) {
  constexpr Index n = hn::MaxLanes(D());
  for (Index k = row; k < row + rows; ++k, G += width, T += width) {
    const auto of_row = hn::Set(d, twice_l[k]);
    const auto diagonal = hn::Set(d, static_cast<float>(k));
    for (Index c = 0; c < width; c += n) {
      const auto of_columns = hn::LoadU(d, twice_l + c), g = hn::LoadU(d, G + c), t = hn::LoadU(d, T + c);
      const auto below = hn::MulAdd(hn::Add(of_row, of_columns), g, t);
      if (k >= width) {
        hn::StoreU(below, d, T + c);
        continue;
      }
      const auto column = hn::Iota(d, static_cast<float>(c));
      const auto on = hn::MulAdd(of_columns, g, t);
      hn::StoreU(
          hn::IfThenElse(hn::Lt(column, diagonal), below, hn::IfThenElse(hn::Eq(column, diagonal), on, t)), d,
          T + c);
    }
  }
}

/// `twice_l`: 2 l, padded with kWidth zeros. `scratch`: (kBlock + kStep) x kWidth.
void FormUpdate(std::span<const Panel> T, const float* twice_l, const Samples& X,
                const float* HWY_RESTRICT weight, float* HWY_RESTRICT scratch) {
  float* const G = scratch + kBlock * kWidth;
  for (std::size_t p = T.size(); p-- > 0;) {
    const Index first = T[p].first, width = T[p].width, rows = X.d - first;
    for (Index block = 0; block < X.b; block += kBlock) {
      const Index samples = std::min(kBlock, X.b - block);
      const float* const features = X.data + block * X.stride + first;
      for (Index j = 0; j < samples; ++j)
        scale(weight[block + j], features + j * X.stride, std::min(width, rows), scratch + j * width, width);
      for (Index k = 0; k < rows; k += kStep) {
        const Index count = std::min(kStep, rows - k);
        multiply({features + k, 1, X.stride}, count, samples, scratch, width, G, width,
                 std::min(width, k + kStep), false);
        // NOLINTNEXTLINE(bugprone-branch-clone): the same where vectors have four lanes
        if (width >= kLanes)
          add_scaled(Full(), G, T[p].data + k * width, k, count, width, twice_l + first);
        else
          add_scaled(hn::CappedTag<float, 4>(), G, T[p].data + k * width, k, count, width, twice_l + first);
      }
    }
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
HWY_EXPORT(FormForward);
HWY_EXPORT(FormUpdate);

using Buffer = hwy::AlignedFreeUniquePtr<float[]>;

Buffer zeros(Index size) {
  if (size == 0) return nullptr;
  Buffer buffer = hwy::AllocateAligned<float>(static_cast<std::size_t>(size));
  if (!buffer) throw std::bad_alloc();
  std::fill_n(buffer.get(), size, 0.0f);
  return buffer;
}

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

/// Zeroed panels of the columns begin .. end - 1 of a matrix with `rows` rows, in one aligned block.
class Panels {
 public:
  enum class Shape { full, lower };  ///< lower: the rows above a panel's first column are left out

  Panels(Index rows, Index begin, Index end, Shape shape) : columns_end_(end) {
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

  [[nodiscard]] std::span<const Panel> all() const { return panels_; }
  [[nodiscard]] Index end(const Panel& panel) const {
    return std::min(panel.first + panel.width, columns_end_);
  }

 private:
  Index columns_end_;
  Buffer memory_;
  std::vector<Panel> panels_;
};

Samples samples(const char* function, const Eigen::Ref<const MatrixOf<float>>& X, Index d, Index batch,
                std::size_t size) {
  check_size(function, "X", X.rows(), "the number of features d", d);
  check_at_least(function, "batch", batch, X.cols());
  check_size(function, "the vector of the samples", static_cast<Index>(size), "the number of samples",
             X.cols());
  return {X.data(), X.outerStride(), X.rows(), X.cols()};
}

}  // namespace
}  // namespace fp32

template <>
struct Neurons<float>::Storage {
  Index d, N, batch;
  fp32::Panels W, P;
  fp32::Buffer scratch;
};

template <>
Neurons<float>::Neurons(const Matrix& W, Index batch)
    : storage_(new Storage{W.rows(), W.cols(), batch,
                           fp32::Panels(W.rows(), 0, W.cols(), fp32::Panels::Shape::full),
                           fp32::Panels(batch, 0, W.cols(), fp32::Panels::Shape::full),
                           fp32::zeros(fp32::kBlock * fp32::kWidth)}) {
  for (const fp32::Panel& panel : storage_->W.all())
    for (Index i = panel.first; i < storage_->W.end(panel); ++i)
      for (Index k = 0; k < W.rows(); ++k)
        panel.data[k * panel.width + i - panel.first] = static_cast<float>(W(k, i));
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
  for (const fp32::Panel& panel : storage_->W.all())
    for (Index i = panel.first; i < storage_->W.end(panel); ++i)
      for (Index k = 0; k < W.rows(); ++k) W(k, i) = panel.data[k * panel.width + i - panel.first];
  return W;
}

template <>
void Neurons<float>::forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q) {
  const fp32::Samples x = fp32::samples("Neurons::forward", X, storage_->d, storage_->batch, q.size());
  HWY_DYNAMIC_DISPATCH(fp32::NeuronsForward)(storage_->W.all(), storage_->P.all(), x, q.data());
}

template <>
void Neurons<float>::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight) {
  const fp32::Samples x = fp32::samples("Neurons::update", X, storage_->d, storage_->batch, weight.size());
  HWY_DYNAMIC_DISPATCH(fp32::NeuronsUpdate)
  (storage_->W.all(), storage_->P.all(), x, weight.data(), storage_->scratch.get());
}

/// T holds the lower triangle of E so that x^T E x = x^T T x: twice the entries below the diagonal. Its first
/// `moving` columns are those that an update changes; of the constant rest only the diagonal is kept where it
/// is diagonal.
template <>
struct SymmetricForm<float>::Storage {
  Index d, batch, moving;
  std::vector<float> twice_l;
  fp32::Panels T, constant;
  std::vector<float> diagonal;
  fp32::Buffer scratch;
};

namespace fp32 {
namespace {

void set_lower(const Panels& T, const Matrix& E) {
  for (const Panel& panel : T.all())
    for (Index i = panel.first; i < T.end(panel); ++i)
      for (Index k = i; k < E.rows(); ++k)
        panel.data[(k - panel.first) * panel.width + i - panel.first] =
            static_cast<float>(E(k, i)) * (k == i ? 1.0f : 2.0f);
}

void get_lower(const Panels& T, Matrix& E) {
  for (const Panel& panel : T.all())
    for (Index i = panel.first; i < T.end(panel); ++i)
      for (Index k = i; k < E.rows(); ++k)
        E(k, i) = E(i, k) =
            panel.data[(k - panel.first) * panel.width + i - panel.first] * (k == i ? 1.0 : 0.5);
}

}  // namespace
}  // namespace fp32

template <>
SymmetricForm<float>::SymmetricForm(const Matrix& E, const Vector& l, Index batch) {
  const Index d = E.rows();
  check_size("SymmetricForm", "l", l.size(), "the number of rows of E", d);
  Index moving = d;
  while (moving > 0 && l[moving - 1] == 0) --moving;
  const Matrix rest = E.bottomRightCorner(d - moving, d - moving);
  const bool diagonal = rest.isDiagonal(0);
  std::vector<float> twice_l(static_cast<std::size_t>(d + fp32::kWidth), 0.0f), entries;
  for (Index k = 0; k < d; ++k) twice_l[static_cast<std::size_t>(k)] = static_cast<float>(2 * l[k]);
  if (diagonal)
    for (Index k = moving; k < d; ++k) entries.push_back(static_cast<float>(E(k, k)));
  storage_.reset(new Storage{d, batch, moving, std::move(twice_l),
                             fp32::Panels(d, 0, moving, fp32::Panels::Shape::lower),
                             fp32::Panels(d, diagonal ? d : moving, d, fp32::Panels::Shape::lower),
                             std::move(entries), fp32::zeros((fp32::kBlock + fp32::kStep) * fp32::kWidth)});
  fp32::set_lower(storage_->T, E);
  fp32::set_lower(storage_->constant, E);
}
template <>
SymmetricForm<float>::~SymmetricForm() = default;
template <>
SymmetricForm<float>::SymmetricForm(SymmetricForm&&) noexcept = default;
template <>
SymmetricForm<float>& SymmetricForm<float>::operator=(SymmetricForm&&) noexcept = default;

template <>
Matrix SymmetricForm<float>::matrix() const {
  Matrix E = Matrix::Zero(storage_->d, storage_->d);
  fp32::get_lower(storage_->T, E);
  fp32::get_lower(storage_->constant, E);
  for (std::size_t i = 0; i < storage_->diagonal.size(); ++i) {
    const Index k = storage_->moving + static_cast<Index>(i);
    E(k, k) = storage_->diagonal[i];
  }
  return E;
}

template <>
void SymmetricForm<float>::forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q) {
  const fp32::Samples x = fp32::samples("SymmetricForm::forward", X, storage_->d, storage_->batch, q.size());
  HWY_DYNAMIC_DISPATCH(fp32::FormForward)
  (storage_->T.all(), storage_->constant.all(), storage_->moving, storage_->diagonal, x, q.data(),
   storage_->scratch.get());
}

template <>
void SymmetricForm<float>::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight) {
  const fp32::Samples x =
      fp32::samples("SymmetricForm::update", X, storage_->d, storage_->batch, weight.size());
  HWY_DYNAMIC_DISPATCH(fp32::FormUpdate)
  (storage_->T.all(), storage_->twice_l.data(), x, weight.data(), storage_->scratch.get());
}

}  // namespace lazygap::train
#endif  // HWY_ONCE
