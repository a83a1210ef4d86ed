#include "report/axes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lazygap/report/escape.h"
#include "report/hand_made.h"
#include "report/parsed_script.h"

namespace lazygap::report {
namespace {

TEST(Axes, LinearTicksAreRoundAndFew) {
  EXPECT_EQ(linear_ticks("ytics", 0, 1.05), "set ytics 0.2 out nomirror scale 0.6,0.3\n");
  EXPECT_EQ(linear_ticks("ytics", -10.2, 356), "set ytics 50 out nomirror scale 0.6,0.3\n");
  EXPECT_EQ(linear_ticks("xtics", 0, 1e-6), "set xtics 2e-07 out nomirror scale 0.6,0.3\n");
}

TEST(Axes, LogarithmicTicksHaveSmallOnesBetweenThem) {
  EXPECT_EQ(
      log_ticks("xtics", 9, 110, gnuplot_string),
      "set xtics ('10' 10, '20' 20, '50' 50, '100' 100, '' 9 1, '' 30 1, '' 40 1, '' 60 1, '' 70 1, '' 80 1, "
      "'' 90 1) out nomirror scale 0.6,0.3\n");
  EXPECT_EQ(log_ticks("xtics", 0.9, 1.4, gnuplot_string),
            "set xtics ('0.9' 0.9, '1' 1, '1.1' 1.1, '1.2' 1.2, '1.3' 1.3, '1.4' 1.4) out nomirror scale "
            "0.6,0.3\n");
  EXPECT_NE(log_ticks("ytics", 1e-7, 1, gnuplot_string).find("'10^{-6}' 1e-06, "), std::string::npos);
  EXPECT_NE(log_ticks("ytics", 1e-7, 1.5e-7, gnuplot_string).find("'1.2×10^{-7}' 1.2e-07"), std::string::npos)
      << log_ticks("ytics", 1e-7, 1.5e-7, gnuplot_string);
}

TEST(Axes, WhateverTheRangeThereAreSomeTicksAndFewerThanFifteen) {
  constexpr std::size_t kLeast = 2, kMost = 14;
  for (double left = 1e-9; left < 1e9; left *= 3.7)
    for (double factor = 1.15; factor < 1e30; factor *= 1.9) {
      const double right = left * factor;
      const std::size_t log = parsed::ticks(log_ticks("xtics", left, right, gnuplot_string), "x");
      EXPECT_GE(log, kLeast) << left << " " << right;
      EXPECT_LE(log, kMost) << left << " " << right;
      const std::string linear = linear_ticks("xtics", left, right);
      const double step = std::stod(parsed::all_matches(linear, "xtics ([^ ]*) ").at(0));
      EXPECT_LE((right - left) / step, kMost) << linear;
      EXPECT_GE((right - left) / step, kLeast) << linear;
    }
}

TEST(Axes, RatioReachesUpToR0UnlessNothingComesNear) {
  const plan::Plan plan = hand_made::plan();
  Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  EXPECT_EQ(ends_of_ratio(frame).top, 1.05);
  for (Series& series : frame.series)
    for (Point& point : series.points) point.ratio /= 50;
  EXPECT_LT(ends_of_ratio(frame).top, 0.02);
  EXPECT_LT(ends_of_ratio(frame).bottom, 0);
}

TEST(Axes, WordsStandAtTheirPlaces) {
  const plan::Plan plan = hand_made::plan("left", "qf",
                                          {{"sweep.neurons", "[4]"},
                                           {"axes.activation.name", "[relu, quadratic]"},
                                           {"sweep.methods", "[exact]"},
                                           {"figure.frame", "axes"},
                                           {"figure.x", "activation.name"}});
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  EXPECT_NE(axes_script(frame, gnuplot_string).find("set xtics ('relu' 0, 'quadratic' 1)"), std::string::npos)
      << axes_script(frame, gnuplot_string);
}

}  // namespace
}  // namespace lazygap::report
