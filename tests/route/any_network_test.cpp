// Plans with any activation, covariance and target: what they mean, and what each route answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "lazygap/core/error.h"
#include "plan/full_plan.h"
#include "support/contains.h"
#include "support/small_plan.h"
#include "support/temporary_folder.h"

namespace lazygap::route {
namespace {

using namespace test;

using plan::load_plan;

Problem problem_of(const Plan& plan) {
  return question::make_instance(plan.at(Method::exact, Regime::rf_isotropic, 0)).problem;
}

/// Two ways to the same number in fp64, through an eigenvalue decomposition in one of them.
constexpr double kRounding = 1e-10;

double ratio(const Plan& plan, Method method, Regime regime, Index N = 6, double step_size = 0) {
  const store::Result result = compute_cell(plan, cell_at(plan, method, regime, N, 1, step_size));
  EXPECT_EQ(result.status, Status::ok) << result.parameters << " " << result.message;
  return result.ratio;
}

const Overrides kMixture{{"problem.model", "mg"},
                         {"problem.d", "3"},
                         {"sweep.regimes", "[RF(I), RF, NT, NN]"},
                         {"sweep.neurons", "[2]"},
                         {"problem.gamma", "[1, 2, 3]"}};

TEST(AnyCovariance, DiagonalMatricesAreTheirDiagonals) {
  const Plan diagonal = small_plan(
      with(kMixture, {{"problem.eigenvalues", "[0.5, -0.2, 0.1]"}, {"problem.sigma", "[1, 2, 1.5]"}}));
  const Plan whole =
      small_plan(with(kMixture, {{"problem.matrix", "[[0.5, 0, 0], [0, -0.2, 0], [0, 0, 0.1]]"},
                                 {"problem.sigma", "[[1, 0, 0], [0, 2, 0], [0, 0, 1.5]]"},
                                 {"problem.gamma", "[[1, 0, 0], [0, 2, 0], [0, 0, 3]]"}}));
  for (const Method method : {Method::limit, Method::exact, Method::fit})
    for (const Regime regime : {Regime::rf_isotropic, Regime::rf})
      EXPECT_EQ(ratio(diagonal, method, regime, 2), ratio(whole, method, regime, 2)) << to_string(regime);
  for (const Regime regime : {Regime::nt, Regime::nn}) {
    EXPECT_EQ(ratio(diagonal, Method::exact, regime, 2), ratio(whole, Method::exact, regime, 2));
    EXPECT_EQ(ratio(diagonal, Method::train, regime, 2, 0.01), ratio(whole, Method::train, regime, 2, 0.01));
  }
}

TEST(AnyCovariance, ARotationOfEverythingChangesNoLimit) {
  // The plane rotation by 45 degrees of Delta = diag(0.5, -0.3), Sigma = diag(1, 2), Gamma = diag(1, 3).
  const Overrides base{{"problem.model", "mg"},
                       {"problem.d", "2"},
                       {"sweep.regimes", "[RF, NN]"},
                       {"sweep.methods", "[limit, exact]"},
                       {"sweep.neurons", "[1]"}};
  const Plan diagonal = small_plan(with(
      base,
      {{"problem.eigenvalues", "[0.5, -0.3]"}, {"problem.sigma", "[1, 2]"}, {"problem.gamma", "[1, 3]"}}));
  const Plan rotated = small_plan(with(base, {{"problem.matrix", "[[0.1, 0.4], [0.4, 0.1]]"},
                                              {"problem.sigma", "[[1.5, -0.5], [-0.5, 1.5]]"},
                                              {"problem.gamma", "[[2, -1], [-1, 2]]"}}));
  EXPECT_NEAR(ratio(diagonal, Method::limit, Regime::rf, 1), ratio(rotated, Method::limit, Regime::rf, 1),
              kRounding);
  EXPECT_NEAR(ratio(diagonal, Method::exact, Regime::nn, 1), ratio(rotated, Method::exact, Regime::nn, 1),
              kRounding);
}

TEST(AnyCovariance, GammaFollowsTheEigenbasisOfB) {
  // B = Q diag(3, 1) Q^T with Q the rotation by 45 degrees; Gamma = B is Gamma*, so that RF is RF(Gamma*).
  const Plan plan = small_plan({{"problem.matrix", "[[2, 1], [1, 2]]"},
                                {"problem.d", "2"},
                                {"problem.gamma", "[[2, 1], [1, 2]]"},
                                {"sweep.regimes", "[RF, RF(Gamma*)]"},
                                {"sweep.methods", "[limit]"}});
  EXPECT_NEAR(ratio(plan, Method::limit, Regime::rf), ratio(plan, Method::limit, Regime::rf_aligned),
              kRounding);
}

TEST(AnyCovariance, AHaarRotationIsInvisibleToIsotropicNeuronsOnly) {
  const Overrides gamma{{"problem.gamma", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"},
                        {"sweep.regimes", "[RF(I), RF, NT, NN]"}};
  const Plan plain = small_plan(gamma), rotated = small_plan(with(gamma, {{"problem.rotation", "haar"}}));
  EXPECT_EQ(ratio(plain, Method::limit, Regime::rf_isotropic),
            ratio(rotated, Method::limit, Regime::rf_isotropic));
  EXPECT_NE(ratio(plain, Method::limit, Regime::rf), ratio(rotated, Method::limit, Regime::rf));
}

TEST(AnyCovariance, ImpossibleMatricesAreRefused) {
  expect_contains(refusal({{"problem.matrix", "[[1, 2], [3, 4]]"}, {"problem.d", "2"}}), "symmetric");
  expect_contains(refusal({{"problem.matrix", "[[1, 2, 3], [2, 1, 3]]"}, {"problem.d", "2"}}),
                  "is a 2 x 3 matrix, but must be d x d");
  expect_contains(refusal({{"problem.matrix", "[[1, 2], [2]]"}, {"problem.d", "2"}}),
                  "is not a matrix: row 2 has 1 entries, but the first one 2");
  expect_contains(refusal({{"problem.matrix", "[[1, nan], [nan, 1]]"}, {"problem.d", "2"}}),
                  "problem.matrix[0][1] is nan, but must be a finite number");
  expect_contains(refusal({{"problem.matrix", "[[1, 0], [0, 1]]"}, {"problem.d", "3"}}),
                  "problem.d is 3, but must be 2, the number of rows of problem.matrix, or left out");
  expect_contains(
      refusal({{"problem.matrix", "[[1, 0], [0, 1]]"}, {"problem.d", "2"}, {"problem.rotation", "haar"}}),
      "problem.matrix gives a whole matrix");
  expect_contains(refusal({{"problem.gamma", "[[1, 0], [0, 1]]"}}),
                  "problem.gamma is a 2 x 2 matrix, but must be d x d with d = 12");
  expect_contains(refusal(with(kMixture, {{"problem.eigenvalues", "[0.5, 0.5, 0.5]"},
                                          {"problem.sigma", "[[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]]"}})),
                  "positive definite");
}

TEST(AnyTarget, CoefficientsComeByDegreeOrWhole) {
  const Overrides base{
      {"problem.model", "polynomial"}, {"sweep.regimes", "[RF(I), NT]"}, {"sweep.methods", "[exact]"}};
  const TemporaryFolder folder;
  const auto load = [&](const std::string& problem) {
    const std::string text =
        "name = \"t\"\n[problem]\nmodel = \"polynomial\"\n" + problem +
        "\n[sweep]\nregimes = [\"RF(I)\", \"NT\"]\nneurons = [4]\nmethods = [\"exact\"]\n"
        "draws = 2\n[activation]\nname = \"hermite(3)\"\n";
    return load_plan(folder.write("plan.toml", text).string());
  };
  const Plan by_degree =
      load("d = 3\nhe1 = { law = \"identity\", scale = 0.5 }\nhe3 = { law = \"identity\" }");
  const Plan whole = load("coefficients = [[0.5, 0, 1], [0.5, 0, 1], [0.5, 0, 1]]");
  EXPECT_EQ(std::get<PolynomialTarget>(problem_of(by_degree)).beta(),
            std::get<PolynomialTarget>(problem_of(whole)).beta());
  EXPECT_EQ(whole.base.problem.d, 3);
  for (const Regime regime : {Regime::rf_isotropic, Regime::nt})
    EXPECT_EQ(ratio(by_degree, Method::exact, regime, 4), ratio(whole, Method::exact, regime, 4));
  for (const Plan& plan : {by_degree, whole}) {
    const Plan again = load_plan(folder.write("again.toml", to_toml(plan)).string());
    EXPECT_EQ(to_toml(again), to_toml(plan));
    EXPECT_EQ(cell_key(again, make_cells(again)[0]), cell_key(plan, make_cells(plan)[0]));
  }
}

TEST(AnyCovariance, ComesFromFilesBesideThePlan) {
  const TemporaryFolder folder;
  folder.write("b.csv", "2, 1  # a comment\n1, 2\n");
  folder.write("row.csv", "3, 1\n");
  const auto load = [&](const std::string& file) {
    return load_plan(folder
                         .write("plan.toml", "name = \"t\"\n[problem]\nmodel = \"qf\"\nfile = \"" + file +
                                                 "\"\n[sweep]\nregimes = [\"NN\"]\nneurons = [1]\n"
                                                 "methods = [\"limit\"]\n")
                         .string());
  };
  EXPECT_EQ(*load("b.csv").base.problem.matrix, (Matrix{{2, 1}, {1, 2}}));
  // The eigenvalues of B are 3 and 1.
  EXPECT_NEAR(ratio(load("b.csv"), Method::limit, Regime::nn, 1),
              ratio(load("row.csv"), Method::limit, Regime::nn, 1), kRounding);
  folder.write("b.csv", "2, x\n1, 2\n");
  try {
    static_cast<void>(load("b.csv"));
    ADD_FAILURE() << "accepted";
  } catch (const FileError& error) {
    expect_contains(error.what(), "plan.toml:4: problem.file: ");
    expect_contains(error.what(), "b.csv:1:4: ");
  }
}

TEST(AnyTarget, ARowOfCoefficientsIsOneDirection) {
  const TemporaryFolder folder;
  folder.write("row.csv", "0, 0, 1\n");
  const std::string rest = "\n[sweep]\nregimes = [\"NT\"]\nneurons = [1]\nmethods = [\"exact\"]\n";
  const auto load = [&](const std::string& coefficients) {
    return load_plan(
        folder
            .write("plan.toml",
                   "name = \"t\"\n[problem]\nmodel = \"polynomial\"\ncoefficients = " + coefficients + rest)
            .string());
  };
  EXPECT_EQ(*load("\"row.csv\"").base.problem.matrix, *load("[[0, 0, 1]]").base.problem.matrix);
  for (const char* list : {"[0, 0, 1]", "\"row.txt\""}) {
    folder.write("row.txt", "0 0 1\n");
    EXPECT_THROW(static_cast<void>(load(list)), UsageError) << list;
  }
}

TEST(AnyActivation, NtKeepsItsBiasesWhereThoseOfNnAreTrained) {
  const Plan plan = small_plan({{"activation.name", "tanh"},
                                {"activation.biases", "1"},
                                {"train.biases", "trained"},
                                {"sweep.regimes", "[NT, NN]"},
                                {"sweep.methods", "[train]"}});
  for (const Cell& cell : make_cells(plan)) EXPECT_EQ(compute_cell(plan, cell).status, Status::ok);
}

TEST(AnyTarget, OnlyWhatIsKnownIsComputed) {
  const Plan plan = small_plan({{"activation.name", "relu"}, {"sweep.regimes", "[RF(I), NT, NN]"}});
  const auto cells = make_cells(plan);
  const auto has = [&](Method method, Regime regime) {
    return std::any_of(cells.begin(), cells.end(),
                       [&](const Cell& cell) { return cell.method == method && cell.regime == regime; });
  };
  EXPECT_TRUE(has(Method::limit, Regime::rf_isotropic));
  EXPECT_FALSE(has(Method::limit, Regime::nt));
  EXPECT_TRUE(has(Method::exact, Regime::nt));
  EXPECT_FALSE(has(Method::exact, Regime::nn));
  EXPECT_FALSE(has(Method::fit, Regime::nt)) << "NT is fitted where fit.regimes asks for it";
  std::string all;
  for (const std::string& note : remarks(plan)) all += note + "\n";
  expect_contains(all, "limit: left out for NT: its limit is known for the quadratic activation only");
  expect_contains(all, "exact: left out for NN: its least risk is known for the quadratic activation only");
  expect_contains(refusal({{"activation.name", "relu"}, {"sweep.methods", "[flow]"}}),
                  "the gradient flow is there for the quadratic activation");
  expect_contains(
      refusal({{"activation.name", "sign"}}),
      "contains train, which has no answer here: NT: it needs the derivative of the activation, but sign has "
      "none; NN: it needs");
  expect_contains(refusal({{"activation.expression", "\"max(u,0)^2\""}}),
                  "activation.derivative is not given");
  expect_contains(refusal({{"sweep.regimes", "[NN]"}}),
                  "contains fit, which has no answer here: it answers RF(I), RF(Gamma*), RF, NT, none of "
                  "which is asked for");
  expect_contains(refusal({{"fit.regimes", "[NN]"}}), "fit.regimes contains NN");
  expect_contains(refusal({{"fit.regimes", "NT"}}), "fit.regimes is \"NT\", but must be a list of words");
  expect_contains(refusal({{"fit.regimes", "[NTK]"}}), "fit.regimes[0] is \"NTK\", but must be one of");
  expect_contains(refusal({{"activation.name", "relu"},
                           {"activation.centred", "false"},
                           {"sweep.regimes", "[RF(I)]"},
                           {"sweep.methods", "[limit]"}}),
                  "RF(I): its limit is known for the centred activation only");
}

TEST(AnyActivation, EveryRouteAnswers) {
  for (const Overrides& problem : {Overrides{}, with(kMixture, {{"problem.eigenvalues", "[0.5, -0.2, 0.1]"}}),
                                   Overrides{{"problem.label_noise", "0.1"}}})
    for (const Overrides& activation :
         {Overrides{{"activation.name", "relu"}},
          Overrides{{"activation.name", "tanh"}, {"activation.biases", "0.7"}},
          Overrides{{"activation.expression", "\"max(u,0)^2\""}, {"activation.derivative", "\"2*max(u,0)\""}},
          Overrides{{"activation.hermite", "[0, 1, 1, 0.5]"}, {"activation.centred", "false"}}}) {
      const Plan plan = small_plan(with(with(problem, activation), {{"fit.regimes", "[RF(I), NT]"},
                                                                    {"sweep.regimes", "[RF(I), NT, NN]"},
                                                                    {"sweep.methods", "[exact, train, fit]"},
                                                                    {"train.step_sizes", "[0.0003]"}}));
      for (const Cell& cell : make_cells(plan)) {
        const store::Result result = compute_cell(plan, cell);
        SCOPED_TRACE(result.parameters);
        EXPECT_EQ(result.status, Status::ok) << result.message;
        EXPECT_TRUE(std::isfinite(result.ratio));
        EXPECT_FALSE(result.se) << "the exact risk of the network is known";
      }
    }
}

TEST(AnyActivation, TheSameFunctionGivesTheSameRisks) {
  const Overrides base{{"sweep.regimes", "[RF(I), NT]"}};
  const Plan named = small_plan(with(base, {{"activation.name", "hermite(3)"}}));
  const Plan by_coefficients = small_plan(with(base, {{"activation.hermite", "[0, 0, 0, 6]"}}));
  const Plan by_expression = small_plan(
      with(base, {{"activation.expression", "\"u^3-3*u\""}, {"activation.derivative", "\"3*u^2-3\""}}));
  for (const Regime regime : {Regime::rf_isotropic, Regime::nt})
    for (const Plan& other : {by_coefficients, by_expression})
      EXPECT_NEAR(ratio(named, Method::exact, regime), ratio(other, Method::exact, regime), kRounding);
}

TEST(AnyActivation, BlindRegimesAreNotedAndHaveRatioOne) {
  const Plan plan = small_plan({{"activation.name", "tanh"}, {"sweep.regimes", "[RF(I), NT, NN]"}});
  std::string all;
  for (const std::string& note : remarks(plan)) all += note + "\n";
  for (const char* regime : {"RF(I)", "NT", "NN"})
    expect_contains(all, std::string(regime) + ": blind to this target, R/R0 = 1");
  for (const Regime regime : {Regime::rf_isotropic, Regime::nt})
    EXPECT_NEAR(ratio(plan, Method::exact, regime), 1, kRounding);
  EXPECT_EQ(ratio(plan, Method::limit, Regime::rf_isotropic), 1);
}

}  // namespace
}  // namespace lazygap::route
