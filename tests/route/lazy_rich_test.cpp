#include "lazygap/route/lazy_rich.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lazygap/exact/nn.h"
#include "lazygap/plan/cells.h"
#include "lazygap/plan/plan.h"
#include "lazygap/route/route.h"

namespace lazygap::route {
namespace {

constexpr const char* kPlan = R"plan(name = "scales"
[problem]
model = "qf"
d = 12
spectrum = { law = "exponential" }
[sweep]
regimes = ["NN", "NT"]
methods = ["exact", "lazy_rich"]
draws = 2
[network]
width = 5
[train]
parameterisation = "unit"
[axes]
"network.output_scale" = [1e-7, 1.0, 1e7]
)plan";

store::Result result(const plan::Plan& plan, Method method, Regime regime, std::size_t point,
                     std::uint32_t draw) {
  Question question = plan.at(method, regime, point);
  question.draw = draw;
  store::Result found;
  const std::vector<Question> one{question};
  route_of(method).answer(*plan.instances->of(question), one,
                          {.finished = [&](std::size_t, store::Result answer) { found = answer; }});
  return found;
}

double ratio(const plan::Plan& plan, Method method, Regime regime, std::size_t point, std::uint32_t draw) {
  return result(plan, method, regime, point, draw).ratio;
}

TEST(LazyRich, LiesBetweenNnAndTheNtOfTheSameDraw) {
  // The ends are reached to first order in the scale, or in its inverse.
  constexpr double kEnds = 1e-5;
  const plan::Plan plan = plan::plan_from_text(kPlan, "scales");
  for (const std::uint32_t draw : {0u, 1u}) {
    const double nn = ratio(plan, Method::exact, Regime::nn, 0, 0);
    const double nt = ratio(plan, Method::exact, Regime::nt, 0, draw);
    EXPECT_NEAR(ratio(plan, Method::lazy_rich, Regime::nn, 0, draw), nn, kEnds);
    EXPECT_NEAR(ratio(plan, Method::lazy_rich, Regime::nn, 2, draw), nt, kEnds);
    const double between = ratio(plan, Method::lazy_rich, Regime::nn, 1, draw);
    EXPECT_GT(between, nn);
    EXPECT_LT(between, nt);
  }
}

TEST(LazyRich, TheKernelMovesFromWhereNnEndsToNotAtAll) {
  // The ends are reached to first order in the scale, or in its inverse.
  constexpr double kEnds = 1e-5;
  const plan::Plan plan = plan::plan_from_text(kPlan, "scales");
  for (const std::uint32_t draw : {0u, 1u}) {
    Question question = plan.at(Method::lazy_rich, Regime::nn, 0);
    question.draw = draw;
    const double rich = rich_kernel_cosine(question, *plan.instances->of(question));
    const auto cosine = [&](std::size_t point) {
      return result(plan, Method::lazy_rich, Regime::nn, point, draw).mechanism.points.back().kernel_cosine;
    };
    EXPECT_NEAR(cosine(0), rich, kEnds);
    EXPECT_NEAR(cosine(2), 1, kEnds);
    EXPECT_GT(cosine(1), rich);
    EXPECT_LT(cosine(1), 1);
    EXPECT_LT(rich, 0.95);
  }
}

TEST(LazyRich, IsOneGroupForAllScales) {
  const plan::Plan plan = plan::plan_from_text(kPlan, "scales");
  std::size_t groups = 0;
  const std::vector<plan::Cell> cells = make_cells(plan);
  for (const auto& group : make_groups(plan, cells))
    if (cells[group.front()].method == Method::lazy_rich) {
      EXPECT_EQ(group.size(), 3u);
      ++groups;
    }
  EXPECT_EQ(groups, 2u);  // draws
}

TEST(LazyRich, RefusesOtherActivationsAndProblems) {
  for (const plan::Overrides& overrides :
       {plan::Overrides{{"activation.name", "relu"}},
        plan::Overrides{{"problem.model", "mg"}, {"problem.spectrum", "{law = identity, scale = 0.5}"}}}) {
    plan::Overrides all = overrides;
    all.push_back({"sweep.methods", "[exact]"});
    all.push_back({"sweep.regimes", "[NT]"});
    const plan::Plan plan = plan::plan_from_text(kPlan, "scales", all);
    const Question question = plan.at(Method::lazy_rich, Regime::nn, 0);
    EXPECT_TRUE(route_of(Method::lazy_rich).refuses(question, *plan.instances->of(question)));
  }
}

}  // namespace
}  // namespace lazygap::route
