// Activations in fp32, compiled for every instruction set and chosen at run time. Every lane does the same
// arithmetic whatever its neighbours are, so an element's numbers do not depend on its place.

#include "activation/block.h"

#include <algorithm>
#include <array>
#include <span>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "activation/block.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lazygap::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::ScalableTag<float>;
using Floats = hn::Vec<Lanes>;

struct Both {
  Floats value, derivative;
};

HWY_INLINE Floats set(float x) { return hn::Set(Lanes(), x); }
HWY_INLINE Floats exp(Floats x) { return hn::Exp(Lanes(), x); }

/// sum_k c_k t^k, the constant term last.
template <std::size_t n>
HWY_INLINE Floats polynomial(const float (&c)[n], Floats t) {
  Floats sum = set(c[0]);
  for (std::size_t k = 1; k < n; ++k) sum = hn::MulAdd(sum, t, set(c[k]));
  return sum;
}

/// u P(u^2) / Q(u^2), an odd function that has rounded to +-1 at u = +-end and stays there.
template <std::size_t m, std::size_t n>
HWY_INLINE Floats odd_rational(Floats u, float end, const float (&P)[m], const float (&Q)[n]) {
  const auto clamped = hn::Min(hn::Max(u, set(-end)), set(end));
  const auto t = hn::Mul(clamped, clamped);
  const auto ratio = hn::Div(hn::Mul(clamped, polynomial(P, t)), polynomial(Q, t));
  return hn::Min(hn::Max(ratio, set(-1)), set(1));
}

// The coefficients below minimise the largest relative error, 2e-8 for both functions; with the roundings of
// fp32 it is 3e-7.

HWY_INLINE Floats tanh(Floats u) {
  constexpr float P[] = {1.3336771e-08f, 2.05962263e-05f, 0.00349480862f, 0.133803697f, 0.999999979f};
  constexpr float Q[] = {7.76925364e-07f, 0.00032843589f, 0.0258740181f, 0.467136852f, 1};
  return odd_rational(u, 9.01f, P, Q);
}

HWY_INLINE Floats erf(Floats u) {
  constexpr float P[] = {2.05008211e-06f, 0.000284880114f, 0.00376555159f,
                         0.0527485123f,   0.19040511f,     1.12837915f};
  constexpr float Q[] = {3.80915261e-05f, 0.00116251764f, 0.0149690846f, 0.114108523f, 0.502074876f, 1};
  return odd_rational(u, 3.92f, P, Q);
}

/// 1 / (1 + e^-u) and 1 / (1 + e^u), without cancellation.
struct Logistic {
  Floats of_u, of_minus_u;
  HWY_INLINE explicit Logistic(Floats u) {
    const auto e = exp(hn::Neg(hn::Abs(u))), larger = hn::Div(set(1), hn::Add(set(1), e));
    const auto smaller = hn::Mul(e, larger);
    const auto positive = hn::Gt(u, hn::Zero(Lanes()));
    of_u = hn::IfThenElse(positive, larger, smaller);
    of_minus_u = hn::IfThenElse(positive, smaller, larger);
  }
};

struct Quadratic {
  HWY_INLINE Both operator()(Floats u) const { return {hn::Mul(u, u), hn::Add(u, u)}; }
};

struct LeakyRelu {
  float slope;
  HWY_INLINE Both operator()(Floats u) const {
    const auto derivative = hn::IfThenElse(hn::Gt(u, hn::Zero(Lanes())), set(1), set(slope));
    return {hn::Mul(derivative, u), derivative};
  }
};

struct AbsoluteValue {
  HWY_INLINE Both operator()(Floats u) const {
    const auto zero = hn::Eq(u, hn::Zero(Lanes()));
    return {hn::Abs(u), hn::IfThenZeroElse(zero, hn::CopySign(set(1), u))};
  }
};

struct Tanh {
  HWY_INLINE Both operator()(Floats u) const {
    const auto s = tanh(u);
    return {s, hn::NegMulAdd(s, s, set(1))};
  }
};

struct Erf {
  HWY_INLINE Both operator()(Floats u) const {
    constexpr float kSlope = 1.128379167F;  // 2 / sqrt(pi)
    return {erf(u), hn::Mul(set(kSlope), exp(hn::Neg(hn::Mul(u, u))))};
  }
};

struct Sigmoid {
  HWY_INLINE Both operator()(Floats u) const {
    const Logistic p(u);
    return {p.of_u, hn::Mul(p.of_u, p.of_minus_u)};
  }
};

struct Softplus {
  HWY_INLINE Both operator()(Floats u) const {
    const auto rest = hn::Log1p(Lanes(), exp(hn::Neg(hn::Abs(u))));
    return {hn::Add(hn::Max(u, hn::Zero(Lanes())), rest), Logistic(u).of_u};
  }
};

struct Gelu {
  HWY_INLINE Both operator()(Floats u) const {
    constexpr float kInverseRootTwo = 0.7071067812F, kDensity = 0.3989422804F;  // 1 / sqrt(2 pi)
    const auto half = set(0.5F);
    const auto cumulative = hn::MulAdd(half, erf(hn::Mul(u, set(kInverseRootTwo))), half);
    const auto density = hn::Mul(set(kDensity), exp(hn::Mul(hn::Neg(half), hn::Mul(u, u))));
    return {hn::Mul(u, cumulative), hn::MulAdd(u, density, cumulative)};
  }
};

struct Swish {
  HWY_INLINE Both operator()(Floats u) const {
    const Logistic p(u);
    const auto s = hn::Mul(u, p.of_u);
    return {s, hn::MulAdd(s, p.of_minus_u, p.of_u)};
  }
};

/// Sine and cosine. Beyond the range of Highway's reduction NaN, lest a run that diverges goes unnoticed.
HWY_INLINE Both sine_and_cosine(Floats u) {
  const auto outside = hn::Gt(hn::Abs(u), set(39000));
  const auto checked = hn::IfThenElse(outside, hn::NaN(Lanes()), u);
  const auto nan = hn::IsNaN(checked);
  return {hn::IfThenElse(nan, checked, hn::Sin(Lanes(), checked)),
          hn::IfThenElse(nan, checked, hn::Cos(Lanes(), checked))};
}
struct Sine {
  HWY_INLINE Both operator()(Floats u) const { return sine_and_cosine(u); }
};
struct Cosine {
  HWY_INLINE Both operator()(Floats u) const {
    const Both both = sine_and_cosine(u);
    return {both.derivative, hn::Neg(both.value)};
  }
};

/// By the recursion He_{k+1} = u He_k - k He_{k-1}, and He_k' = k He_{k-1}.
struct HermiteSum {
  std::span<const float> a;
  HWY_INLINE Both operator()(Floats u) const {
    const Lanes d;
    auto previous = hn::Zero(d), current = set(1), value = hn::Zero(d), derivative = hn::Zero(d);
    for (std::size_t k = 0; k < a.size(); ++k) {
      const auto order = static_cast<float>(k);
      value = hn::MulAdd(set(a[k]), current, value);
      derivative = hn::MulAdd(set(order * a[k]), previous, derivative);
      const auto next = hn::MulSub(u, current, hn::Mul(set(order), previous));
      previous = current;
      current = next;
    }
    return {value, derivative};
  }
};

/// By Horner's rule.
struct PowerSum {
  std::span<const float> a;
  HWY_INLINE Both operator()(Floats u) const {
    auto value = hn::Zero(Lanes()), derivative = value;
    for (std::size_t k = a.size(); k-- > 0;) {
      derivative = hn::MulAdd(derivative, u, value);
      value = hn::MulAdd(value, u, set(a[k]));
    }
    return {value, derivative};
  }
};

/// `f` on one vector of numbers; NaN wherever u is, whatever min, max and comparisons made of it.
template <class F>
HWY_INLINE void apply(const F& f, const float* u, float* value, float* derivative) {
  const Lanes d;
  const auto x = hn::LoadU(d, u);
  const Both both = f(x);
  const auto nan = hn::IsNaN(x);
  hn::StoreU(hn::IfThenElse(nan, x, both.value), d, value);
  hn::StoreU(hn::IfThenElse(nan, x, both.derivative), d, derivative);
}

/// The last vector is padded, so that every number takes the same instructions.
template <class F>
HWY_INLINE void apply_to_all(const F& f, std::span<const float> u, float* value, float* derivative) {
  constexpr std::size_t n = hn::MaxLanes(Lanes());
  std::size_t first = 0;
  for (; first + n <= u.size(); first += n) apply(f, u.data() + first, value + first, derivative + first);
  if (const std::size_t rest = u.size() - first; rest > 0) {
    std::array<float, n> padded{}, s, ds;
    std::copy_n(u.data() + first, rest, padded.begin());
    apply(f, padded.data(), s.data(), ds.data());
    std::copy_n(s.begin(), rest, value + first);
    std::copy_n(ds.begin(), rest, derivative + first);
  }
}

void Evaluate(BlockFormula formula, std::span<const float> parameters, std::span<const float> u, float* value,
              float* derivative) {
  switch (formula) {
    case BlockFormula::quadratic:
      return apply_to_all(Quadratic(), u, value, derivative);
    case BlockFormula::leaky_relu:
      return apply_to_all(LeakyRelu{parameters[0]}, u, value, derivative);
    case BlockFormula::abs:
      return apply_to_all(AbsoluteValue(), u, value, derivative);
    case BlockFormula::tanh:
      return apply_to_all(Tanh(), u, value, derivative);
    case BlockFormula::erf:
      return apply_to_all(Erf(), u, value, derivative);
    case BlockFormula::sigmoid:
      return apply_to_all(Sigmoid(), u, value, derivative);
    case BlockFormula::softplus:
      return apply_to_all(Softplus(), u, value, derivative);
    case BlockFormula::gelu:
      return apply_to_all(Gelu(), u, value, derivative);
    case BlockFormula::swish:
      return apply_to_all(Swish(), u, value, derivative);
    case BlockFormula::sin:
      return apply_to_all(Sine(), u, value, derivative);
    case BlockFormula::cos:
      return apply_to_all(Cosine(), u, value, derivative);
    case BlockFormula::hermite_sum:
      return apply_to_all(HermiteSum{parameters}, u, value, derivative);
    case BlockFormula::power_sum:
      return apply_to_all(PowerSum{parameters}, u, value, derivative);
  }
}

}  // namespace
}  // namespace lazygap::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lazygap {
namespace {
HWY_EXPORT(Evaluate);
}

ActivationBlock make_block(BlockFormula formula, const std::vector<double>& parameters) {
  return [formula, rounded = std::vector<float>(parameters.begin(), parameters.end())](
             std::span<const float> u, std::span<float> value, std::span<float> derivative) {
    HWY_DYNAMIC_DISPATCH(Evaluate)(formula, rounded, u, value.data(), derivative.data());
  };
}

}  // namespace lazygap
#endif  // HWY_ONCE
