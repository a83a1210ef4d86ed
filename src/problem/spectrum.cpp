#include "lazygap/problem/spectrum.h"

#include <fmt/format.h>

#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/random.h"

namespace lazygap {
namespace {

constexpr auto kFunction = "draw_spectrum";

Vector draw_unscaled(const SpectrumLaw& law, Index d, std::uint64_t seed, std::uint32_t index) {
  const auto uniforms = [&] {
    Vector u(d);
    fill_uniforms({.seed = seed, .purpose = Purpose::spectrum, .index = index},
                  {u.data(), static_cast<std::size_t>(d)});
    return u;
  };
  const Eigen::Map<const Vector> values(law.values.data(), static_cast<Index>(law.values.size()));
  switch (law.kind) {
    case SpectrumLaw::Kind::exponential:
      return -uniforms().array().log();
    case SpectrumLaw::Kind::choice: {
      check_not_empty(kFunction, "values", values.size());
      const Vector u = uniforms();
      return Vector::NullaryExpr(
          d, [&](Index i) { return values[static_cast<Index>(u[i] * static_cast<double>(values.size()))]; });
    }
    case SpectrumLaw::Kind::identity:
      return Vector::Ones(d);
    case SpectrumLaw::Kind::power:
      check_finite(kFunction, "exponent", law.exponent);
      return Vector::NullaryExpr(
          d, [&](Index i) { return std::pow(static_cast<double>(i + 1), -law.exponent); });
    case SpectrumLaw::Kind::low_rank:
      if (law.rank < 1 || law.rank > d)
        throw UsageError(fmt::format("{}: rank is {}, but must be from 1 to d = {}", kFunction, law.rank, d));
      return Vector::NullaryExpr(d, [&](Index i) { return i < law.rank ? 1.0 : 0.0; });
    case SpectrumLaw::Kind::explicit_:
      check_size(kFunction, "eigenvalues", values.size(), "the dimension d", d);
      return values;
  }
  throw UsageError(fmt::format("{}: unknown law", kFunction));
}

}  // namespace

Vector draw_spectrum(const SpectrumLaw& law, Index d, std::uint64_t seed, std::uint32_t index) {
  check_at_least(kFunction, "d", d, 1);
  check_finite(kFunction, "scale", law.scale);
  double scale = law.scale;
  if (law.scale_by_inverse_sqrt_d) scale /= std::sqrt(static_cast<double>(d));
  Vector spectrum = draw_unscaled(law, d, seed, index) * scale;
  check_finite(kFunction, "eigenvalues", spectrum);
  return spectrum;
}

}  // namespace lazygap
