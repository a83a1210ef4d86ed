#include <gtest/gtest.h>

#include <memory>

#include "lazygap/core/error.h"
#include "question/row_of.h"
#include "support/contains.h"
#include "support/message.h"

namespace lazygap::question {
namespace {

using namespace test;
using Names = std::vector<std::string>;

TEST(KeysNetwork, TheNameHasTheNeuronsHoweverTheyWereAskedFor) {
  const Settings width{{"problem.d", whole(10)}, {"network.width", whole(25)}};
  const Settings rho{{"problem.d", whole(10)}, {"network.rho", 2.5}};
  EXPECT_EQ(in_name(asked(Method::exact, Regime::nt, width), "network.width"), Names{"N=25"});
  EXPECT_EQ(in_name(asked(Method::exact, Regime::nt, rho), "network.width"), Names{"N=25"});
  EXPECT_TRUE(in_name(asked(Method::exact, Regime::nt, rho), "network.rho").empty());
  Settings equal = width;
  equal.emplace_back("sweep.equal_parameters", true);
  EXPECT_EQ(in_name(asked(Method::exact, Regime::rf, equal), "network.width"), Names{"N=275"});
  EXPECT_EQ(in_name(asked(Method::exact, Regime::nt, equal), "network.width"), Names{"N=25"});
}

TEST(KeysNetwork, OneFunctionIsSigma) {
  Question question = asked(Method::exact, Regime::rf, {{"activation.name", word("relu")}});
  EXPECT_EQ(in_name(question, "activation.name"), Names{"activation.name=relu"});
  set(question, key_at("activation.expression"), word("max(u,0)"));
  EXPECT_TRUE(in_name(question, "activation.name").empty());
  EXPECT_EQ(question.network.activation.expression, "max(u,0)");
  set(question, key_at("activation.hermite"), std::vector<double>{0, 1, 2});
  EXPECT_EQ(question.network.activation, (ActivationSpec{.name = {}, .hermite = {0, 1, 2}}));
  set(question, key_at("activation.name"), word("tanh"));
  EXPECT_EQ(question.network.activation, ActivationSpec{.name = "tanh"});
}

TEST(KeysNetwork, ADerivativeBelongsToAnExpression) {
  Question question = asked(Method::exact, Regime::nt, {{"activation.derivative", word("2*u")}});
  expect_contains(conflict(question, "activation.derivative"), "belongs to activation.expression");
  set(question, key_at("activation.expression"), word("u^2"));
  EXPECT_EQ(conflict(question, "activation.derivative"), "");
}

TEST(KeysNetwork, TheSamplesOfAStepBelongToAStep) {
  const char* samples = "network.one_step_samples";
  const Question none = asked(Method::exact, Regime::rf, {{samples, 100.0}});
  expect_contains(conflict(none, samples), "belongs to network.one_step");
  EXPECT_FALSE(reads(none, samples));
  const Question step = asked(Method::exact, Regime::rf, {{samples, 100.0}, {"network.one_step", 0.5}});
  EXPECT_EQ(conflict(step, samples), "");
  EXPECT_TRUE(reads(step, samples));
  EXPECT_FALSE(reads(asked(Method::exact, Regime::nt, {{"network.one_step", 0.5}}), samples));
  Question population = step;
  set(population, key_at(samples), word("infinity"));
  EXPECT_EQ(population.network.one_step_samples, 0);
  EXPECT_TRUE(equal(value_of(population, samples), word("infinity")));
  expect_contains(message([&] { return set(population, key_at(samples), 2.5), 0; }),
                  "is 2.5, but must be a whole number of at least 1");
}

TEST(KeysNetwork, TheStartIsSubtractedWhereTheOutputIsScaled) {
  EXPECT_FALSE(asked(Method::train, Regime::nn).network.subtract_start);
  const Question scaled = asked(Method::train, Regime::nn, {{"network.output_scale", 8.0}});
  EXPECT_TRUE(scaled.network.subtract_start);
  EXPECT_EQ(in_name(scaled, "network.start"), Names{"start=subtracted"});
  EXPECT_EQ(in_name(scaled, "network.output_scale"), Names{"output_scale=8"});
  // Trainings from before the key had no scale in their names; lazy_rich has always named it.
  EXPECT_TRUE(in_name(asked(Method::train, Regime::nn), "network.output_scale").empty());
  EXPECT_EQ(in_name(asked(Method::lazy_rich, Regime::nn), "network.output_scale"), Names{"output_scale=1"});
  EXPECT_FALSE(reads(asked(Method::train, Regime::nt), "network.output_scale"));
}

TEST(KeysNetwork, OnlyRoutesThatRepeatReadTheDraw) {
  EXPECT_TRUE(reads(asked(Method::exact, Regime::rf), "network.draw"));
  EXPECT_TRUE(reads(asked(Method::exact, Regime::nt), "network.draw"));
  EXPECT_FALSE(reads(asked(Method::exact, Regime::nn), "network.draw"));
  EXPECT_FALSE(reads(asked(Method::limit, Regime::rf), "network.draw"));
  EXPECT_TRUE(reads(asked(Method::train, Regime::nn), "network.draw"));
}

TEST(KeysNetwork, AFirstLayerHasARowForEachCoordinateAndEnoughColumns) {
  const auto with_layer = [](Index rows, Index columns) {
    return conflict(
        asked(Method::exact, Regime::nt,
              {{"problem.d", whole(4)},
               {"network.width", whole(3)},
               {"sweep.first_layer", std::make_shared<const Matrix>(Matrix::Ones(rows, columns))}}),
        "sweep.first_layer");
  };
  EXPECT_EQ(with_layer(4, 3), "");
  EXPECT_EQ(with_layer(4, 9), "");
  expect_contains(with_layer(4, 2), "is a 4 x 2 matrix, but must have d = 4 rows");
  expect_contains(with_layer(5, 3), "N = 3 neurons");
}

}  // namespace
}  // namespace lazygap::question
