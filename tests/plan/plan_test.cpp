#include "lazygap/plan/plan.h"

#include <gtest/gtest.h>

#include "support/small_plan.h"

namespace lazygap::plan {
namespace {

using namespace test;

TEST(Plan, APointIsAQuestionWithTheValuesOfItsPlaces) {
  const Plan plan = small_plan({{"axes.fit.ridge", "[0.0, 0.25]"}});
  ASSERT_EQ(plan.points(), 6u);
  const Question question = plan.at(Method::fit, Regime::rf_isotropic, 4);
  EXPECT_EQ(question.method, Method::fit);
  EXPECT_EQ(question.network.regime, Regime::rf_isotropic);
  EXPECT_EQ(question.fit.ridge, 0.25);
  EXPECT_EQ(question.network.width, 6);
  EXPECT_EQ(question.seed, 7u);
  EXPECT_EQ(question.draw, 0u);
  EXPECT_EQ(plan.place_on(0, 4), 1u);
  EXPECT_EQ(plan.place_on(1, 4), 1u);
}

TEST(Plan, KnowsItsAxesAndMethods) {
  const Plan plan = small_plan({{"axes.fit.ridge", "[0.0, 0.25]"}});
  EXPECT_EQ(plan.axis_of(question::key_at("fit.ridge")), &plan.axes[0]);
  EXPECT_EQ(plan.axis_of(question::key_at("network.width")), &plan.axes[1]);
  EXPECT_EQ(plan.axis_of(question::key_at("fit.samples")), nullptr);
  EXPECT_TRUE(plan.asks(Method::fit));
  EXPECT_FALSE(plan.asks(Method::flow));
}

TEST(Plan, ARouteIsAskedAsOftenAsItsAnswersDiffer) {
  const Plan plan = small_plan();
  EXPECT_EQ(plan.draws_of(Method::limit, Regime::nt), 1);
  EXPECT_EQ(plan.draws_of(Method::exact, Regime::nt), 3);
  EXPECT_EQ(plan.draws_of(Method::exact, Regime::nn), 1);
  EXPECT_EQ(plan.draws_of(Method::train, Regime::nt), 1);
  EXPECT_EQ(plan.draws_of(Method::fit, Regime::rf_isotropic), 3);
  EXPECT_EQ(small_plan({{"fit.draws", "2"}}).draws_of(Method::fit, Regime::rf_isotropic), 2);
  EXPECT_EQ(small_plan({{"train.draws", "5"}}).draws_of(Method::train, Regime::nn), 5);
}

}  // namespace
}  // namespace lazygap::plan
