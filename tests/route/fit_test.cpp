#include <gtest/gtest.h>

#include <cmath>

#include "route/asked.h"

namespace lazygap::route {
namespace {

using asked::question;
using asked::refusal;

TEST(FitRoute, AppliesToRegimesThatAreLinear) {
  const Route& fit = route_of(Method::fit);
  EXPECT_TRUE(fit.is_simulation);
  EXPECT_TRUE(fit.applies(Regime::rf_isotropic));
  EXPECT_TRUE(fit.applies(Regime::nt));
  EXPECT_FALSE(fit.applies(Regime::nn));
  EXPECT_FALSE(fit.applies(Regime::bayes));
}

TEST(FitRoute, ItsRiskIsAboveTheExactOneOfTheSameDraw) {
  const store::Result fitted = test::answer(question(Method::fit, Regime::rf_isotropic));
  const store::Result exact = test::answer(question(Method::exact, Regime::rf_isotropic));
  EXPECT_GT(fitted.risk, exact.risk);
  EXPECT_EQ(fitted.n, 500);
  ASSERT_TRUE(fitted.test_ratio && fitted.test_se);
  constexpr double kMostSigmas = 5;  // of the estimate on fresh samples, with a fixed seed
  EXPECT_LT(std::abs(*fitted.test_ratio - fitted.ratio), kMostSigmas * *fitted.test_se);
}

TEST(FitRoute, NoiseReachesTheSamples) {
  const double clean = test::answer(question(Method::fit, Regime::rf_isotropic)).risk;
  const double noisy =
      test::answer(question(Method::fit, Regime::rf_isotropic, {{"problem.noise_to_signal", "1"}})).risk;
  EXPECT_GT(noisy, clean);
}

}  // namespace
}  // namespace lazygap::route
