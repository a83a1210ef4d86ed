#include <gtest/gtest.h>

#include <cmath>

#include "route/asked.h"

namespace lazygap::route {
namespace {

using asked::question;
using asked::refusal;

TEST(CurveRoute, OneModelAnswersForEveryNumberOfSamplesAndNoise) {
  const auto ask = [](const char* samples, const char* noise) {
    return question(Method::curve, Regime::nt,
                    {{"sweep.methods", "[curve]"}, {"fit.samples", samples}, {"problem.label_noise", noise}});
  };
  const std::vector<Question> questions{ask("100", "0.5"), ask("400", "0.5"), ask("400", "0.0")};
  std::vector<double> together(questions.size());
  route_of(Method::curve)
      .answer(question::make_instance(questions[0]), questions,
              {.finished = [&](std::size_t i, store::Result result) { together[i] = result.risk; }});
  for (std::size_t i = 0; i < questions.size(); ++i)
    EXPECT_EQ(together[i], test::answer(questions[i]).risk) << i;
  EXPECT_GT(together[0], together[1]) << "fewer samples";
  EXPECT_GT(together[1], together[2]) << "noise";
}

TEST(CurveRoute, NoiseRelativeToR0IsThatNoise) {
  const plan::Overrides curve{{"sweep.methods", "[curve]"}};
  const double R0 = test::answer(question(Method::curve, Regime::nt, curve)).null_risk;
  const Question relative =
      question(Method::curve, Regime::nt, test::with(curve, {{"problem.noise_to_signal", "0.25"}}));
  Question absolute = question(Method::curve, Regime::nt, curve);
  question::set(absolute, question::key_at("problem.label_noise"), std::sqrt(0.25 * R0));
  EXPECT_EQ(test::answer(relative).risk, test::answer(absolute).risk);
}

TEST(CurveRoute, NeedsADerivativeForNt) {
  EXPECT_NE(refusal(question(Method::curve, Regime::nt,
                             {{"activation.expression", "\"u^2\""}, {"sweep.methods", "[curve]"}}))
                .find("derivative"),
            std::string::npos);
}

}  // namespace
}  // namespace lazygap::route
