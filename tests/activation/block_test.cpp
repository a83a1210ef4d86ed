#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "lazygap/activation/activation.h"

namespace lazygap {
namespace {

std::vector<Activation> with_blocks() {
  std::vector<Activation> activations{Activation::quadratic()};
  for (const char* name :
       {"quadratic", "relu", "leaky_relu(0.2)", "abs", "tanh", "erf", "sigmoid", "softplus", "gelu", "swish",
        "sin", "cos", "hermite(3)", "hermite(5)", "polynomial(1, 2, 0, 0.5)"})
    activations.push_back(activation_from_name(name));
  const std::vector<double> lambda{0.5, 1, 2, -1};
  activations.push_back(activation_from_hermite_coefficients(lambda));
  return activations;
}

/// Every instruction set compiled in that this processor has.
class ActivationBlock : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};
INSTANTIATE_TEST_SUITE_P(Blocks, ActivationBlock, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& parameter) { return std::string(hwy::TargetName(parameter.param)); });

// Over the range of pre-activations and far beyond.
TEST_P(ActivationBlock, IsTheFunctionAndItsDerivative) {
  constexpr double kSingle = 5e-7;      // eight roundings of fp32
  constexpr double kPolynomial = 4e-6;  // some tens, of terms that cancel
  std::vector<float> u;
  for (int k = -2000; k <= 2000; ++k) u.push_back(static_cast<float>(k) / 100);
  std::vector<float> value(u.size()), derivative(u.size());
  for (const Activation& activation : with_blocks()) {
    ASSERT_TRUE(activation.block) << activation.name;
    activation.block(u, value, derivative);
    const bool cancels = activation.name.starts_with("hermite") || activation.name.starts_with("polynomial");
    const double tolerance = cancels ? kPolynomial : kSingle;
    for (std::size_t k = 0; k < u.size(); ++k) {
      const auto at = static_cast<double>(u[k]);
      // Errors of polynomials are relative to sigma at the end of the range of that size.
      const double size = 1 + std::abs(at) + std::abs(activation.value(std::abs(at) + 1));
      EXPECT_NEAR(value[k], activation.value(at), tolerance * size) << activation.name << " at " << at;
      if (at != 0 || activation.kinks.empty()) {
        EXPECT_NEAR(derivative[k], activation.derivative(at), tolerance * size)
            << activation.name << " at " << at;
      }
    }
  }
}

TEST_P(ActivationBlock, DoesNotDependOnThePlace) {
  const std::vector<float> u{-1.7f, 0.3f, 0.0f, 2.2f, -0.4f, 9.0f, 0.7f};
  for (const Activation& activation : with_blocks()) {
    std::vector<float> longer(40, 1.0f), value(40), derivative(40);
    for (const std::size_t first : {0, 5, 16, 31}) {
      std::copy(u.begin(), u.end(), longer.begin() + static_cast<std::ptrdiff_t>(first));
      activation.block(longer, value, derivative);
      for (std::size_t k = 0; k < u.size(); ++k) {
        float alone = 0, slope = 0;
        activation.block({&u[k], 1}, {&alone, 1}, {&slope, 1});
        EXPECT_EQ(value[first + k], alone) << activation.name;
        EXPECT_EQ(derivative[first + k], slope) << activation.name;
      }
    }
  }
}

// sigma and sigma' of a panel take the place of its pre-activations.
TEST_P(ActivationBlock, MayOverwriteItsArgument) {
  std::vector<float> u(37);
  for (std::size_t k = 0; k < u.size(); ++k) u[k] = 0.17f * static_cast<float>(k) - 3;
  for (const Activation& activation : with_blocks()) {
    std::vector<float> value(u.size()), derivative(u.size()), other(u.size()), kept = u;
    activation.block(u, value, derivative);
    activation.block(kept, other, kept);
    EXPECT_EQ(other, value) << activation.name;
    EXPECT_EQ(kept, derivative) << activation.name;
    kept = u;
    activation.block(kept, kept, other);
    EXPECT_EQ(kept, value) << activation.name;
    EXPECT_EQ(other, derivative) << activation.name;
  }
}

// A run that diverges is recognised by it.
TEST_P(ActivationBlock, NotANumberStaysOne) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Activation& activation : with_blocks()) {
    const std::vector<float> u{0.5f, nan, -0.5f};
    std::vector<float> value(3), derivative(3);
    activation.block(u, value, derivative);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(std::isnan(value[k]), k == 1) << activation.name;
      EXPECT_EQ(std::isnan(derivative[k]), k == 1) << activation.name;
    }
  }
}

// Far out bounded activations have reached their limits, and nothing overflows on the way.
TEST_P(ActivationBlock, SaturatesFarOut) {
  for (const float u : {15.0f, 90.0f, 200.0f, 3e4f, 1e18f})
    for (const char* name : {"tanh", "erf", "sigmoid", "softplus", "gelu", "swish"}) {
      const Activation activation = activation_from_name(name);
      for (const float at : {u, -u}) {
        float value = 0, slope = 0;
        activation.block({&at, 1}, {&value, 1}, {&slope, 1});
        const bool bounded = activation.name == "tanh" || activation.name == "erf" || at < 0;
        const float end = activation.name == "sigmoid" ? 1.0f : at;
        const float limit = activation.name == "tanh" || activation.name == "erf" ? (at > 0 ? 1.0f : -1.0f)
                            : bounded                                             ? 0.0f
                                                                                  : end;
        const float limiting_slope = limit == at ? 1.0f : 0.0f;
        constexpr float kTail = 1e-5f;  // u sigma(-u) at u = 15, and roundings
        EXPECT_NEAR(value, limit, kTail * std::max(1.0f, std::abs(limit))) << name << " at " << at;
        EXPECT_NEAR(slope, limiting_slope, kTail) << name << " at " << at;
      }
    }
}

// The sine of such a number is not resolved in fp32.
TEST_P(ActivationBlock, SineAndCosineBeyondTheirRangeAreNaN) {
  for (const char* name : {"sin", "cos"})
    for (const float u : {1e5f, -1e5f, std::numeric_limits<float>::infinity()}) {
      float value = 0, slope = 0;
      activation_from_name(name).block({&u, 1}, {&value, 1}, {&slope, 1});
      EXPECT_TRUE(std::isnan(value) && std::isnan(slope)) << name << " at " << u;
    }
}

}  // namespace
}  // namespace lazygap
