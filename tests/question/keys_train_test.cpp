#include <gtest/gtest.h>

#include "lazygap/core/error.h"
#include "question/row_of.h"
#include "support/contains.h"
#include "support/message.h"

namespace lazygap::question {
namespace {

using namespace test;
using Names = std::vector<std::string>;

Question trained(const Settings& settings, Regime regime = Regime::nn) {
  return asked(Method::train, regime, settings);
}

TEST(KeysTrain, TheSecondLayerFollowsFromTheProblemAndTheParameterisation) {
  const auto layer = [](const Settings& settings) {
    return value_of(trained(settings), "train.second_layer");
  };
  const Settings mean_field{{"train.parameterisation", word("mean-field")}};
  const auto and_so = [&](const char* path, const Value& value) {
    Settings settings = mean_field;
    settings.emplace_back(path, value);
    return settings;
  };
  EXPECT_TRUE(equal(layer({{"train.parameterisation", word("unit")}}), word("fixed")));
  EXPECT_TRUE(equal(layer(mean_field), word("shared")));
  EXPECT_TRUE(equal(layer(and_so("problem.eigenvalues", std::vector<double>{1, -1})), word("free")));
  EXPECT_TRUE(equal(layer(and_so("activation.name", word("relu"))), word("free")));
  expect_contains(
      conflict(trained({{"train.parameterisation", word("unit")}, {"train.second_layer", word("free")}}),
               "train.second_layer"),
      "is \"free\", but parameterisation = \"unit\" has a fixed second layer");
}

TEST(KeysTrain, ExactRisksAndLimitsDependOnTheSignsOfTheSecondLayer) {
  const Settings fixed{{"train.second_layer", word("fixed")}, {"train.second_layer_value", -2.0}};
  EXPECT_EQ(in_name(trained(fixed), "train.second_layer"), Names{"second_layer=fixed"});
  EXPECT_EQ(in_name(asked(Method::exact, Regime::nn, fixed), "train.second_layer"),
            Names{"second_layer=negative"});
  EXPECT_FALSE(reads(asked(Method::exact, Regime::nn, fixed), "train.second_layer_value"));
  EXPECT_FALSE(reads(asked(Method::exact, Regime::nt, fixed), "train.second_layer"));
  expect_contains(conflict(trained({{"train.second_layer", word("free")}, {"train.second_layer_value", 2.0}}),
                           "train.second_layer_value"),
                  "belongs to second_layer = \"fixed\", but second_layer is \"free\"");
}

TEST(KeysTrain, StepsFollowFromTheSamplesAskedFor) {
  const auto steps = [](const Settings& settings) { return value_of(trained(settings), "train.steps"); };
  EXPECT_TRUE(equal(
      steps({{"problem.d", whole(20)}, {"fit.samples_per_d2", 2.0}, {"train.batch", whole(10)}}), whole(80)));
  EXPECT_TRUE(equal(steps({{"problem.model", word("mg")}}), whole(140'000)));
  EXPECT_TRUE(equal(steps({}), whole(200'000)));
}

TEST(KeysTrain, NtIsTrainedInFp32WhereNnIsInBf16) {
  const Settings bf16{{"train.precision", word("bf16")}};
  EXPECT_EQ(in_name(trained(bf16), "train.precision"), Names{"precision=bf16"});
  EXPECT_EQ(in_name(trained(bf16, Regime::nt), "train.precision"), Names{"precision=fp32"});
  EXPECT_EQ(in_name(trained({{"train.precision", word("fp64")}}, Regime::nt), "train.precision"),
            Names{"precision=fp64"});
}

TEST(KeysTrain, FactorsOfTheMeanFieldBelongToIt) {
  for (const char* path : {"train.alpha", "train.beta"}) {
    const Question unit = trained({{"train.parameterisation", word("unit")}});
    const Question mean_field = trained({{"train.parameterisation", word("mean-field")}});
    expect_contains(conflict(unit, path), "belongs to parameterisation = \"mean-field\"");
    EXPECT_EQ(conflict(mean_field, path), "");
    EXPECT_FALSE(reads(unit, path));
    EXPECT_TRUE(reads(mean_field, path));
    EXPECT_FALSE(reads(asked(Method::fit, Regime::nt), path));
  }
}

TEST(KeysTrain, TrainedBiasesNeedBiases) {
  const Settings trained_biases{{"train.biases", word("trained")}};
  expect_contains(conflict(trained(trained_biases), "train.biases"), "activation.biases = 0");
  Settings with_biases = trained_biases;
  with_biases.emplace_back("activation.biases", 0.5);
  EXPECT_EQ(conflict(trained(with_biases), "train.biases"), "");
}

TEST(KeysTrain, OverlapsAreThoseOfTheMechanismAndOfRanksThatThereAre) {
  const auto ranks = [](std::vector<double> list, bool mechanism) {
    return conflict(trained({{"problem.d", whole(6)},
                             {"train.overlap_ranks", std::move(list)},
                             {"train.mechanism", mechanism}}),
                    "train.overlap_ranks");
  };
  EXPECT_EQ(ranks({1, 6}, true), "");
  expect_contains(ranks({1}, false), "belongs to train.mechanism = true");
  expect_contains(ranks({1, 7}, true), "contains 7, but must be at most d = 6");
  Question question;
  expect_contains(
      message([&] { return set(question, key_at("train.overlap_ranks"), std::vector<double>{0.5}), 0; }),
      "a list of integers of at least 1");
}

TEST(KeysTrain, TheFlowReadsAllButWhatBelongsToSamples) {
  const Question flow = asked(Method::flow, Regime::nn), sgd = trained({});
  for (const char* path :
       {"train.steps", "train.batch", "train.step_size", "train.schedule", "train.records"})
    EXPECT_TRUE(reads(flow, path) && reads(sgd, path)) << path;
  for (const char* path : {"train.momentum", "train.precision", "train.reduction", "train.test_samples"})
    EXPECT_TRUE(!reads(flow, path) && reads(sgd, path)) << path;
}

}  // namespace
}  // namespace lazygap::question
