#include "../src/network/close_pairs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "lazygap/activation/activation.h"

namespace lazygap::network {
namespace {

// The coefficients are differences of moments that the quadrature knows to 1e-13, divided by the square of
// the sine of the angle.
double accuracy(double sine) { return 2e-13 / (sine * sine); }

Neurons pair_at(double angle, Vector lengths, Vector biases) {
  return {.directions = Matrix{{1, std::cos(angle)}, {0, std::sin(angle)}},
          .lengths = std::move(lengths),
          .biases = std::move(biases)};
}

TEST(ClosePairs, StepsHaveTheMomentsOfTheArcCosineKernel) {
  const Activation relu = activation_from_name("relu");
  const ScalarFunction step{.value = relu.derivative, .kinks = relu.kinks};
  for (const double angle : {0.2, 1e-2, 1e-3, 3.1405}) {
    const Neurons neurons = pair_at(angle, Vector{{1.0, 1.7}}, Vector::Zero(2));
    const PairMoments pair = close_pair_moments(step, neurons, 0, 1);
    const double sine = std::sin(angle), two_pi = 2 * std::numbers::pi;
    EXPECT_NEAR(pair.k, (std::numbers::pi - angle) / two_pi, 1e-13) << angle;
    EXPECT_NEAR(pair.c12, 1 / (two_pi * sine), accuracy(sine)) << angle;
    EXPECT_NEAR(pair.c11, -std::cos(angle) / (two_pi * sine), accuracy(sine)) << angle;
    EXPECT_NEAR(pair.c22, -std::cos(angle) / (two_pi * sine), accuracy(sine)) << angle;
    EXPECT_LT(pair.error, 1e-12) << angle;
  }
}

TEST(ClosePairs, AgreeWithTheSeriesWhereItConverges) {
  // Biases and lengths of their own; at r = 0.9 the series has converged at degree 1024.
  const Activation relu = activation_from_name("relu");
  for (const auto& value : {relu.value, relu.derivative}) {
    const ScalarFunction s{.value = value, .kinks = relu.kinks};
    const Neurons neurons = pair_at(std::acos(0.9), Vector{{1.3, 0.6}}, Vector{{0.4, -0.3}});
    const PairMoments pair = close_pair_moments(s, neurons, 0, 1);
    const Expansion expansion = expand(s, neurons, 0.9, true);
    double k = 0, c12 = 0, power = 1;
    for (Index n = 0; n < expansion.coefficients.cols(); ++n, power *= 0.9) {
      const double product = expansion.coefficients(0, n) * expansion.coefficients(1, n);
      k += product * power;
      if (n > 0) c12 += static_cast<double>(n) * product * power / 0.9;
    }
    EXPECT_NEAR(pair.k, k, 1e-13);
    EXPECT_NEAR(pair.c12, c12, 1e-12);
  }
}

TEST(ClosePairs, ErrorTellsWhereTheRuleEndsTooEarly) {
  const ScalarFunction s{.value = [](double u) { return u > 0 ? std::exp(u * u / 5) : 0; }, .kinks = {0}};
  EXPECT_GT(close_pair_moments(s, pair_at(0.1, Vector::Ones(2), Vector::Zero(2)), 0, 1).error, 1e-6);
}

}  // namespace
}  // namespace lazygap::network
