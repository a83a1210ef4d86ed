#include "lazygap/question/instance.h"

#include <gtest/gtest.h>

#include <memory>

#include "lazygap/core/error.h"
#include "lazygap/question/keys.h"

namespace lazygap::question {
namespace {

Question question_of(const char* model, std::uint64_t seed = 1) {
  Question question;
  set(question, key_at("problem.model"), std::string(model));
  set(question, key_at("problem.d"), std::int64_t{6});
  set(question, key_at("problem.spectrum.law"), std::string("exponential"));
  set(question, key_at("problem.spectrum.scale"), 0.05);
  question.seed = seed;
  complete(question);
  return question;
}

TEST(MakeInstance, DrawsTheProblemOfItsSeed) {
  const Instance one = make_instance(question_of("qf")), again = make_instance(question_of("qf")),
                 other = make_instance(question_of("qf", 2));
  EXPECT_EQ(dimension(one.problem), 6);
  EXPECT_EQ(null_risk(one.problem), null_risk(again.problem));
  EXPECT_NE(null_risk(one.problem), null_risk(other.problem));
  EXPECT_TRUE(std::holds_alternative<PolynomialTarget>(one.problem));
  EXPECT_TRUE(std::holds_alternative<GaussianMixture>(make_instance(question_of("mg")).problem));
}

TEST(MakeInstance, RefusesTheImpossible) {
  Question question = question_of("mg");
  question.problem.spectrum.scale = 100;  // Sigma - Delta is not positive definite
  EXPECT_THROW(static_cast<void>(make_instance(question)), UsageError);
}

TEST(Instances, AreSharedByQuestionsOfOneProblem) {
  Instances instances;
  Question question = question_of("qf");
  const auto first = instances.of(question);
  question.network.width = 17;
  question.method = Method::fit;
  EXPECT_EQ(instances.of(question), first);
  question.seed = 2;
  EXPECT_NE(instances.of(question), first);
  question.seed = 1;
  question.network.activation.name = "relu";
  EXPECT_NE(instances.of(question)->activation.name, first->activation.name);
}

TEST(FirstLayer, NeedsAGammaForRf) {
  Question question = question_of("qf");
  EXPECT_THROW(static_cast<void>(first_layer(make_instance(question), Regime::rf)), UsageError);
  set(question, key_at("problem.gamma"), std::make_shared<const Matrix>(Vector::Ones(6)));
  EXPECT_EQ(first_layer(make_instance(question), Regime::rf).sample(3, 1, 0).cols(), 3);
}

}  // namespace
}  // namespace lazygap::question
