// Frames of R/R0 against a key.

#include <gtest/gtest.h>

#include <algorithm>

#include "lazygap/limit/nt.h"
#include "report/hand_made.h"

namespace lazygap::report {
namespace {

using hand_made::series_named;

TEST(FrameOfAKey, LeftHasEveryRouteOfEveryRegime) {
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

TEST(FrameOfAKey, LimitsAreCurvesThroughNEqualsD) {
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

TEST(FrameOfAKey, BayesIsOneLine) {
  const plan::Plan plan = hand_made::plan("left", "mg");
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  const Series& bayes = series_named(frame, "Bayes exact");
  ASSERT_EQ(bayes.points.size(), 2u);
  EXPECT_EQ(bayes.points[0].x, 2);
  EXPECT_EQ(bayes.points[1].x, 32);
  EXPECT_EQ(bayes.points[0].ratio, bayes.points[1].ratio);
  EXPECT_EQ(bayes.points[0].ratio, 0.7 + 0.0125);
}

TEST(FrameOfAKey, SeriesAreToldApartByTheKeysThatVary) {
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

TEST(FrameOfAKey, TheMarkIsAtNEqualsDOnAnAxisOfWidths) {
  const plan::Plan plan = hand_made::plan();
  EXPECT_EQ(make_frames(plan, hand_made::rows(plan)).at(0).mark, 8);
  EXPECT_TRUE(make_frames(plan, hand_made::rows(plan)).at(0).x.log);
  const plan::Plan right = hand_made::plan("right");
  EXPECT_FALSE(make_frames(right, hand_made::rows(right)).at(0).mark);
}

}  // namespace
}  // namespace lazygap::report
