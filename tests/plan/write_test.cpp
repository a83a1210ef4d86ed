#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "lazygap/problem/problem.h"
#include "lazygap/question/name.h"
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

/// Values that somebody could give to a key, as they stand behind --set KEY=.
std::vector<std::string> tried_values(const Key& key) {
  using question::Kind;
  std::vector<std::string> words;
  for (const std::string_view word : key.words) words.push_back(question::toml_string(std::string(word)));
  switch (key.kind) {
    case Kind::truth:
      return {"true", "false"};
    case Kind::integer:
      return {"0", "1", "2", "3", "12"};
    case Kind::positive_or_word:
      words.insert(words.end(), {"0.30000000000000004", "2"});
      return words;
    case Kind::number:
      return {"0", "0.30000000000000004", "-1.5", "1", "1e-17", "3"};
    case Kind::word:
      return words;
    case Kind::text:
      return {R"("relu")", R"("tanh")", R"("quadratic")", R"("u^2 + 0.5*u")", R"("no such \"thing\"")"};
    case Kind::numbers:
      return {"[0.1, 0.30000000000000004]", "[1, 2, 3]", "[0, 1, 0.5]", "[2]"};
    case Kind::matrix:
      return {"[1, 2, 3]", "[[2, 0.5], [0.5, 1]]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"};
    case Kind::rows:
      return {"[[1, 0, 0]]", "[[0.6, 0.8], [-0.8, 0.6]]"};
  }
  return {};
}

/// Every question that a plan asks, by name.
std::vector<std::string> questions(const Plan& plan) {
  std::vector<std::string> names;
  for (const Method method : plan.methods)
    for (const Regime regime : plan.regimes)
      for (std::size_t point = 0; point < plan.points(); ++point)
        names.push_back(question::name(plan.at(method, regime, point), 1));
  return names;
}

/// Any few keys of the table with any of some values, given or swept: where the plan is accepted, writing it
/// out and reading it back is the identity.
TEST(ToToml, ReadingBackIsTheIdentityWhateverIsSet) {
  constexpr int kTrials = 1500, kLeastAccepted = 200, kMostKeys = 3;
  const TemporaryFolder folder;
  const std::vector<std::string> bases{kSmallPlan, kFullPlan};
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same plans every time
  const auto below = [&](std::size_t most) { return random() % most; };
  int accepted = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Overrides overrides;
    for (std::size_t left = 1 + below(kMostKeys); left > 0; --left) {
      const Key& key = question::keys()[below(question::keys().size())];
      const std::vector<std::string> values = tried_values(key);
      const std::string& value = values[below(values.size())];
      if (below(4) > 0)
        overrides.emplace_back(key.path, value);
      else
        overrides.emplace_back("axes." + key.path, "[" + value + ", " + values[below(values.size())] + "]");
    }
    std::optional<Plan> plan;
    try {
      plan = plan_from_text(bases[below(bases.size())], "plan.toml", overrides);
    } catch (const UsageError&) {
      continue;
    }
    ++accepted;
    std::string given;
    for (const auto& [key, value] : overrides) given += "--set '" + key + "=" + value + "' ";
    SCOPED_TRACE(given);
    const std::string text = to_toml(*plan);
    ASSERT_NO_THROW({
      const Plan again = plan_from_text(text, "again.toml");
      EXPECT_EQ(to_toml(again), text);
      EXPECT_EQ(questions(again), questions(*plan));
      EXPECT_EQ(again.step_sizes, plan->step_sizes);
      EXPECT_EQ(again.own_draws, plan->own_draws);
      EXPECT_EQ(again.fit_regimes, plan->fit_regimes);
    }) << text;
  }
  EXPECT_GE(accepted, kLeastAccepted);
}

}  // namespace
}  // namespace lazygap::plan
