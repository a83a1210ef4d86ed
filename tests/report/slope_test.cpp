#include "report/slope.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lazygap::report {
namespace {

constexpr double kRounding = 1e-12;  // of a handful of sums

TEST(Slope, OfAPowerIsItsExponent) {
  std::vector<SlopePoint> points;
  for (const double x : {10.0, 30.0, 100.0, 250.0})
    points.push_back({.x = x, .y = 3 * std::pow(x, -1.5), .se = 1e-6});
  const auto slope = fitted_slope(points);
  ASSERT_TRUE(slope);
  EXPECT_NEAR(slope->value, -1.5, kRounding);
}

TEST(Slope, ItsErrorIsThatOfAWeightedFit) {
  // log x = 0, 1, 2, each log y with the error 0.1: the variance of the slope is 0.01 / 2.
  std::vector<SlopePoint> points;
  for (const double log_x : {0.0, 1.0, 2.0}) points.push_back({.x = std::exp(log_x), .y = 1, .se = 0.1});
  const auto slope = fitted_slope(points);
  ASSERT_TRUE(slope);
  EXPECT_NEAR(slope->value, 0, kRounding);
  EXPECT_NEAR(slope->se, 0.1 / std::sqrt(2.0), kRounding);
}

TEST(Slope, NeedsThreePointsThatCanBeSeen) {
  std::vector<SlopePoint> points{
      {.x = 1, .y = 1, .se = 0.1}, {.x = 2, .y = 0.5, .se = 0.1}, {.x = 4, .y = 0.1, .se = 0.1}};
  EXPECT_FALSE(fitted_slope(points)) << "the last one is one standard error from 0";
  points[2].se = 0.01;
  EXPECT_TRUE(fitted_slope(points));
  for (SlopePoint& point : points) point.x = 3;
  EXPECT_FALSE(fitted_slope(points)) << "all at one place";
}

}  // namespace
}  // namespace lazygap::report
