#include "lazygap/report/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lazygap/core/error.h"
#include "lazygap/limit/nt.h"
#include "report/hand_made.h"

namespace lazygap::report {
namespace {

const Series& series_named(const Frame& frame, const std::string& name) {
  const auto found =
      std::find_if(frame.series.begin(), frame.series.end(), [&](const Series& s) { return s.name == name; });
  if (found == frame.series.end()) throw std::runtime_error("no series " + name);
  return *found;
}

TEST(Frame, LeftHasEveryRouteOfEveryRegime) {
  const plan::Plan plan = hand_made::plan();
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  EXPECT_FALSE(frame.along_training);
  EXPECT_EQ(frame.title, "Quadratic function, d = 8");
  ASSERT_EQ(frame.series.size(), 4u * 3u);
  for (const char* name :
       {"NN limit", "NN exact", "NN train", "NT limit", "NT exact", "NT train", "RF(I) limit", "RF(I) exact",
        "RF(I) fit", "RF(Gamma*) limit", "RF(Gamma*) exact", "RF(Gamma*) fit"})
    EXPECT_NO_THROW(static_cast<void>(series_named(frame, name))) << name;
  const Series& fit = series_named(frame, "RF(I) fit");
  ASSERT_EQ(fit.points.size(), 3u);
  EXPECT_EQ(fit.points[1].x, 8);
  EXPECT_EQ(fit.points[1].ratio, 1.0 / 9 + 0.03125);
  EXPECT_EQ(fit.points[1].se, 0.0078125);
  EXPECT_EQ(fit.points[1].n, 1000);
  EXPECT_EQ(series_named(frame, "NT train").points[0].n, 4000);
  EXPECT_FALSE(series_named(frame, "NN exact").points[0].se);
}

TEST(Frame, LimitsAreCurvesThroughNEqualsD) {
  const plan::Plan plan =
      hand_made::plan("left", "qf", {{"problem.d", "100"}, {"sweep.neurons", "[10, 1000]"}});
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  const Series& limit = series_named(frame, "NT limit");
  EXPECT_GT(limit.points.size(), 100u);
  EXPECT_TRUE(std::is_sorted(limit.points.begin(), limit.points.end(),
                             [](const Point& a, const Point& b) { return a.x < b.x; }));
  EXPECT_EQ(
      std::count_if(limit.points.begin(), limit.points.end(), [](const Point& p) { return p.N == 100; }), 1);
  const Problem problem = question::make_instance(plan.at(Method::limit, Regime::nt, 0)).problem;
  for (const Point& point : limit.points)
    EXPECT_EQ(point.ratio, limit::nt_ratio(problem, point.x / 100)) << "N = " << point.N;
}

TEST(Frame, BayesIsOneLine) {
  const plan::Plan plan = hand_made::plan("left", "mg");
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  const Series& bayes = series_named(frame, "Bayes exact");
  ASSERT_EQ(bayes.points.size(), 2u);
  EXPECT_EQ(bayes.points[0].x, 2);
  EXPECT_EQ(bayes.points[1].x, 32);
  EXPECT_EQ(bayes.points[0].ratio, bayes.points[1].ratio);
  EXPECT_EQ(bayes.points[0].ratio, 0.7 + 0.0125);
}

TEST(Frame, RightAveragesDraws) {
  const plan::Plan plan = hand_made::plan("right");
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  EXPECT_TRUE(frame.along_training);
  EXPECT_EQ(frame.series.size(), 2u * 2u * 4u);
  const Series& train = series_named(frame, "NT train N = 4");
  ASSERT_EQ(train.points.size(), 10u);
  EXPECT_EQ(train.points[2].x, 800.0 / 8);
  EXPECT_EQ(train.points[2].n, 800);
  EXPECT_EQ(train.points[2].draws, 2);
  // R/R0 of the two draws: 8/32 and 9/32; half their difference is the standard error of their mean.
  EXPECT_DOUBLE_EQ(train.points[2].ratio, 8.5 / 32);
  ASSERT_TRUE(train.points[2].se);
  EXPECT_DOUBLE_EQ(*train.points[2].se, 0.5 / 32);
  const Series& flow = series_named(frame, "NT flow N = 4");
  EXPECT_DOUBLE_EQ(flow.points[2].ratio, 8.0 / 32);
  EXPECT_FALSE(flow.points[2].n);
  const Series& limit = series_named(frame, "NN limit N = 2");
  ASSERT_EQ(limit.points.size(), 2u);
  EXPECT_EQ(limit.points[0].x, 0);
  EXPECT_EQ(limit.points[1].x, 400 * 10 / 8.0);
}

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

TEST(Frame, SeriesAreToldApartByTheKeysThatVary) {
  const plan::Plan plan = hand_made::plan("left", "qf", {{"axes.activation.name", "[quadratic, relu]"}});
  const std::vector<Frame> frames = make_frames(plan, hand_made::rows(plan));
  ASSERT_EQ(frames.size(), 1u);
  const Series &relu = series_named(frames[0], "NT train relu"),
               &quadratic = series_named(frames[0], "NT train quadratic");
  EXPECT_EQ(relu.label, "relu");
  EXPECT_EQ(relu.points.size(), 3u);
  EXPECT_NE(relu.tint, quadratic.tint);
  EXPECT_EQ(series_named(frames[0], "NN train relu").tint, relu.tint);
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

TEST(Frame, TheMarkIsAtNEqualsDOnAnAxisOfWidths) {
  const plan::Plan plan = hand_made::plan();
  EXPECT_EQ(make_frames(plan, hand_made::rows(plan)).at(0).mark, 8);
  EXPECT_TRUE(make_frames(plan, hand_made::rows(plan)).at(0).x.log);
  const plan::Plan right = hand_made::plan("right");
  EXPECT_FALSE(make_frames(right, hand_made::rows(right)).at(0).mark);
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

}  // namespace
}  // namespace lazygap::report
