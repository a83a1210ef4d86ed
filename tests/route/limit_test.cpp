#include "lazygap/route/limit.h"

#include <gtest/gtest.h>

#include "lazygap/limit/nt.h"
#include "route/asked.h"

namespace lazygap::route {
namespace {

using asked::question;
using asked::refusal;

TEST(LimitRoute, AnswersWithTheFormulaOfTheTheorem) {
  const Question asked = question(Method::limit, Regime::nt);
  const Instance instance = question::make_instance(asked);
  const store::Result result = test::answer(asked);
  EXPECT_EQ(result.ratio, limit::nt_ratio(instance.problem, 3.0 / 12));
  EXPECT_EQ(result.status, Status::ok);
  EXPECT_EQ(limit_ratios(asked, instance, {3, 12}), (std::vector<double>{result.ratio, 0.0}));
}

TEST(LimitRoute, RefusesWhatNoTheoremCovers) {
  EXPECT_EQ(refusal(question(Method::limit, Regime::nt)), "");
  EXPECT_NE(refusal(question(Method::limit, Regime::nn, {{"activation.name", "relu"}}))
                .find("quadratic activation only"),
            std::string::npos);
  EXPECT_EQ(refusal(question(Method::limit, Regime::rf_isotropic, {{"activation.name", "relu"}})), "");
  EXPECT_NE(refusal(question(Method::limit, Regime::rf_isotropic, {{"activation.centred", "false"}}))
                .find("centred"),
            std::string::npos);
}

TEST(LimitRoute, DoesNotDependOnTheDraw) {
  for (const Regime regime : {Regime::rf_isotropic, Regime::nt, Regime::nn})
    EXPECT_FALSE(route_of(Method::limit).repeats(regime));
}

}  // namespace
}  // namespace lazygap::route
