// Frames of R/R0 along training.

#include <gtest/gtest.h>

#include "report/hand_made.h"

namespace lazygap::report {
namespace {

using hand_made::series_named;

TEST(FrameAlongTraining, RightAveragesDraws) {
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

TEST(FrameAlongTraining, TheExactRiskStandsAtTheEnd) {
  const plan::Plan plan = hand_made::plan("right");
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  const Series& exact = series_named(frame, "NT exact N = 2");
  ASSERT_EQ(exact.points.size(), 1u);
  EXPECT_EQ(exact.points[0].x, 400 * 10 / 8.0);
  // That of the draws that were trained.
  EXPECT_EQ(exact.points[0].ratio, 1.0 / 3 + 0.0125);
  EXPECT_EQ(exact.points[0].draws, 2);
  EXPECT_EQ(exact.points[0].se, 0.0075);
}

TEST(FrameAlongTraining, NothingThatIsNotTrainedIsShown) {
  const plan::Plan plan = hand_made::plan("right", "qf", {{"sweep.regimes", "[NN, NT, RF(I)]"}});
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  for (const Series& series : frame.series) EXPECT_NE(series.regime, "RF(I)");
}

}  // namespace
}  // namespace lazygap::report
