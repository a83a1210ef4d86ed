#include <gtest/gtest.h>

#include <string>

#include "lazygap/problem/problem.h"
#include "plan/full_plan.h"
#include "support/contains.h"
#include "support/small_plan.h"
#include "support/temporary_folder.h"

namespace lazygap::plan {
namespace {

using namespace test;

Problem problem_of(const Plan& plan) {
  return question::make_instance(plan.at(Method::exact, Regime::nn, 0)).problem;
}

/// Same plan, same problem, same text.
void expect_round_trip(const Plan& plan) {
  const TemporaryFolder folder;
  const std::string text = to_toml(plan);
  const Plan again = load_plan(folder.write("again.toml", text).string());
  EXPECT_EQ(to_toml(again), text);
  EXPECT_EQ(again.points(), plan.points());
  EXPECT_EQ(again.step_sizes, plan.step_sizes);
  const Problem a = problem_of(plan), b = problem_of(again);
  ASSERT_EQ(dimension(a), dimension(b));
  EXPECT_EQ(null_risk(a), null_risk(b));
  const Vector direction = Vector::LinSpaced(dimension(a), 1, 2);
  EXPECT_EQ(population_risk(a, direction.asDiagonal(), 0.5), population_risk(b, direction.asDiagonal(), 0.5));
}

TEST(ToToml, ResolvedPlanReadsBackAsItself) {
  const TemporaryFolder folder;
  expect_round_trip(load_plan(folder.write("full.toml", kFullPlan).string()));
  expect_round_trip(small_plan());
  expect_round_trip(small_plan(
      {{"problem.eigenvalues", "[0.1, 0.30000000000000004, 1e-17, 12345678.9]"}, {"problem.d", "4"}}));
  for (const char* spectrum : {"{law = power, exponent = -0.5}", "{law = low_rank, rank = 3, scale = -2}",
                               "{law = identity}", "{law = choice, values = [1, 2], scale = 1/sqrt(d)}"})
    expect_round_trip(small_plan({{"problem.spectrum", spectrum}, {"sweep.regimes", "[RF(I), NT]"}}));
  expect_round_trip(small_plan({{"train.parameterisation", "unit"}, {"fit.draws", "2"}}));
  // The fields, not only the text.
  const Plan full = load_plan(folder.write("full.toml", kFullPlan).string());
  const Plan again = load_plan(folder.write("again.toml", to_toml(full)).string());
  EXPECT_EQ(again.figure.title, full.figure.title);
  EXPECT_EQ(*again.base.network.gamma, *full.base.network.gamma);
  EXPECT_EQ(again.base.train.options.second_layer_value, -1.5);
  EXPECT_EQ(again.base.fit.precision, fit::Precision::fp64);
}

TEST(ToToml, BuiltInPlansLoadAndReadBack) {
  for (const std::string& name : built_in_plans()) {
    SCOPED_TRACE(name);
    const Plan plan = load_plan(name);
    EXPECT_EQ(plan.name, name);
    EXPECT_EQ(plan.source, "built-in");
    expect_round_trip(plan);
  }
}

}  // namespace
}  // namespace lazygap::plan
