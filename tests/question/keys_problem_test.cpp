#include <gtest/gtest.h>

#include <memory>

#include "question/row_of.h"
#include "support/contains.h"

namespace lazygap::question {
namespace {

using namespace test;
using Names = std::vector<std::string>;

Question posed(const Settings& settings, Method method = Method::limit) {
  return asked(method, Regime::nn, settings);
}
SharedMatrix matrix(Matrix entries) { return std::make_shared<const Matrix>(std::move(entries)); }

TEST(KeysProblem, ALawIsInTheNameWithTheNumbersThatItReads) {
  const Question power = posed({{"problem.spectrum.law", word("power")},
                                {"problem.spectrum.exponent", 1.5},
                                {"problem.spectrum.scale", 2.0}});
  EXPECT_EQ(in_name(power, "problem.spectrum.law"), Names{"problem.spectrum.law=power"});
  EXPECT_EQ(in_name(power, "problem.spectrum.exponent"), Names{"problem.spectrum.exponent=1.5"});
  EXPECT_TRUE(in_name(power, "problem.spectrum.rank").empty());
  EXPECT_TRUE(in_name(power, "problem.spectrum.values").empty());
  EXPECT_EQ(in_name(power, "problem.spectrum.scale"),
            (Names{"problem.spectrum.scale=2", "problem.spectrum.scale_by_inverse_sqrt_d=false"}));
  expect_contains(
      conflict(posed({{"problem.spectrum.law", word("power")}, {"problem.spectrum.rank", whole(3)}}),
               "problem.spectrum.rank"),
      "belongs to law = \"low_rank\", but law is \"power\"");
}

TEST(KeysProblem, TheSeedIsInTheNameWhereSomethingIsDrawn) {
  const auto seeds = [](const Settings& settings, Method method = Method::limit) {
    return in_name(posed(settings, method), "sweep.seed");
  };
  EXPECT_TRUE(seeds({{"problem.spectrum.law", word("identity")}}).empty());
  EXPECT_EQ(seeds({{"problem.spectrum.law", word("exponential")}}), Names{"problem.spectrum.seed=1"});
  EXPECT_EQ(seeds({{"problem.spectrum.law", word("identity")}, {"problem.rotation", word("haar")}}),
            Names{"problem.rotation.seed=1"});
  EXPECT_EQ(seeds({{"problem.spectrum.law", word("identity")}}, Method::train), Names{"seed=1"});
}

TEST(KeysProblem, EigenvaluesAndMatricesSayWhatTheDimensionIs) {
  const Question list = posed({{"problem.eigenvalues", std::vector<double>{1, 2, 3}}});
  EXPECT_EQ(list.problem.d, 3);
  EXPECT_EQ(list.problem.spectrum.kind, SpectrumLaw::Kind::explicit_);
  // A column of a matrix stands for the eigenvalues.
  const Question column = posed({{"problem.matrix", matrix(Vector{{1, 2, 3}})}});
  EXPECT_EQ(column.problem.spectrum.values, list.problem.spectrum.values);
  EXPECT_FALSE(column.problem.matrix);
  const Question whole_one = posed({{"problem.matrix", matrix(Matrix{{0, 1}, {1, 0}})}});
  EXPECT_EQ(whole_one.problem.d, 2);
  EXPECT_TRUE(whole_one.problem.indefinite_matrix);
  EXPECT_FALSE(posed({{"problem.matrix", matrix(Matrix{{2, 1}, {1, 2}})}}).problem.indefinite_matrix);
  expect_contains(conflict(posed({{"problem.matrix", matrix(Matrix::Ones(2, 3))}}), "problem.matrix"),
                  "is a 2 x 3 matrix, but must be d x d");
  expect_contains(conflict(posed({{"problem.matrix", matrix(Matrix::Identity(2, 2))},
                                  {"problem.rotation", word("haar")}}),
                           "problem.matrix"),
                  "gives a whole matrix, but rotation is \"haar\"");
}

TEST(KeysProblem, CoefficientsBelongToPolynomialsAndSpectraToTheOthers) {
  const Question polynomial =
      posed({{"problem.model", word("polynomial")}, {"problem.he2.law", word("identity")}});
  EXPECT_EQ(conflict(polynomial, "problem.he2.law"), "");
  EXPECT_EQ(in_name(polynomial, "problem.he2.law"), Names{"problem.he2.law=identity"});
  expect_contains(conflict(polynomial, "problem.spectrum.law"),
                  "belongs to model = \"qf\" or \"mg\", but model is \"polynomial\"");
  expect_contains(conflict(posed({{"problem.he2.law", word("identity")}}), "problem.he2.law"),
                  "belongs to model = \"polynomial\", but model is \"qf\"");
}

TEST(KeysProblem, CovariancesHaveTheSizeOfTheProblem) {
  const auto sigma = [](const char* model, Matrix entries) {
    return conflict(posed({{"problem.model", word(model)},
                           {"problem.d", whole(3)},
                           {"problem.sigma", matrix(std::move(entries))}}),
                    "problem.sigma");
  };
  EXPECT_EQ(sigma("mg", Matrix::Identity(3, 3)), "");
  EXPECT_EQ(sigma("mg", Matrix::Ones(3, 1)), "");
  expect_contains(sigma("mg", Matrix::Ones(2, 1)), "has 2 entries, but must have d = 3");
  expect_contains(sigma("mg", Matrix::Identity(2, 2)), "is a 2 x 2 matrix, but must be d x d with d = 3");
  expect_contains(sigma("qf", Matrix::Identity(3, 3)), "belongs to model = \"mg\"");
}

TEST(KeysProblem, SpikesGoWithASpectrumOfQf) {
  const auto signals = [](Settings settings) {
    settings.emplace_back("problem.d", whole(5));
    return conflict(posed(settings), "problem.signals");
  };
  EXPECT_EQ(signals({{"problem.signals", whole(2)}}), "");
  expect_contains(signals({{"problem.signals", whole(6)}}), "is 6, but must be at most d = 5");
  expect_contains(signals({{"problem.signals", whole(2)}, {"problem.model", word("mg")}}), "\"qf\"");
  expect_contains(signals({{"problem.signals", whole(2)}, {"problem.rotation", word("haar")}}),
                  "goes with a spectrum");
  expect_contains(conflict(posed({{"problem.spike", 2.0}}), "problem.spike"), "belongs to problem.signals");
}

TEST(KeysProblem, NoiseIsSaidOnceAndReadWhereThereAreLabels) {
  expect_contains(conflict(posed({{"problem.label_noise", 0.1}, {"problem.noise_to_signal", 0.1}}),
                           "problem.noise_to_signal"),
                  "only one of them can be");
  EXPECT_TRUE(reads(posed({}, Method::train), "problem.label_noise"));
  EXPECT_FALSE(reads(posed({}, Method::exact), "problem.label_noise"));
}

}  // namespace
}  // namespace lazygap::question
