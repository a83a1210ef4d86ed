#include "lazygap/math/gaussian_rule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

TEST(GaussianRule, Moments) {
  const GaussianRule rule = gaussian_rule();
  double expected = 1;
  for (int k = 0; k <= 12; k += 2) {
    EXPECT_NEAR(rule.weights.dot(rule.nodes.array().pow(k).matrix()) / expected, 1, 1e-13) << k;
    expected *= k + 1;
  }
}

TEST(GaussianRule, HermitePolynomialsOfHighDegreeAreOrthonormal) {
  const GaussianRule rule = gaussian_rule();
  Eigen::ArrayXd previous = Eigen::ArrayXd::Zero(rule.nodes.size()),
                 current = Eigen::ArrayXd::Ones(rule.nodes.size());
  for (int k = 0; k < 2000; ++k) {
    const Eigen::ArrayXd next = (rule.nodes.array() * current - std::sqrt(k) * previous) / std::sqrt(k + 1.0);
    previous = current;
    current = next;
    if (k % 100 == 99) {
      // Against 1 and against the fourth power; both means vanish.
      EXPECT_NEAR(rule.weights.dot(current.matrix()), 0, 1e-12) << k;
      EXPECT_NEAR(rule.weights.dot((rule.nodes.array().pow(4) * current).matrix()), 0, 1e-10) << k;
    }
  }
}

TEST(GaussianRule, RespectsKinksAndScales) {
  for (const double at : {-3.0, 0.0, 0.123456, 2.5}) {
    const std::vector<double> breaks{at, 40.0};
    const GaussianRule rule = gaussian_rule(breaks);
    const double above = (rule.nodes.array() > at).select(rule.weights, 0).sum();
    EXPECT_NEAR(above, 0.5 * std::erfc(at / std::numbers::sqrt2), 1e-15) << at;
  }
  // E erf(s G)^2 = (2/pi) asin(2 s^2 / (1 + 2 s^2)).
  for (const double s : {0.3, 1.0, 3.0, 30.0}) {
    const GaussianRule rule = gaussian_rule({}, 1 / std::max(1.0, s));
    const double mean =
        rule.weights.dot(rule.nodes.unaryExpr([s](double g) { return std::pow(std::erf(s * g), 2); }));
    EXPECT_NEAR(mean, 2 / std::numbers::pi * std::asin(2 * s * s / (1 + 2 * s * s)), 1e-14) << s;
  }
}

TEST(GaussianRule, RefusesAWidthThatIsNotPositive) {
  EXPECT_THROW(static_cast<void>(gaussian_rule({}, 0)), UsageError);
}

}  // namespace
}  // namespace lazygap
