#include "lazygap/question/question.h"

#include <gtest/gtest.h>

#include "lazygap/core/error.h"

namespace lazygap::question {
namespace {

TEST(Question, KnowsItsNeurons) {
  Question question;
  question.problem.d = 10;
  question.network.width = 7;
  question.network.regime = Regime::rf_isotropic;
  EXPECT_EQ(question.neurons(), 7);
  question.network.equal_parameters = true;
  EXPECT_EQ(question.neurons(), 77) << "N (d + 1)";
  question.network.regime = Regime::nt;
  EXPECT_EQ(question.neurons(), 7) << "RF only";
  question.network.rho = 0.46;
  EXPECT_EQ(question.neurons(), 5) << "the integer nearest to rho d";
  question.network.rho = 1e-3;
  EXPECT_EQ(question.neurons(), 1) << "at least one";
  question.network.regime = Regime::bayes;
  EXPECT_EQ(question.neurons(), 0);
}

TEST(Question, TellsWhereTheQuadraticAlgebraHolds) {
  Question question;
  question.network.regime = Regime::nn;
  question.train.options.second_layer = train::SecondLayer::shared;
  EXPECT_TRUE(is_quadratic(question.network));
  EXPECT_TRUE(trains_quadratic(question));
  question.train.options.second_layer = train::SecondLayer::free;
  EXPECT_FALSE(trains_quadratic(question));
  question.network.regime = Regime::nt;
  EXPECT_TRUE(trains_quadratic(question)) << "it has no second layer";
  question.train.options.momentum = 0.5;
  EXPECT_FALSE(trains_quadratic(question));
  question.network.bias_scale = 1;
  EXPECT_FALSE(is_quadratic(question.network));
}

TEST(MakeActivation, TakesANameAnExpressionOrCoefficients) {
  EXPECT_EQ(make_activation({.name = "relu"}).value(-1.0), 0.0);
  EXPECT_EQ(make_activation({.name = {}, .expression = "u^2+1"}).value(2.0), 5.0);
  EXPECT_NEAR(make_activation({.name = {}, .hermite = {0, 0, 1}}).value(2.0), 1.5, 1e-14);
  EXPECT_THROW(static_cast<void>(make_activation({.name = "reluu"})), UsageError);
}

}  // namespace
}  // namespace lazygap::question
