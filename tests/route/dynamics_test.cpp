#include <gtest/gtest.h>

#include "route/asked.h"

namespace lazygap::route {
namespace {

using asked::question;
using asked::refusal;

const plan::Overrides kDynamics{{"sweep.methods", "[dynamics]"}, {"sweep.regimes", "[NT, NN]"}};

TEST(DynamicsRoute, EndsWhereItsTrajectoryEnds) {
  Question asked = question(Method::dynamics, Regime::nt, kDynamics);
  question::set(asked, question::key_at("train.step_size"), 0.003);
  const store::Result result = test::answer(asked);
  ASSERT_FALSE(result.trajectory.empty());
  EXPECT_EQ(result.trajectory.back().risk, result.risk);
  EXPECT_EQ(result.trajectory.back().step, 300);
  EXPECT_EQ(result.n, 3000);
  EXPECT_EQ(result.step_size, 0.003);
}

TEST(DynamicsRoute, RefusesOtherActivationsAndMixtures) {
  EXPECT_EQ(refusal(question(Method::dynamics, Regime::nt, kDynamics)), "");
  Question relu = question(Method::dynamics, Regime::nt, kDynamics);
  relu.network.activation.name = "relu";
  EXPECT_NE(refusal(relu).find("quadratic activation"), std::string::npos) << refusal(relu);
  Question mixture = question(Method::dynamics, Regime::nt, kDynamics);
  mixture.problem.model = "mg";
  mixture.problem.spectrum.scale = 0.01;
  EXPECT_NE(refusal(mixture).find("(qf) only"), std::string::npos) << refusal(mixture);
}

}  // namespace
}  // namespace lazygap::route
