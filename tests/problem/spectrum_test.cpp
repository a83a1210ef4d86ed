#include "lazygap/problem/spectrum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

using Kind = SpectrumLaw::Kind;
constexpr double kStandardErrors = 4;

TEST(Spectrum, ExponentialHasTheMomentsOfExp1) {
  constexpr Index d = 100000;
  const Vector b = draw_spectrum({.kind = Kind::exponential}, d, 1);
  EXPECT_GT(b.minCoeff(), 0);
  // Exp(1): mean 1, variance 1; second moment 2, variance of the square 24 - 4.
  EXPECT_LT(std::abs(b.mean() - 1), kStandardErrors * std::sqrt(1.0 / d));
  EXPECT_LT(std::abs(b.squaredNorm() / d - 2), kStandardErrors * std::sqrt(20.0 / d));
}

TEST(Spectrum, ChoiceIsUniformOnItsValues) {
  constexpr Index d = 90000;
  const Vector b =
      draw_spectrum({.kind = Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, d, 1);
  for (const double value : {1.0, 1.5, 2.0}) {
    const double count = static_cast<double>((((b * std::sqrt(d)).array() - value).abs() < 1e-9).count());
    EXPECT_LT(std::abs(count - d / 3.0), kStandardErrors * std::sqrt(d * 2.0 / 9.0)) << value;
  }
}

TEST(Spectrum, LawsWithoutChance) {
  EXPECT_EQ(draw_spectrum({.kind = Kind::identity}, 3, 1), (Vector{{1, 1, 1}}));
  EXPECT_EQ(draw_spectrum({.kind = Kind::identity, .scale = -2}, 2, 1), (Vector{{-2, -2}}));
  EXPECT_EQ(draw_spectrum({.kind = Kind::power, .exponent = 2}, 3, 1), (Vector{{1, 0.25, 1.0 / 9}}));
  EXPECT_EQ(draw_spectrum({.kind = Kind::low_rank, .rank = 2}, 4, 1), (Vector{{1, 1, 0, 0}}));
  EXPECT_EQ(draw_spectrum({.kind = Kind::explicit_, .values = {3, -1}}, 2, 1), (Vector{{3, -1}}));
  EXPECT_EQ(draw_spectrum({.kind = Kind::identity, .scale = 6, .scale_by_inverse_sqrt_d = true}, 4, 1),
            (Vector::Constant(4, 3)));
  EXPECT_EQ(draw_spectrum({.kind = Kind::low_rank, .rank = 1}, 1, 1), (Vector{{1}}));
}

TEST(Spectrum, DependsOnTheSeedOnly) {
  EXPECT_EQ(draw_spectrum({}, 20, 7), draw_spectrum({}, 20, 7));
  EXPECT_NE(draw_spectrum({}, 20, 7), draw_spectrum({}, 20, 8));
}

std::string message(const SpectrumLaw& law, Index d) {
  try {
    (void)draw_spectrum(law, d, 1);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Spectrum, RefusesWhatCannotGiveFiniteNumbers) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message({}, 0), "draw_spectrum: d is 0, but must be at least 1");
  EXPECT_EQ(message({.scale = kNan}, 2), "draw_spectrum: scale is nan, but must be finite");
  EXPECT_EQ(message({.kind = Kind::choice}, 2),
            "draw_spectrum: values is empty, but must have at least one entry");
  EXPECT_EQ(message({.kind = Kind::choice, .values = {kNan}}, 2),
            "draw_spectrum: eigenvalues[0] is nan, but must be finite");
  EXPECT_EQ(message({.kind = Kind::power, .exponent = kNan}, 2),
            "draw_spectrum: exponent is nan, but must be finite");
  EXPECT_EQ(message({.kind = Kind::power, .exponent = -1e4}, 2),
            "draw_spectrum: eigenvalues[1] is inf, but must be finite");
  EXPECT_EQ(message({.kind = Kind::low_rank, .rank = 3}, 2),
            "draw_spectrum: rank is 3, but must be from 1 to d = 2");
  EXPECT_EQ(message({.kind = Kind::low_rank, .rank = 0}, 2),
            "draw_spectrum: rank is 0, but must be from 1 to d = 2");
  EXPECT_EQ(message({.kind = Kind::explicit_, .values = {1, 2, 3}}, 2),
            "draw_spectrum: eigenvalues has size 3, but must have the dimension d = 2");
}

}  // namespace
}  // namespace lazygap
