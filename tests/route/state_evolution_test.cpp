#include "lazygap/limit/state_evolution.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/contains.h"
#include "support/small_plan.h"

namespace lazygap::route {
namespace {

constexpr const char* kPlan = R"plan(name = "samples"
[problem]
model = "qf"
d = 12
spectrum = { law = "exponential" }
label_noise = 1.5
[sweep]
regimes = ["NN", "NT"]
methods = ["state_evolution", "curve"]
draws = 2
seed = 3
[network]
width = 24
[axes]
"state_evolution.estimate" = ["best-penalty", "least-trace", "bayes"]
"fit.samples_per_d2" = [0.25, 1.0]
)plan";

plan::Plan plan_with(const plan::Overrides& overrides = {}) {
  return plan::plan_from_text(kPlan, "samples", overrides);
}

TEST(StateEvolution, IsThatOfTheLibraryAtSoManySamples) {
  const plan::Plan plan = plan_with();
  const Question first = plan.at(Method::state_evolution, Regime::nn, 0);
  const auto instance = plan.instances->of(first);
  const auto& target = std::get<PolynomialTarget>(instance->problem);
  const limit::StateEvolutionOptions options{.label_noise = 1.5, .seed = 3};
  for (const std::size_t place : {0u, 1u}) {
    const Index n = place == 0 ? 36 : 144;
    const double expected[] = {limit::wide_network_best(target, n, options).ratio,
                               limit::wide_network(target, n, 0, options).ratio,
                               limit::bayes_quadratic(target, n, options).ratio};
    for (std::size_t estimate = 0; estimate < 3; ++estimate) {
      const store::Result result =
          test::answer(plan.at(Method::state_evolution, Regime::nn, 3 * place + estimate));
      EXPECT_EQ(result.status, Status::ok);
      EXPECT_EQ(result.n, n);
      EXPECT_NEAR(result.ratio, expected[estimate], 1e-14) << "by way of the risk";
      test::expect_contains(result.message, "asymptotic");
    }
  }
}

TEST(StateEvolution, IsAskedOnceAndSaysNothingBelowD) {
  const auto cells = make_cells(plan_with());
  EXPECT_EQ(std::count_if(cells.begin(), cells.end(),
                          [](const auto& cell) { return cell.method == Method::state_evolution; }),
            6);
  const auto refusal = [](const plan::Overrides& overrides) {
    plan::Overrides all = overrides;
    all.emplace_back("sweep.methods", "[curve]");
    const plan::Plan plan = plan_with(all);
    const Question question = plan.at(Method::state_evolution, Regime::nn, 0);
    return route_of(Method::state_evolution).refuses(question, *plan.instances->of(question)).value_or("");
  };
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({{"network.width", "11"}}),
            "what wide networks learn from n samples is known for N >= d only");
  EXPECT_NE(refusal({{"activation.name", "relu"}}), "");
  EXPECT_NE(refusal({{"problem.model", "mg"}, {"problem.spectrum", "{law = identity, scale = 0.5}"}}), "");
}

TEST(StateEvolution, SamplesPerD2AreThoseOfEveryRouteThatHasSamples) {
  const plan::Plan plan = plan_with({{"train.batch", "10"}});
  EXPECT_EQ(plan.at(Method::curve, Regime::nt, 3).fit.samples, 144);
  EXPECT_EQ(plan.at(Method::train, Regime::nn, 3).train.options.steps, 14) << "n over the batch";
  EXPECT_EQ(plan.at(Method::train, Regime::nn, 0).train.options.steps, 3);
  const plan::Plan again = plan::plan_from_text(plan::to_toml(plan), "again");
  EXPECT_EQ(again.at(Method::train, Regime::nn, 3).train.options.steps, 14);
  EXPECT_EQ(again.at(Method::curve, Regime::nt, 0).fit.samples, 36);
}

}  // namespace
}  // namespace lazygap::route
