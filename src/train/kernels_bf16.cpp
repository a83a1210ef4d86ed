// One instruction, vdpbf16ps, does all the work: in each of 16 lanes it adds two products of bf16 numbers to
// an fp32 number. So whatever is summed over comes in pairs: two features (forward) or two samples (update)
// of one column share a 32-bit word; an odd one out is paired with 0. Highway 1.0.3 has no name for it, hence
// intrinsics.
#include "train/kernels_bf16.h"

#include <hwy/aligned_allocator.h>
#include <hwy/base.h>

#include <algorithm>
#include <new>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "train/panels.h"

namespace lazygap::train {
namespace {

using fp32::kBlock;
using fp32::kWidth;
using fp32::Panel;
using fp32::Samples;

/// Two bf16 numbers, the first in the lower half.
using Pair = std::uint32_t;
using Pairs = hwy::AlignedFreeUniquePtr<Pair[]>;

constexpr Index kLanes = 16;
constexpr Index in_vectors(Index n) { return (n + kLanes - 1) / kLanes * kLanes; }
constexpr Index in_pairs(Index n) { return (n + 1) / 2; }

Pairs make_pairs(Index size) {
  Pairs pairs = hwy::AllocateAligned<Pair>(static_cast<std::size_t>(size));
  if (!pairs) throw std::bad_alloc();
  return pairs;
}

}  // namespace
}  // namespace lazygap::train

#if defined(__x86_64__) && defined(__GNUC__)
// Its "undefined" vectors are reported as uninitialised variables by GCC 12.
HWY_DIAGNOSTICS(push)
HWY_DIAGNOSTICS_OFF(disable : 4703, ignored "-Wmaybe-uninitialized")
#include <immintrin.h>
HWY_DIAGNOSTICS(pop)

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
namespace lazygap::train {
namespace {

/// The lanes of the vector at column `first` that are left of `width`.
HWY_INLINE __mmask16 lanes(Index first, Index width) {
  return static_cast<__mmask16>((1u << std::min(kLanes, width - first)) - 1);
}

/// bf16 in the lower halves of 32-bit words.
HWY_INLINE __m512i to_bf16(__m512 x) {
  return _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}

/// The 16 pairs (lower_i, upper_i).
HWY_INLINE __m512i paired(__m512 lower, __m512 upper) {
  return _mm512_or_si512(to_bf16(lower), _mm512_slli_epi32(to_bf16(upper), 16));
}

/// out(p, i) = (s_2p a(2p, i), s_2p+1 a(2p+1, i)), i < width; s = 1 where there is no `factor`. Rows of `out`
/// are filled up to whole vectors.
void pair_rows(const float* a, Index stride, Index rows, Index width, const float* factor, Pair* out,
               Index out_stride) {
  for (Index row = 0; row < rows; row += 2, a += 2 * stride, out += out_stride) {
    const bool both = row + 1 < rows;
    const __m512 s0 = _mm512_set1_ps(factor == nullptr ? 1.0f : factor[row]);
    const __m512 s1 = _mm512_set1_ps(factor == nullptr || !both ? 1.0f : factor[row + 1]);
    for (Index i = 0; i < width; i += kLanes) {
      const __mmask16 mask = lanes(i, width);
      const __m512 lower = _mm512_mul_ps(s0, _mm512_maskz_loadu_ps(mask, a + i));
      const __m512 upper =
          both ? _mm512_mul_ps(s1, _mm512_maskz_loadu_ps(mask, a + stride + i)) : _mm512_setzero_ps();
      _mm512_storeu_si512(out + i, paired(lower, upper));
    }
  }
}

/// out(j, p) = (X(2p, j), X(2p+1, j)); rows of `out` are filled up to whole vectors.
void pair_features(const Samples& X, Pair* out, Index out_stride) {
  for (Index j = 0; j < X.b; ++j)
    for (Index k = 0; k < X.d; k += kLanes) {
      const __m512 x = _mm512_maskz_loadu_ps(lanes(k, X.d), X.data + j * X.stride + k);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + j * out_stride + k / 2),
                          reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
    }
}

/// Scalars a(row, k) = data[row * row_stride + k * k_stride].
struct Scalars {
  const Pair* data;
  Index row_stride, k_stride;
};

/// One tile of C = A B or C += A B: kRows x (kVectors vectors), of the last of which the lanes in `last`
/// exist. `depth` counts pairs; rows of B have kWidth pairs.
template <int kVectors, int kRows>
HWY_INLINE void multiply_tile(const Scalars& a, const Pair* HWY_RESTRICT b, Index depth,
                              float* HWY_RESTRICT c, Index c_stride, __mmask16 last, bool add) {
  __m512 sum[kRows][kVectors];
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(3)
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = _mm512_setzero_ps();
      // As in fp32: of a matrix too large for the cache, C is fetched while the sums are computed.
      if (add) __builtin_prefetch(c + r * c_stride + v * kLanes);
    }
  }
  for (Index k = 0; k < depth; ++k) {
    __m512bh right[kVectors];
    HWY_UNROLL(3)
    for (int v = 0; v < kVectors; ++v)
      right[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + v * kLanes));
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      const auto left = reinterpret_cast<__m512bh>(
          _mm512_set1_epi32(static_cast<int>(a.data[r * a.row_stride + k * a.k_stride])));
      HWY_UNROLL(3)
      for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], left, right[v]);
    }
    b += kWidth;
  }
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(3)
    for (int v = 0; v < kVectors; ++v) {
      float* const out = c + r * c_stride + v * kLanes;
      const __mmask16 mask = v + 1 < kVectors ? __mmask16(0xFFFF) : last;
      if (add) sum[r][v] = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, out), sum[r][v]);
      _mm512_mask_storeu_ps(out, mask, sum[r][v]);
    }
  }
}

/// As multiply_tile for any number of rows.
template <int kVectors, int kRows = 8>
HWY_INLINE void multiply_strip(Scalars a, Index rows, const Pair* b, Index depth, float* c, Index c_stride,
                               __mmask16 last, bool add) {
  for (; rows >= kRows; rows -= kRows) {
    multiply_tile<kVectors, kRows>(a, b, depth, c, c_stride, last, add);
    a.data += kRows * a.row_stride;
    c += kRows * c_stride;
  }
  if constexpr (kRows > 1)
    if (rows > 0) multiply_strip<kVectors, kRows / 2>(a, rows, b, depth, c, c_stride, last, add);
}

/// C = A B or C += A B, C rows x width, width at most kWidth.
HWY_NOINLINE void multiply(const Scalars& a, Index rows, const Pair* b, Index depth, float* c, Index width,
                           bool add) {
  const __mmask16 last = lanes(in_vectors(width) - kLanes, width);
  if (width > 2 * kLanes)
    multiply_strip<3>(a, rows, b, depth, c, width, last, add);
  else if (width > kLanes)
    multiply_strip<2>(a, rows, b, depth, c, width, last, add);
  else
    multiply_strip<1>(a, rows, b, depth, c, width, last, add);
}

/// sum_i a_i^2
HWY_INLINE float squares(const float* a, Index n) {
  __m512 sum = _mm512_setzero_ps();
  for (Index i = 0; i < n; i += kLanes) {
    const __m512 ai = _mm512_maskz_loadu_ps(lanes(i, n), a + i);
    sum = _mm512_fmadd_ps(ai, ai, sum);
  }
  return _mm512_reduce_add_ps(sum);
}

/// `x`: X.b rows of in_vectors(X.d) / 2 pairs. `scratch`: kBlock / 2 x kWidth.
void neurons_forward(std::span<const Panel> W, std::span<const Panel> P, const Samples& X, float* q, Pair* x,
                     Pair* scratch) {
  const Index stride = in_vectors(X.d) / 2;
  pair_features(X, x, stride);
  std::fill_n(q, X.b, 0.0f);
  for (std::size_t p = 0; p < W.size(); ++p) {
    const Index width = W[p].width;
    for (Index k = 0; k < X.d; k += kBlock) {
      const Index features = std::min(kBlock, X.d - k);
      pair_rows(W[p].data + k * width, width, features, width, nullptr, scratch, kWidth);
      multiply({x + k / 2, stride, 1}, X.b, scratch, in_pairs(features), P[p].data, width, k > 0);
    }
    for (Index j = 0; j < X.b; ++j) q[j] += squares(P[p].data + j * width, width);
  }
}

/// `x`: in_pairs(X.b) rows of in_vectors(X.d) pairs. `scratch`: kBlock / 2 x kWidth.
void neurons_update(std::span<const Panel> W, std::span<const Panel> P, const Samples& X, const float* weight,
                    Pair* x, Pair* scratch) {
  const Index stride = in_vectors(X.d);
  pair_rows(X.data, X.stride, X.b, X.d, nullptr, x, stride);
  // Backwards: the panels that the forward pass touched last are still in the cache.
  for (std::size_t p = W.size(); p-- > 0;) {
    const Index width = W[p].width;
    for (Index block = 0; block < X.b; block += kBlock) {
      const Index samples = std::min(kBlock, X.b - block);
      pair_rows(P[p].data + block * width, width, samples, width, weight + block, scratch, kWidth);
      multiply({x + block / 2 * stride, 1, stride}, X.d, scratch, in_pairs(samples), W[p].data, width, true);
    }
  }
}

void round_all(std::span<float> values) {
  const auto n = static_cast<Index>(values.size());
  for (Index i = 0; i < n; i += kLanes) {
    const __mmask16 mask = lanes(i, n);
    const __m512i pairs = paired(_mm512_setzero_ps(), _mm512_maskz_loadu_ps(mask, values.data() + i));
    _mm512_mask_storeu_ps(values.data() + i, mask, _mm512_castsi512_ps(pairs));
  }
}

}  // namespace
}  // namespace lazygap::train
HWY_POP_ATTRIBUTES
#else
namespace lazygap::train {
namespace {

// Never reached: check_available throws first.
void neurons_forward(std::span<const Panel>, std::span<const Panel>, const Samples&, float*, Pair*, Pair*) {}
void neurons_update(std::span<const Panel>, std::span<const Panel>, const Samples&, const float*, Pair*,
                    Pair*) {}
void round_all(std::span<float>) {}

}  // namespace
}  // namespace lazygap::train
#endif

namespace lazygap::train {
namespace {

void check_available(const char* function) {
  if (!has_bf16_products())
    throw UsageError(std::string(function) + ": this processor has no AVX512_BF16, which bf16 needs");
}

}  // namespace

void round_to_bf16(std::span<float> values) {
  check_available("round_to_bf16");
  round_all(values);
}

struct Bf16Neurons::Storage {
  Index d, N, batch;
  fp32::Panels W, P;
  Pairs x, scratch;
};

Bf16Neurons::Bf16Neurons(const Matrix& W, Index batch) {
  check_available("Bf16Neurons");
  storage_.reset(new Storage{W.rows(), W.cols(), batch, fp32::panels_of(W), fp32::Panels(batch, 0, W.cols()),
                             make_pairs(in_pairs(batch) * in_vectors(W.rows())),
                             make_pairs(kBlock / 2 * kWidth)});
}
Bf16Neurons::~Bf16Neurons() = default;
Bf16Neurons::Bf16Neurons(Bf16Neurons&&) noexcept = default;
Bf16Neurons& Bf16Neurons::operator=(Bf16Neurons&&) noexcept = default;

Matrix Bf16Neurons::matrix() const { return fp32::matrix_of(storage_->W, storage_->d, storage_->N); }

void Bf16Neurons::forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q) {
  const Samples x = fp32::samples("Bf16Neurons::forward", X, storage_->d, storage_->batch, q.size());
  neurons_forward(storage_->W.all(), storage_->P.all(), x, q.data(), storage_->x.get(),
                  storage_->scratch.get());
}

void Bf16Neurons::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight) {
  const Samples x = fp32::samples("Bf16Neurons::update", X, storage_->d, storage_->batch, weight.size());
  neurons_update(storage_->W.all(), storage_->P.all(), x, weight.data(), storage_->x.get(),
                 storage_->scratch.get());
}

}  // namespace lazygap::train
