// The fp32 kernels of the training step, compiled for every instruction set and chosen at run time.
// panels.h has the layout.

#include <algorithm>
#include <array>
#include <vector>

#include "lazygap/core/check.h"
#include "train/kernels.h"
#include "train/panels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/kernels_fp32.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include "train/panels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lazygap::train::fp32::HWY_NAMESPACE {
namespace {

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
    : storage_(new Storage{W.rows(), W.cols(), batch, fp32::panels_of(W), fp32::Panels(batch, 0, W.cols()),
                           fp32::zeros(fp32::kBlock * fp32::kWidth)}) {}
template <>
Neurons<float>::~Neurons() = default;
template <>
Neurons<float>::Neurons(Neurons&&) noexcept = default;
template <>
Neurons<float>& Neurons<float>::operator=(Neurons&&) noexcept = default;

template <>
Matrix Neurons<float>::matrix() const {
  return fp32::matrix_of(storage_->W, storage_->d, storage_->N);
}

template <>
void Neurons<float>::forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q) {
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  const fp32::Samples x = fp32::samples("Neurons::forward", X, storage_->d, storage_->batch, q.size());
  HWY_DYNAMIC_DISPATCH(NeuronsForward)(storage_->W.all(), storage_->P.all(), x, q.data());
}

template <>
void Neurons<float>::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight) {
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  const fp32::Samples x = fp32::samples("Neurons::update", X, storage_->d, storage_->batch, weight.size());
  HWY_DYNAMIC_DISPATCH(NeuronsUpdate)
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
            static_cast<float>(E(k, i) * (k == i ? 1.0 : 2.0));
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
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  const fp32::Samples x = fp32::samples("SymmetricForm::forward", X, storage_->d, storage_->batch, q.size());
  HWY_DYNAMIC_DISPATCH(FormForward)
  (storage_->T.all(), storage_->constant.all(), storage_->moving, storage_->diagonal, x, q.data(),
   storage_->scratch.get());
}

template <>
void SymmetricForm<float>::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight) {
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  const fp32::Samples x =
      fp32::samples("SymmetricForm::update", X, storage_->d, storage_->batch, weight.size());
  HWY_DYNAMIC_DISPATCH(FormUpdate)
  (storage_->T.all(), storage_->twice_l.data(), x, weight.data(), storage_->scratch.get());
}

}  // namespace lazygap::train
#endif  // HWY_ONCE
