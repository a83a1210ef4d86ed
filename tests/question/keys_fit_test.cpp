#include <gtest/gtest.h>

#include "question/row_of.h"
#include "support/contains.h"

namespace lazygap::question {
namespace {

using namespace test;

TEST(KeysFit, SamplesFollowFromTheDimensionWhereTheyAreAskedForSo) {
  const auto samples = [](const Settings& settings) {
    return value_of(asked(Method::fit, Regime::nt, settings), "fit.samples");
  };
  EXPECT_TRUE(equal(samples({{"problem.d", whole(30)}, {"fit.samples_per_d2", 0.5}}), whole(450)));
  EXPECT_TRUE(
      equal(samples({{"problem.d", whole(3)}, {"fit.samples_per_d2", 0.01}}), whole(1)));  // never none
  EXPECT_TRUE(equal(samples({{"fit.samples", whole(77)}}), whole(77)));
  EXPECT_TRUE(equal(samples({}), whole(fit::Options().samples)));
}

TEST(KeysFit, OneOfTheTwoSpellingsOfTheSamplesIsEnough) {
  const Settings both{{"fit.samples", whole(77)}, {"fit.samples_per_d2", 0.5}};
  expect_contains(conflict(asked(Method::fit, Regime::nt, both), "fit.samples_per_d2"),
                  "is given beside fit.samples");
  EXPECT_EQ(conflict(asked(Method::fit, Regime::nt, {{"fit.samples_per_d2", 0.5}}), "fit.samples_per_d2"),
            "");
  // They are in the name through n.
  EXPECT_TRUE(in_name(asked(Method::fit, Regime::nt), "fit.samples_per_d2").empty());
}

TEST(KeysFit, ACurveAtTheBestRidgeDoesNotReadTheOneGiven) {
  EXPECT_TRUE(reads(asked(Method::fit, Regime::nt), "fit.ridge"));
  EXPECT_TRUE(reads(asked(Method::curve, Regime::nt), "fit.ridge"));
  EXPECT_FALSE(reads(asked(Method::curve, Regime::nt, {{"curve.ridge", word("best")}}), "fit.ridge"));
  // A fit has no such choice.
  EXPECT_TRUE(reads(asked(Method::fit, Regime::nt, {{"curve.ridge", word("best")}}), "fit.ridge"));
  EXPECT_FALSE(reads(asked(Method::train, Regime::nt), "fit.ridge"));
}

TEST(KeysFit, PrecisionIsThatOfTheFitsOfRf) {
  EXPECT_TRUE(reads(asked(Method::fit, Regime::rf_isotropic), "fit.precision"));
  EXPECT_FALSE(reads(asked(Method::fit, Regime::nt), "fit.precision"));
  EXPECT_FALSE(reads(asked(Method::curve, Regime::rf_isotropic), "fit.precision"));
}

TEST(KeysFit, OneTestSampleHasNoStandardError) {
  const auto of = [](std::int64_t samples) {
    return conflict(asked(Method::fit, Regime::nt, {{"fit.test_samples", whole(samples)}}),
                    "fit.test_samples");
  };
  expect_contains(of(1), "is 1, but must be 0 (none) or at least 2");
  EXPECT_EQ(of(0), "");
  EXPECT_EQ(of(2), "");
}

TEST(KeysFit, EachRouteWithSamplesReadsItsOwnRows) {
  for (const Method method : {Method::fit, Method::curve, Method::state_evolution})
    EXPECT_TRUE(reads(asked(method, Regime::nn), "fit.samples"));
  EXPECT_FALSE(reads(asked(Method::exact, Regime::nt), "fit.samples"));
  EXPECT_TRUE(reads(asked(Method::curve, Regime::nt), "curve.equivalent"));
  EXPECT_FALSE(reads(asked(Method::fit, Regime::nt), "curve.equivalent"));
  EXPECT_TRUE(reads(asked(Method::state_evolution, Regime::nn), "state_evolution.estimate"));
  EXPECT_FALSE(reads(asked(Method::curve, Regime::nt), "state_evolution.estimate"));
}

}  // namespace
}  // namespace lazygap::question
