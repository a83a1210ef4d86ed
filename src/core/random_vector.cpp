// Vector versions of Philox4x32-10 and of Box-Muller in fp32, compiled for every instruction set and chosen
// at run time. Every lane does the same arithmetic whatever its neighbours are, so a number depends on its
// address only.

#include "core/random_vector.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "lazygap/core/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/random_vector.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lazygap::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::ScalableTag<std::uint32_t>;
using Words = hn::Vec<Lanes>;
using Wide = hn::RepartitionToWide<Lanes>;
using Float = hn::RebindToFloat<Lanes>;
using Floats = hn::Vec<Float>;
using Signed = hn::RebindToSigned<Lanes>;

/// Word i of a block, one lane for each of Lanes() consecutive blocks.
struct Blocks {
  Words word[4];
};

class Philox {
 public:
  explicit Philox(const RandomAddress& address)
      : low_key_(static_cast<std::uint32_t>(address.seed)),
        high_key_(static_cast<std::uint32_t>(address.seed >> 32)),
        step_(address.step),
        index_(address.index),
        purpose_(static_cast<std::uint32_t>(address.purpose)) {}

  /// Blocks first, first + 1, ...
  HWY_INLINE Blocks operator()(std::uint32_t first) const {
    const Wide wide;
    // Two independent halves: even and odd lanes of the result.
    const auto even = hn::Add(hn::Set(wide, first), hn::ShiftLeft<1>(hn::Iota(wide, 0)));
    State a = start(even), b = start(hn::Add(even, hn::Set(wide, 1)));
    std::uint32_t k0 = low_key_, k1 = high_key_;
    for (int round = 0; round < 10; ++round) {
      const auto key0 = hn::Set(wide, k0), key1 = hn::Set(wide, k1);
      a = next(a, key0, key1);
      b = next(b, key0, key1);
      k0 += 0x9E3779B9;  // the Weyl constants of the key schedule
      k1 += 0xBB67AE85;
    }
    return {{merge(a.c0, b.c0), merge(a.c1, b.c1), merge(a.c2, b.c2), merge(a.c3, b.c3)}};
  }

 private:
  using Counter = hn::Vec<Wide>;
  /// A counter word in the lower half of each 64-bit lane; the upper halves hold garbage that nothing reads.
  struct State {
    Counter c0, c1, c2, c3;
  };

  HWY_INLINE State start(Counter block) const {
    const Wide wide;
    return {block, hn::Set(wide, step_), hn::Set(wide, index_), hn::Set(wide, purpose_)};
  }

  static HWY_INLINE State next(const State& s, Counter key0, Counter key1) {
    const Lanes lanes;
    const auto product0 = hn::MulEven(hn::BitCast(lanes, s.c0), hn::Set(lanes, 0xD2511F53));
    const auto product1 = hn::MulEven(hn::BitCast(lanes, s.c2), hn::Set(lanes, 0xCD9E8D57));
    return {hn::Xor(hn::Xor(hn::ShiftRight<32>(product1), s.c1), key0), product1,
            hn::Xor(hn::Xor(hn::ShiftRight<32>(product0), s.c3), key1), product0};
  }

  static HWY_INLINE Words merge(Counter even, Counter odd) {
    const Lanes lanes;
    return hn::OddEven(hn::BitCast(lanes, hn::ShiftLeft<32>(odd)), hn::BitCast(lanes, even));
  }

  std::uint32_t low_key_, high_key_, step_, index_, purpose_;
};

HWY_INLINE Floats polynomial(Floats x, float c0, float c1, float c2) {
  const Float f;
  return hn::MulAdd(hn::MulAdd(hn::Set(f, c2), x, hn::Set(f, c1)), x, hn::Set(f, c0));
}

/// sqrt(-2 log u), u = (word + 1/2) 2^-32. Relative error below 3e-7 for every word.
HWY_INLINE Floats radius(Words word) {
  const Lanes lanes;
  const Float f;
  const Signed s;
  // Above 1/2 the complement 1 - u is what can be rounded to fp32 without loss: log u = log(1 + t), t = -(1 -
  // u). Below, u = 2^power m with m in [1/2, 1) and t = m - 1. In both cases t is in [-1/2, 0].
  const auto sign = hn::BroadcastSignBit(hn::BitCast(s, word));
  const auto above_half = hn::RebindMask(f, hn::MaskFromVec(sign));
  const auto x = hn::Add(hn::ConvertTo(f, hn::Xor(hn::BitCast(s, word), sign)), hn::Set(f, 0.5f));
  const auto bits = hn::BitCast(lanes, x);
  const auto mantissa =
      hn::BitCast(f, hn::Or(hn::And(bits, hn::Set(lanes, 0x007FFFFF)), hn::Set(lanes, 0x3F000000)));
  const auto t =
      hn::IfThenElse(above_half, hn::Mul(x, hn::Set(f, -0x1p-32f)), hn::Sub(mantissa, hn::Set(f, 1)));
  const auto exponent = hn::ConvertTo(f, hn::BitCast(s, hn::ShiftRight<23>(bits)));
  const auto power = hn::IfThenZeroElse(above_half, hn::Sub(exponent, hn::Set(f, 126 + 32)));
  // -2 log(1 + t) = -2 t + t^2 + t^3 p(t), p the minimax polynomial of degree 7 on [-1/2, 0]: relative
  // error 4.6e-9.
  const auto square = hn::Mul(t, t), fourth = hn::Mul(square, square);
  const auto p0 = hn::MulAdd(hn::Set(f, 0.5019558678085492f), t, hn::Set(f, -0.6666197699419969f));
  const auto p1 = hn::MulAdd(hn::Set(f, 0.5869550645122672f), t, hn::Set(f, -0.36885757856823015f));
  const auto p2 = hn::MulAdd(hn::Set(f, 3.371779269325177f), t, hn::Set(f, 0.8837500533978925f));
  const auto p3 = hn::MulAdd(hn::Set(f, 3.234510652604778f), t, hn::Set(f, 4.366718811998584f));
  const auto p = hn::MulAdd(hn::MulAdd(p3, square, p2), fourth, hn::MulAdd(p1, square, p0));
  const auto logarithm = hn::MulAdd(hn::Set(f, -2), t, hn::Mul(square, hn::MulAdd(p, t, hn::Set(f, 1))));
  return hn::Sqrt(hn::MulAdd(power, hn::Set(f, -1.3862943611198906f), logarithm));
}

/// cos and sin of 2 pi (word + 1/2) 2^-32. Absolute error below 2e-7 for every word.
HWY_INLINE void circle(Words word, Floats& cosine, Floats& sine) {
  const Lanes lanes;
  const Float f;
  const Signed s;
  // The nearest multiple of a quarter turn is split off exactly, in integers.
  const auto rounded = hn::Add(word, hn::Set(lanes, 1u << 29));
  const auto remainder = hn::ShiftRight<2>(hn::BitCast(s, hn::ShiftLeft<2>(word)));
  constexpr float kUnit = 1.4629180792671596e-09f;  // 2 pi / 2^32
  const auto t = hn::MulAdd(hn::ConvertTo(f, remainder), hn::Set(f, kUnit), hn::Set(f, kUnit / 2));
  const auto square = hn::Mul(t, t);
  // Minimax polynomials on [-pi/4, pi/4]: absolute errors 3.6e-9 and 1e-10.
  const auto sine_tail =
      polynomial(square, -0.1666665494019819f, 0.008332177916316139f, -0.00019517266837853535f);
  const auto cosine_tail =
      polynomial(square, 0.04166664686052198f, -0.0013887367212850996f, 2.443841553331144e-05f);
  const auto s0 = hn::MulAdd(hn::Mul(t, square), sine_tail, t);
  const auto c0 =
      hn::MulAdd(hn::Mul(square, square), cosine_tail, hn::MulAdd(square, hn::Set(f, -0.5f), hn::Set(f, 1)));
  const auto odd = hn::RebindMask(f, hn::TestBit(rounded, hn::Set(lanes, 1u << 30)));
  const auto top = hn::Set(lanes, 1u << 31);
  const auto sine_sign = hn::BitCast(f, hn::And(rounded, top));
  const auto cosine_sign = hn::BitCast(f, hn::And(hn::Add(rounded, hn::Set(lanes, 1u << 30)), top));
  cosine = hn::Xor(hn::IfThenElse(odd, s0, c0), cosine_sign);
  sine = hn::Xor(hn::IfThenElse(odd, c0, s0), sine_sign);
}

struct RawWords {
  using Value = std::uint32_t;
  HWY_INLINE void operator()(const Blocks& b, std::uint32_t* HWY_RESTRICT out) const {
    hn::StoreInterleaved4(b.word[0], b.word[1], b.word[2], b.word[3], Lanes(), out);
  }
};

struct Normals {
  using Value = float;
  HWY_INLINE void operator()(const Blocks& b, float* HWY_RESTRICT out) const {
    Floats c0, s0, c1, s1;
    circle(b.word[1], c0, s0);
    circle(b.word[3], c1, s1);
    const auto r0 = radius(b.word[0]), r1 = radius(b.word[2]);
    hn::StoreInterleaved4(hn::Mul(r0, c0), hn::Mul(r0, s0), hn::Mul(r1, c1), hn::Mul(r1, s1), Float(), out);
  }
};

template <class Transform>
HWY_INLINE void fill(const RandomAddress& address, std::span<typename Transform::Value> out,
                     std::uint32_t block, const Transform& transform) {
  const Philox philox(address);
  const std::size_t lanes = hn::Lanes(Lanes()), chunk = 4 * lanes;
  std::size_t i = 0;
  for (; i + chunk <= out.size(); i += chunk, block += static_cast<std::uint32_t>(lanes))
    transform(philox(block), out.data() + i);
  if (i == out.size()) return;
  HWY_ALIGN typename Transform::Value rest[4 * hn::MaxLanes(Lanes())];
  transform(philox(block), rest);
  std::copy_n(rest, out.size() - i, out.data() + i);
}

void WordsOf(const RandomAddress& address, std::span<std::uint32_t> out, std::uint32_t first_block) {
  fill(address, out, first_block, RawWords());
}
void NormalsOf(const RandomAddress& address, std::span<float> out, std::uint32_t first_block) {
  fill(address, out, first_block, Normals());
}

void BoxMuller(std::span<const std::uint32_t> words, std::span<float> radius_out, std::span<float> cosine_out,
               std::span<float> sine_out) {
  const std::size_t lanes = hn::Lanes(Lanes());
  HWY_ALIGN std::uint32_t word[hn::MaxLanes(Lanes())] = {};
  HWY_ALIGN float r[hn::MaxLanes(Lanes())], c[hn::MaxLanes(Lanes())], s[hn::MaxLanes(Lanes())];
  for (std::size_t i = 0; i < words.size(); i += lanes) {
    const std::size_t count = std::min(lanes, words.size() - i);
    std::copy_n(words.data() + i, count, word);
    const Words w = hn::Load(Lanes(), word);
    Floats cosine, sine;
    circle(w, cosine, sine);
    hn::Store(radius(w), Float(), r);
    hn::Store(cosine, Float(), c);
    hn::Store(sine, Float(), s);
    std::copy_n(r, count, radius_out.data() + i);
    std::copy_n(c, count, cosine_out.data() + i);
    std::copy_n(s, count, sine_out.data() + i);
  }
}

}  // namespace
}  // namespace lazygap::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lazygap {

HWY_EXPORT(WordsOf);
HWY_EXPORT(NormalsOf);
HWY_EXPORT(BoxMuller);

void fill_words(const RandomAddress& address, std::span<std::uint32_t> out, std::uint32_t first_block) {
  HWY_DYNAMIC_DISPATCH(WordsOf)(address, out, first_block);
}

void fill_normals(const RandomAddress& address, std::span<float> out, std::uint32_t first_block) {
  HWY_DYNAMIC_DISPATCH(NormalsOf)(address, out, first_block);
}

void detail::box_muller(std::span<const std::uint32_t> words, std::span<float> radius,
                        std::span<float> cosine, std::span<float> sine) {
  HWY_DYNAMIC_DISPATCH(BoxMuller)(words, radius, cosine, sine);
}

}  // namespace lazygap
#endif  // HWY_ONCE
