#include "lazygap/math/gaussian_rule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

// A sum of about 1e3 terms of size 1 in fp64.
constexpr double kRounding = 1e-13;

template <class Function>
double expectation(const math::GaussianRule& rule, Function f) {
  return (rule.weights.array() * rule.nodes.array().unaryExpr(f)).sum();
}

TEST(GaussianRule, IntegratesMoments) {
  const math::GaussianRule rule = math::gaussian_rule();
  double moment = 1;
  for (int k = 0; k <= 30; k += 2) {
    EXPECT_NEAR(expectation(rule, [&](double g) { return std::pow(g, k); }) / moment, 1, kRounding) << k;
    moment *= k + 1;
  }
  EXPECT_NEAR(expectation(rule, [](double g) { return std::cos(3 * g); }), std::exp(-4.5), kRounding);
  EXPECT_NEAR(expectation(rule, [](double g) { return std::exp(2 * g); }) / std::exp(2), 1, kRounding);
  // Almost without a second moment: E exp(0.49 G^2) = (1 - 0.98)^(-1/2).
  EXPECT_NEAR(expectation(rule, [](double g) { return std::exp(0.45 * g * g); }) * std::sqrt(0.1), 1, 1e-10);
}

TEST(GaussianRule, RespectsKinks) {
  for (const double kink : {-2.1234, 0.0, 0.3, 5.0}) {
    const std::vector<double> kinks{kink};
    const math::GaussianRule rule = math::gaussian_rule(kinks);
    const double beyond = std::erfc(kink / std::sqrt(2.0)) / 2;
    const double density = std::exp(-kink * kink / 2) / std::sqrt(2 * std::acos(-1.0));
    EXPECT_NEAR(expectation(rule, [&](double g) { return g > kink ? 1.0 : 0.0; }), beyond, kRounding);
    EXPECT_NEAR(expectation(rule, [&](double g) { return std::max(g - kink, 0.0); }), density - kink * beyond,
                kRounding);
  }
}

TEST(GaussianRule, IsSymmetricWithoutKinks) {
  const math::GaussianRule rule = math::gaussian_rule({}, 0.3);
  EXPECT_LT((rule.nodes + rule.nodes.reverse()).cwiseAbs().maxCoeff(), 1e-13);
}

TEST(GaussianRule, RefusesBadArguments) {
  const std::vector<double> kinks{std::numeric_limits<double>::infinity()};
  EXPECT_THROW(static_cast<void>(math::gaussian_rule(kinks)), UsageError);
  EXPECT_THROW(static_cast<void>(math::gaussian_rule({}, 0)), UsageError);
}

TEST(NormalisedHermiteCoefficients, OfAnExponential) {
  // exp(tG) = exp(t^2/2) sum_k t^k He_k(G) / k!.
  const math::GaussianRule rule = math::gaussian_rule();
  const double t = 0.8;
  const Vector c = math::normalised_hermite_coefficients(rule, (t * rule.nodes.array()).exp().matrix(), 60);
  double expected = std::exp(t * t / 2);
  for (Index k = 0; k < c.size(); ++k) {
    EXPECT_NEAR(c[k], expected, kRounding) << k;
    expected *= t / std::sqrt(static_cast<double>(k + 1));
  }
}

TEST(NormalisedHermiteCoefficients, OfAStepUpToHighOrder) {
  // c_k = E[sign(G) He_k(G)] / sqrt(k!) = 2 phi(0) He_{k-1}(0) / sqrt(k!); their squares sum to 1 slowly.
  const std::vector<double> kinks{0};
  const math::GaussianRule rule = math::gaussian_rule(kinks);
  const Vector sign = rule.nodes.cwiseSign();
  const Vector c = math::normalised_hermite_coefficients(rule, sign, 400);
  double expected = std::sqrt(2 / std::acos(-1.0));
  for (Index k = 1; k < c.size(); k += 2) {
    EXPECT_NEAR(c[k], expected, kRounding) << k;
    EXPECT_NEAR(c[k - 1], 0, kRounding) << k - 1;
    const double order = static_cast<double>(k);
    expected *= -order / std::sqrt((order + 1) * (order + 2));
  }
}

}  // namespace
}  // namespace lazygap
