#include <gtest/gtest.h>

#include "route/asked.h"

namespace lazygap::route {
namespace {

using asked::question;
using asked::refusal;

TEST(FlowRoute, ComesNearTheExactRisk) {
  constexpr double kEnd = 0.02;  // of R0, after a time that lets most of the modes decay
  Question asked =
      question(Method::flow, Regime::nt, {{"sweep.methods", "[train, flow]"}, {"train.steps", "100000"}});
  question::set(asked, question::key_at("train.step_size"), 0.01);
  const store::Result flow = test::answer(asked);
  const store::Result exact = test::answer(question(Method::exact, Regime::nt));
  EXPECT_GE(flow.ratio, exact.ratio);
  EXPECT_NEAR(flow.ratio, exact.ratio, kEnd);
  EXPECT_FALSE(flow.trajectory.empty());
}

TEST(FlowRoute, RefusesWhatItCannotIntegrate) {
  Question relu = question(Method::flow, Regime::nt, {{"sweep.methods", "[train, flow]"}});
  EXPECT_EQ(refusal(relu), "");
  relu.network.activation.name = "relu";
  EXPECT_NE(refusal(relu).find("the gradient flow is there for the quadratic activation"), std::string::npos);
}

TEST(FlowRoute, FollowsTheTraining) {
  EXPECT_EQ(route_of(Method::flow).draws_as, Method::train);
  EXPECT_EQ(route_of(Method::flow).step_sizes, StepSizes::best_or_smallest);
}

}  // namespace
}  // namespace lazygap::route
