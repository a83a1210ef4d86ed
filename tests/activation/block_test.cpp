#include <gtest/gtest.h>

#include <cmath>
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

// Over the range of pre-activations and far beyond.
TEST(ActivationBlock, IsTheFunctionAndItsDerivative) {
  constexpr double kSingle = 4e-6;  // some tens of roundings of fp32
  std::vector<float> u;
  for (int k = -2000; k <= 2000; ++k) u.push_back(static_cast<float>(k) / 100);
  std::vector<float> value(u.size()), derivative(u.size());
  for (const Activation& activation : with_blocks()) {
    ASSERT_TRUE(activation.block) << activation.name;
    activation.block(u, value, derivative);
    for (std::size_t k = 0; k < u.size(); ++k) {
      const auto at = static_cast<double>(u[k]);
      // Terms of polynomials cancel: errors are relative to sigma at the end of the range of that size.
      const double size = 1 + std::abs(at) + std::abs(activation.value(std::abs(at) + 1));
      EXPECT_NEAR(value[k], activation.value(at), kSingle * size) << activation.name << " at " << at;
      if (at != 0 || activation.kinks.empty()) {
        EXPECT_NEAR(derivative[k], activation.derivative(at), kSingle * size)
            << activation.name << " at " << at;
      }
    }
  }
}

TEST(ActivationBlock, DoesNotDependOnThePlace) {
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

}  // namespace
}  // namespace lazygap
