#include <gtest/gtest.h>

#include "route/asked.h"

namespace lazygap::route {
namespace {

using asked::question;
using asked::refusal;

TEST(ExactRoute, AGroupOfWidthsGivesTheNumbersOfEachAlone) {
  const plan::Plan plan = test::small_plan();
  std::vector<Question> widths;
  for (std::size_t point = 0; point < plan.points(); ++point)
    widths.push_back(plan.at(Method::exact, Regime::rf_isotropic, point));
  std::vector<double> together(widths.size());
  route_of(Method::exact)
      .answer(*plan.instances->of(widths[0]), widths,
              {.finished = [&](std::size_t i, store::Result result) { together[i] = result.risk; }});
  for (std::size_t i = 0; i < widths.size(); ++i) EXPECT_EQ(together[i], test::answer(widths[i]).risk) << i;
}

TEST(ExactRoute, RefusesNnWithAnotherActivation) {
  EXPECT_EQ(refusal(question(Method::exact, Regime::nn)), "");
  EXPECT_EQ(refusal(question(Method::exact, Regime::nn, {{"activation.name", "relu"}})),
            "its least risk is known for the quadratic activation only");
  EXPECT_EQ(refusal(question(Method::exact, Regime::nt, {{"activation.name", "relu"}})), "");
}

TEST(ExactRoute, NnDrawsNothing) {
  EXPECT_FALSE(route_of(Method::exact).repeats(Regime::nn));
  EXPECT_TRUE(route_of(Method::exact).repeats(Regime::nt));
}

}  // namespace
}  // namespace lazygap::route
