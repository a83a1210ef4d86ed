#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "lazygap/activation/activation.h"

namespace lazygap {
namespace {

using Coefficients = std::array<double, 3>;

TEST(AsQuadratic, LooksAtTheFunctionAndNotAtItsName) {
  EXPECT_EQ(as_quadratic(Activation::quadratic()), (Coefficients{0, 0, 1}));
  EXPECT_EQ(as_quadratic(activation_from_name("polynomial(0,0,1)")), (Coefficients{0, 0, 1}));
  EXPECT_EQ(as_quadratic(activation_from_name("polynomial(1, -2, 4)")), (Coefficients{1, -2, 4}));
  EXPECT_EQ(as_quadratic(activation_from_name("hermite(2)")), (Coefficients{-1, 0, 1}));
  EXPECT_EQ(as_quadratic(activation_from_expression("u^2", "2*u")), (Coefficients{0, 0, 1}));
  EXPECT_EQ(as_quadratic(Activation{.name = "mine", .value = [](double u) { return 3 * u * u; }}),
            (Coefficients{0, 0, 3}));
  for (const char* name : {"relu", "abs", "tanh", "erf", "softplus", "gelu", "cos", "sign", "hermite(3)",
                           "hermite(4)", "polynomial(0,0,1,1e-9)"})
    EXPECT_FALSE(as_quadratic(activation_from_name(name)).has_value()) << name;
}

TEST(AsQuadratic, RefusesWhatIsQuadraticOnlyHereAndThere) {
  const Activation clipped{.name = "quadratic", .value = [](double u) { return std::min(u * u, 100.0); }};
  EXPECT_FALSE(as_quadratic(clipped).has_value());
  Activation other = Activation::quadratic();
  other.derivative = [](double u) { return 3 * u; };
  EXPECT_FALSE(as_quadratic(other).has_value());
  EXPECT_FALSE(as_quadratic(Activation{.name = "empty"}).has_value());
}

TEST(IsPureQuadratic, IsTheSquareAndNothingElse) {
  EXPECT_TRUE(is_pure_quadratic(Activation::quadratic()));
  EXPECT_TRUE(is_pure_quadratic(activation_from_name("polynomial(0,0,1)")));
  EXPECT_FALSE(is_pure_quadratic(activation_from_name("hermite(2)")));
  EXPECT_FALSE(is_pure_quadratic(activation_from_name("polynomial(0,0,2)")));
  EXPECT_FALSE(
      is_pure_quadratic(Activation{.name = "quadratic", .value = [](double u) { return u * u * u; }}));
}

}  // namespace
}  // namespace lazygap
