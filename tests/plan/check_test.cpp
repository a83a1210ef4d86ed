#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <string>

#include "plan/full_plan.h"
#include "support/contains.h"
#include "support/small_plan.h"
#include "support/temporary_folder.h"

namespace lazygap::plan {
namespace {

using namespace test;

struct Case {
  const char* from;
  const char* to;
  const char* message;
};

/// One line of kFullPlan changed, and the sentence that follows.
constexpr Case kImpossible[] = {
    {"d = 4\n", "d = -3\n", "plan.toml:5: problem.d is -3, but must be an integer from 1 to 10000000"},
    {"name = \"full\"", "name = \"\"", "plan.toml:1: name is \"\", but must be 1 to 100 letters"},
    {"name = \"full\"", "name = \"..\"", "starting with a letter or a digit"},
    {"neurons = [1, 2, 8]", "neurons = []",
     "plan.toml:14: sweep.neurons is an empty list, but must be a list of integers, with at least one entry"},
    {"neurons = [1, 2, 8]", "neurons = [1, 8, 2]",
     "plan.toml:14: sweep.neurons[2] is 2, but must be larger than the entry before it, 8: the list must "
     "increase"},
    {"neurons = [1, 2, 8]", "neurons = [1, 2, 2]",
     "sweep.neurons[2] is 2, but must be larger than the entry before it, 2"},
    {"neurons = [1, 2, 8]", "neurons = [1, 2.5]",
     "sweep.neurons[1] is 2.5, but must be an integer from 1 to"},
    {"neurons = [1, 2, 8]", "neurons = [\n1,\n\"2\"]",
     "plan.toml:16: sweep.neurons[1] is \"2\", but must be an integer"},
    {"regimes = [\"RF(I)\",", "regimes = [\"RF(I)\", \"RF(I)\",",
     "plan.toml:13: sweep.regimes[1] is \"RF(I)\", but must be named once"},
    {"regimes = [\"RF(I)\", \"RF\"", "regimes = [\"rf(i)\", \"RF\"",
     "sweep.regimes[0] is \"rf(i)\", but must be one of RF(I), RF(Gamma*), RF, NT, NT(I), NN, Bayes"},
    {"methods = [\"limit\"", "methods = [\"limti\"",
     "but must be one of limit, exact, lazy_rich, state_evolution, curve, dynamics, train, fit, flow; did you mean \"limit\"?"},
    {"methods = [\"limit\"", "methods = [\"exact\"", "sweep.methods[1] is \"exact\", but must be named once"},
    {"step_sizes = [0.001, 0.01]", "step_sizes = [0.01, 0.001]",
     "train.step_sizes[1] is 0.001, but must be larger than the entry before it, 0.01"},
    {"step_sizes = [0.001, 0.01]", "step_sizes = [nan]",
     "train.step_sizes[0] is nan, but must be a positive finite number"},
    {"sigma = [1, 1, 1, 1]", "sigma = [1, 1, 1]",
     "plan.toml:7: problem.sigma has 3 entries, but must have d = 4"},
    {"gamma = [1, 2, 3, 4]", "gamma = [1]", "plan.toml:8: problem.gamma has 1 entries, but must have d = 4"},
    {"gamma = [1, 2, 3, 4]", "gamma = [1, 2, -3, 4]", "gamma[2] is -3, but must be zero or positive"},
    {"gamma = [1, 2, 3, 4]", "gamma = [0, 0, 0, 0]", "the trace of Gamma"},
    {"gamma = [1, 2, 3, 4]\n", "", "contains RF, which needs problem.gamma"},
    {"values = [0.1, 0.2]", "values = [1, nan]",
     "plan.toml:6: problem.spectrum.values[1] is nan, but must be a finite number"},
    {"values = [0.1, 0.2]", "values = [3, 4]",
     "problem.spectrum cannot be used: GaussianMixture: the class covariances Sigma - Delta and "
     "Sigma + Delta must be positive definite"},
    {"values = [0.1, 0.2]", "values = [0]", "delta is all 0"},
    {", values = [0.1, 0.2]", "", "plan.toml:6: problem.spectrum.values is missing"},
    {"values = [0.1, 0.2], scale = 0.5", "values = [0.1], exponent = 2",
     "problem.spectrum.exponent belongs to law = \"power\", but law is \"choice\""},
    {"scale = 0.5", "scale = \"1/d\"",
     "problem.spectrum.scale is \"1/d\", but must be a finite number other than 0, or \"1/sqrt(d)\""},
    {"scale = 0.5", "scale = 0", "problem.spectrum.scale is 0, but must be a finite number other than 0"},
    {"scale = 0.5", "scale = true",
     "problem.spectrum.scale is true, but must be a finite number other than 0, or \"1/sqrt(d)\""},
    {"scale = 0.5", "scale = 0.5, sclae = 1",
     "unknown key \"problem.spectrum.sclae\"; did you mean \"scale\"?"},
    {"law = \"choice\", values = [0.1, 0.2]", "law = \"low_rank\", rank = 5",
     "rank is 5, but must be from 1 to d = 4"},
    {"law = \"choice\", values = [0.1, 0.2]", "law = \"low_rank\"", "problem.spectrum.rank is missing"},
    {"law = \"choice\", values = [0.1, 0.2], ", "", "problem.spectrum.law is missing"},
    {"gamma = [1, 2, 3, 4]\n", "gamma = [1, 2, 3, 4]\neigenvalues = [1, 2, 3, 4]\n",
     "plan.toml:9: problem.eigenvalues is given beside problem.spectrum"},
    {"model = \"mg\"", "model = \"qf\"",
     "plan.toml:7: problem.sigma belongs to model = \"mg\", but model is \"qf\""},
    {"parameterisation = \"mean-field\"\nsecond_layer = \"fixed\"\nsecond_layer_value = -1.5\n",
     "parameterisation = \"unit\"\nsecond_layer = \"shared\"\n",
     "train.second_layer is \"shared\", but parameterisation = \"unit\" has a fixed second layer"},
    {"parameterisation = \"mean-field\"", "parameterisation = \"unit\"",
     "train.alpha belongs to parameterisation = \"mean-field\""},
    {"second_layer = \"fixed\"", "second_layer = \"shared\"",
     "train.second_layer_value belongs to second_layer = \"fixed\""},
    {"second_layer_value = -1.5", "second_layer_value = 0",
     "train.second_layer_value is 0, but must be a finite number different from 0"},
    {"test_samples = 50", "test_samples = 1", "train.test_samples is 1, but must be 0 (none) or at least 2"},
    {"regimes = [\"RF(I)\", \"RF\", \"NT\", \"NN\", \"Bayes\"]", "regimes = [\"NN\"]",
     "sweep.methods contains limit, which has no answer here: NN: its limit is known for the quadratic "
     "activation only"},
    {"regimes = [\"RF(I)\", \"RF\", \"NT\", \"NN\", \"Bayes\"]", "regimes = [\"RF(I)\"]",
     "sweep.methods contains train, which has no answer here: it answers NT, NN, none of which "
     "is asked for"},
    {"methods = [\"limit\", \"exact\", \"train\", \"fit\"]", "methods = [\"limit\"]",
     "figure.frame = \"right\" shows risks along training"},
    {"title = \"A", "title = \"\\n!touch x", "but must be text of at most 300 characters without control"},
    {"name = \"full\"", "name = \"-rf\"", "starting with a letter or a digit"},
    {"[sweep]", "[sweep", "plan.toml:12: not TOML"},
    {"draws = 2\nseed", "draws = 2\ndraws = 3\nseed", "plan.toml:17: not TOML"},
};

TEST(CheckPlan, ImpossibleValuesAreRefusedInAClearSentence) {
  for (const Case& c : kImpossible) {
    SCOPED_TRACE(std::string(c.from) + " -> " + c.to);
    expect_contains(refusal(replaced(kFullPlan, c.from, c.to)), c.message);
  }
}

TEST(CheckPlan, ProblemsHaveTheirOwnRefusals) {
  const auto message = [](const Overrides& overrides) { return refusal(kSmallPlan, overrides); };
  expect_contains(
      message({{"sweep.regimes", "[Bayes]"}, {"sweep.methods", "[exact]"}}),
      "--set sweep.regimes: sweep.regimes contains Bayes, but the Bayes risk belongs to model = \"mg\"");
  expect_contains(message({{"problem.eigenvalues", "[1, -1]"}, {"problem.d", "2"}}),
                  "sweep.regimes contains RF(Gamma*), which is impossible here");
  expect_contains(message({{"problem.eigenvalues", "[1, inf]"}, {"problem.d", "2"}}),
                  "--set problem.eigenvalues: problem.eigenvalues[1] is inf, but must be a finite number");
  expect_contains(message({{"problem.eigenvalues", "[0, 0]"}, {"problem.d", "2"}}), "eigenvalues are all 0");
  expect_contains(
      message({{"problem.eigenvalues", "[1, 2]"}}),
      "problem.d is 12, but must be 2, the number of entries of problem.eigenvalues, or left out");
  expect_contains(message({{"problem.spectrum", "{law = power, exponent = -1e6}"}}), "must be finite");
  // NN has a limit for the quadratic activation only, and here it is all that is asked for.
  expect_contains(
      message({{"activation.name", "relu"}, {"sweep.regimes", "[NN]"}, {"sweep.methods", "[limit]"}}),
      "contains limit, which has no answer here: NN: its limit is known for the quadratic activation only");
}

TEST(CheckPlan, Bf16IsForQuadraticNn) {
  const auto message = [](Overrides overrides) {
    overrides.push_back({"train.precision", "bf16"});
    return refusal(kSmallPlan, overrides);
  };
  constexpr auto kWrongNetwork =
      "--set train.precision: train.precision is \"bf16\", but bf16 is for training NN with the quadratic "
      "activation without biases, momentum or a free second layer";
  expect_contains(message({{"train.momentum", "0.5"}}), kWrongNetwork);
  expect_contains(message({{"activation.name", "relu"}, {"sweep.methods", "[train]"}}), kWrongNetwork);
  expect_contains(message({{"sweep.regimes", "[NT]"}, {"sweep.methods", "[train]"}}), kWrongNetwork);
  // On any processor: its results may come from another one.
  hwy::SetSupportedTargetsForTest(HWY_AVX2);
  const Plan plan = small_plan({{"train.precision", "bf16"}});
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_EQ(plan.base.train.options.precision, train::Precision::bf16);
}

TEST(CheckPlan, LimitsThatNobodyKnowsAreNoted) {
  const Plan relu = small_plan(
      {{"activation.name", "relu"}, {"sweep.regimes", "[RF(I), NN]"}, {"sweep.methods", "[limit]"}});
  ASSERT_EQ(remarks(relu).size(), 1u);
  expect_contains(remarks(relu)[0], "left out for NN");
  EXPECT_TRUE(remarks(small_plan()).empty());
}

TEST(CheckPlan, ASecondLayerOfTheWrongSignIsNoted) {
  const Overrides mg{{"problem.model", "mg"},
                     {"problem.spectrum", "{law = choice, values = [0.1, 0.5]}"},
                     {"sweep.regimes", "[RF(I), NN]"},
                     {"train.parameterisation", "unit"}};
  Overrides negative = mg;
  negative.push_back({"train.second_layer_value", "-1"});
  ASSERT_EQ(remarks(small_plan(mg)).size(), 1u);
  expect_contains(remarks(small_plan(mg))[0], "a second layer fixed at 1 can fit nothing of this problem");
  EXPECT_TRUE(remarks(small_plan(negative)).empty());
  EXPECT_TRUE(remarks(small_plan({{"train.parameterisation", "unit"}})).empty());
}

}  // namespace
}  // namespace lazygap::plan
