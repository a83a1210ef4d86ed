// The frames of the mechanism: overlaps, change and kernels along training, and heat maps.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "lazygap/report/draw.h"
#include "lazygap/report/frame.h"
#include "report/hand_made.h"

namespace lazygap::report {
namespace {

/// Overlap (i + draw) / 16 at point i of the first rank, half of it of the second; NT stays where it is.
Mechanism mechanism(bool moves, int draw) {
  Mechanism mechanism{.ranks = {1, 4}, .points = {}, .before = Matrix::Constant(8, 8, 0.125), .after = {}};
  mechanism.after = moves ? Matrix(Matrix::Identity(8, 8)) : mechanism.before;
  for (int i = 0; i < 4; ++i) {
    const double overlap = moves ? (i + draw) / 16.0 : 0.5;
    mechanism.points.push_back({.step = 100 * i,
                                .samples = 1000.0 * i,
                                .eigenvalues = {},
                                .overlaps = {overlap, overlap / 2},
                                .change = moves ? 0.25 * i : 0,
                                .kernel_cosine = moves ? 1 - 0.125 * i : 1});
  }
  return mechanism;
}

std::vector<Row> rows_with_mechanism(const plan::Plan& plan) {
  std::vector<Row> rows = hand_made::rows(plan);
  for (Row& row : rows)
    for (std::size_t k = 0; k < 2; ++k)
      row.summaries.at(Method::train).results[k].mechanism =
          mechanism(row.regime == Regime::nn, static_cast<int>(k));
  return rows;
}

TEST(FrameOfTheMechanism, IsThereWhereItWasRecorded) {
  const plan::Plan right = hand_made::plan("right"), left = hand_made::plan("left");
  EXPECT_EQ(make_frames(right, hand_made::rows(right)).size(), 1u);
  const std::vector<Frame> frames = make_frames(right, rows_with_mechanism(right));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[1].name, "hand-made-right-mechanism");
  EXPECT_EQ(frames[2].name, "hand-made-right-directions");
  for (std::size_t i : {1, 2}) EXPECT_EQ(frames[i].title, "Quadratic function, d = 8, N = 4");
}

/// The kernels of SGD against the output scale, between the lines of NN and NT.
TEST(FrameOfTheKernel, FollowsTheOutputScale) {
  const plan::Plan plan = plan::plan_from_text(R"plan(name = "scales"
[problem]
model = "qf"
d = 8
spectrum = { law = "exponential" }
[sweep]
regimes = ["NN", "NT"]
methods = ["exact", "lazy_rich", "train"]
[train]
parameterisation = "unit"
mechanism = true
[axes]
"network.width" = [2, 4]
"network.output_scale" = [0.1, 1.0, 10.0]
[figure]
frame = "axes"
x = "network.output_scale"
)plan",
                                               "scales");
  std::vector<Row> rows = hand_made::rows(plan);
  EXPECT_EQ(make_frames(plan, rows).size(), 1u) << "nothing was recorded";
  for (Row& row : rows) {
    if (row.regime == Regime::nt) row.summaries.erase(Method::lazy_rich);
    for (auto& [method, summary] : row.summaries) {
      const bool runs = method == Method::train, ends = method == Method::lazy_rich;
      if (ends) summary.results.clear();
      for (int draw = 0; draw < 2 && ends; ++draw) summary.results.emplace_back().draw = draw;
      for (std::size_t k = 0; k < summary.results.size(); ++k) {
        if (runs) summary.results[k].mechanism = mechanism(row.regime == Regime::nn, static_cast<int>(k));
        if (ends) summary.results[k].mechanism.points = {{.kernel_cosine = 0.5 + 0.25 * double(k)}};
      }
    }
  }
  const std::vector<Frame> frames = make_frames(plan, rows);
  ASSERT_EQ(frames.size(), 2u);
  const Frame& frame = frames[1];
  EXPECT_EQ(frame.name, "scales-kernel");
  EXPECT_EQ(frame.y.label, "cosine of the tangent kernels");
  EXPECT_EQ(frames[0].y.label, "{/:Italic R} / {/:Italic R}_0");
  EXPECT_EQ(frame.x.label, frames[0].x.label);
  std::set<std::string> seen;
  for (const Series& series : frame.series) {
    seen.insert(series.regime + " " + series.method);
    const Point& last = series.points.back();
    if (series.regime == "NT") {
      EXPECT_EQ(last.ratio, 1) << series.name;
    }
    if (series.regime == "NN" && series.method == "train") {
      EXPECT_EQ(last.ratio, 1 - 0.125 * 3);
      EXPECT_EQ(series.points.size(), 3u);
    }
    if (series.method == "lazy_rich") {
      EXPECT_EQ(last.ratio, 0.625);
      EXPECT_EQ(*last.se, 0.125);
    }
    if (series.regime == "NN" && series.method == "exact") {  // a line, at the cosine where NN ends
      EXPECT_EQ(series.points.size(), 2u);
      EXPECT_GT(last.ratio, 0.2);
      EXPECT_LT(last.ratio, 0.98);
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"NN exact", "NN lazy_rich", "NN train", "NT exact", "NT train"}));
  const std::string script = gnuplot_script(frame);
  EXPECT_NE(script.find("'%.6g, value = %.5g'"), std::string::npos) << "the pointer does not call it R/R0";
}

TEST(FrameOfTheMechanism, AveragesDrawsOfTheLargestWidth) {
  const plan::Plan plan = hand_made::plan("right");
  const Frame frame = make_frames(plan, rows_with_mechanism(plan)).at(1);
  std::set<std::string> names;
  for (const Series& series : frame.series) {
    names.insert(series.regime + ", " + series.label);
    ASSERT_EQ(series.points.size(), 4u);
    for (const Point& point : series.points) EXPECT_EQ(point.N, 4);
    if (series.regime == "NN" && series.label == "overlap, k = 1") {
      EXPECT_EQ(series.points[2].x, 2000.0 / 8);
      EXPECT_EQ(series.points[2].n, 2000);
      EXPECT_EQ(series.points[2].ratio, 2.5 / 16);
      EXPECT_EQ(series.points[2].draws, 2);
      EXPECT_DOUBLE_EQ(*series.points[2].se, 0.5 / 16);
    }
    if (series.regime == "NT" && series.label == "change of W") {
      EXPECT_EQ(series.points[3].ratio, 0);
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"NN, overlap, k = 1", "NN, overlap, k = 4", "NN, change of W",
                                          "NN, cosine of kernels", "NT, overlap, k = 1", "NT, overlap, k = 4",
                                          "NT, change of W", "NT, cosine of kernels"}));
  EXPECT_EQ(
      describe(frame),
      "Quadratic function, d = 8, N = 4: overlap with the target's directions, change of W and cosine of the "
      "tangent kernels against samples per dimension, n / d for NN, NT; every number is in "
      "hand-made-right-mechanism.csv.");
}

TEST(FrameOfTheMechanism, HeatMapsOfBothRegimes) {
  const plan::Plan plan = hand_made::plan("right");
  const Frame frame = make_frames(plan, rows_with_mechanism(plan)).at(2);
  ASSERT_EQ(frame.maps.size(), 3u);
  EXPECT_EQ(frame.maps[0].title, "NN, start");
  EXPECT_EQ(frame.maps[1].title, "NN, end");
  EXPECT_EQ(frame.maps[2].title, "NT, start and end");
  EXPECT_EQ(frame.maps[1].shares, Matrix::Identity(8, 8));
}

}  // namespace
}  // namespace lazygap::report
