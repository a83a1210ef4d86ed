#include "lazygap/report/frame.h"

#include <gtest/gtest.h>

#include "lazygap/core/error.h"
#include "lazygap/report/draw.h"
#include "report/hand_made.h"

namespace lazygap::report {
namespace {

using hand_made::series_named;

TEST(Frame, MissingResultsAreLeftOut) {
  const plan::Plan plan = hand_made::plan();
  std::vector<Row> rows = hand_made::rows(plan);
  for (Row& row : rows)
    if (row.regime == Regime::nt) {
      row.summaries.erase(Method::train);
      if (row.N == 8) row.summaries.erase(Method::exact);
    }
  const Frame frame = make_frames(plan, rows).at(0);
  EXPECT_THROW(static_cast<void>(series_named(frame, "NT train")), std::runtime_error);
  EXPECT_EQ(series_named(frame, "NT exact").points.size(), 2u);
}

TEST(Frame, AFacetIsAFrameForEachValue) {
  const plan::Plan plan = hand_made::plan(
      "left", "qf", {{"axes.activation.name", "[quadratic, relu]"}, {"figure.facet", "activation.name"}});
  const std::vector<Frame> frames = make_frames(plan, hand_made::rows(plan));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_NE(frames[0].name, frames[1].name);
  EXPECT_NE(frames[0].title, frames[1].title);
  for (const Frame& frame : frames) {
    EXPECT_EQ(frame.name.find_first_of("/ ="), std::string::npos) << frame.name;
    EXPECT_NO_THROW(static_cast<void>(series_named(frame, "NT train")));
  }
}

TEST(Frame, NameMustBeAFileName) {
  for (const char* name : {"", ".hidden", "a/b", "a,b", "it's"}) {
    plan::Plan plan = hand_made::plan();
    plan.name = name;
    EXPECT_THROW(static_cast<void>(make_frames(plan, {})), UsageError) << name;
  }
}

TEST(Frame, DescriptionNamesRegimesAndAxis) {
  const plan::Plan plan = hand_made::plan();
  EXPECT_EQ(
      describe(make_frames(plan, hand_made::rows(plan)).at(0)),
      "Quadratic function, d = 8: R/R0 against number of neurons, N for NN, NT, RF(Gamma*), RF(I); every "
      "number is in hand-made-left.csv.");
}

TEST(FrameOfTheGiantStep, LiesBetweenRfWithoutAStepAndNn) {
  const plan::Plan plan = plan::load_plan("giant-step");
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  std::size_t lines = 0;
  for (const Series& series : frame.series) {
    if (series.label != "no step") continue;
    ++lines;
    ASSERT_EQ(series.points.size(), 2u);
    EXPECT_EQ(series.points[0].x, 0.1);
    EXPECT_EQ(series.points[1].x, 100);
    // Theorem 1 at d = N = 100 (docs/theory/one_step.md), to the digits that stand there, for another
    // spectrum.
    constexpr double kSpectrum = 0.02;
    EXPECT_NEAR(series.points[0].ratio, series.regime == "RF(I)" ? 0.672 : 0.396, kSpectrum) << series.regime;
  }
  EXPECT_EQ(lines, 2u) << "RF(I) and RF(Gamma*)";
  EXPECT_NE(gnuplot_script(frame).find("title 'NN'"), std::string::npos) << "whose line is grey otherwise";
}

TEST(FrameOfSpikes, IsDrawnOverTheSquareOfTheEffectiveDimension) {
  const plan::Plan plan = plan::load_plan("spiked-covariates");
  const std::vector<Frame> frames = make_frames(plan, hand_made::rows(plan));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].name, "spiked-covariates-collapse");
  EXPECT_EQ(frames[1].title, frames[0].title);
  EXPECT_EQ(frames[1].x.label, "{/:Italic N} / (effective dimension)²");
  std::size_t spikes = 0;
  for (const Series& series : frames[1].series)
    for (const auto& [label, effective] : {std::pair("r = 1", 100.0), std::pair("r = 2", 5 + 95 / 4.0)}) {
      if (series.label != label) continue;
      ++spikes;
      for (const Point& point : series.points)
        EXPECT_DOUBLE_EQ(point.x, static_cast<double>(point.N) / (effective * effective)) << series.name;
    }
  EXPECT_EQ(spikes, 4u) << "NN and RF, each with its own place for every spike";
  for (const char* one : {"figure-1-left", "double-descent"}) {
    const plan::Plan other = plan::load_plan(one);
    EXPECT_EQ(make_frames(other, hand_made::rows(other)).size(), 1u) << one;
  }
}

}  // namespace
}  // namespace lazygap::report
