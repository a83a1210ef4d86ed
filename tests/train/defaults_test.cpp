#include "lazygap/train/defaults.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/exact/nn.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"

namespace lazygap::train {
namespace {

constexpr Index kDimension = 100;

Problem paper_problem(const std::string& model) {
  if (model == "qf") return PolynomialTarget(draw_spectrum({}, kDimension, 1));
  SpectrumLaw law;
  law.kind = SpectrumLaw::Kind::choice;
  law.values = {1, 1.5, 2};
  law.scale_by_inverse_sqrt_d = true;
  return GaussianMixture(draw_spectrum(law, kDimension, 1));
}

Options laptop_run() {
  Options options;
  options.steps = 20000;
  options.test_samples = 0;
  return options;
}

TEST(Defaults, GridsIncreaseAndAreShort) {
  for (const char* model : {"qf", "mg"})
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const Index neurons : {1, 50, 100, 1000}) {
        const auto grid = default_step_sizes(regime, paper_problem(model), neurons, laptop_run());
        EXPECT_TRUE(std::is_sorted(grid.begin(), grid.end(), std::less_equal<>())) << model << neurons;
        EXPECT_GT(grid.front(), 0);
        EXPECT_LE(grid.size(), 7u);
      }
  EXPECT_EQ(default_step_sizes(Regime::nn, paper_problem("qf"), 50, laptop_run()),
            (std::vector<double>{0.00083, 0.0022, 0.0056, 0.011, 0.022}));
  EXPECT_EQ(default_step_sizes(Regime::nt, paper_problem("qf"), 50, laptop_run()),
            (std::vector<double>{0.00056, 0.0017, 0.0056, 0.017, 0.056, 0.13, 0.22}));
}

TEST(Defaults, OtherRegimesAreErrors) {
  EXPECT_THROW((void)default_step_sizes(Regime::bayes, paper_problem("qf"), 50, laptop_run()), UsageError);
}

/// The risk (over R0) for each step size, infinite where the run diverged.
std::vector<double> ratios(const Problem& problem, Index neurons, const std::vector<double>& step_sizes) {
  std::vector<double> found;
  for (const double step_size : step_sizes) {
    Options options = laptop_run();
    options.step_size = step_size;
    const Outcome outcome = run_nn(problem, neurons, options);
    found.push_back(outcome.status == Status::ok ? outcome.risk / null_risk(problem) : INFINITY);
  }
  return found;
}

std::vector<double> grid(const Problem& problem, Index neurons) {
  return default_step_sizes(Regime::nn, problem, neurons, laptop_run());
}

/// The best of `found` lies above the exact minimum, as every fp32 weight matrix does whose risk is computed
/// in fp64, and within `excess` of it.
void expect_reached(const Problem& problem, Index neurons, const std::vector<double>& found, double excess) {
  constexpr double kRounding = 1e-9;
  const double minimum = exact::nn(problem, neurons, SecondLayerSign::one_sign).risk / null_risk(problem);
  const double best = *std::min_element(found.begin(), found.end());
  EXPECT_GT(best, minimum - kRounding);
  EXPECT_LT(best, minimum + excess);
}

// Must-hold at d = 100, 20000 steps: within 0.01 of the minimum for N = 10, 50, within 0.02 for N = 200.
// The second and third of the grid are enough for that and save time.
TEST(Defaults, TheProtocolReachesTheMinimum) {
  for (const char* model : {"qf", "mg"})
    for (const auto& [neurons, excess] : {std::pair<Index, double>{10, 0.01}, {200, 0.02}}) {
      const Problem problem = paper_problem(model);
      const std::vector<double> all = grid(problem, neurons);
      expect_reached(problem, neurons, ratios(problem, neurons, {all[1], all[2]}), excess);
    }
}

TEST(Defaults, TheBestStepSizeIsInsideTheGrid) {
  constexpr double kExcess = 0.01;
  for (const char* model : {"qf", "mg"}) {
    const Problem problem = paper_problem(model);
    const std::vector<double> found = ratios(problem, 50, grid(problem, 50));
    expect_reached(problem, 50, found, kExcess);
    const auto best = std::min_element(found.begin(), found.end());
    EXPECT_NE(best, found.begin()) << model;
    EXPECT_NE(best + 1, found.end()) << model;
  }
}

TEST(Defaults, ForOtherActivationsTheBestStepSizeIsInsideTheGrid) {
  struct Case {
    const char* activation;
    double bias_scale;
    Problem problem;
    Regime regime;
    double explained;  // of R0, by the best step size: measured, with some room
  };
  Matrix beta = Matrix::Zero(kDimension, 3);
  beta.col(2) = draw_spectrum({}, kDimension, 1);
  const Case cases[] = {{"relu", 0, paper_problem("qf"), Regime::nn, 0.5},
                        {"tanh", 0.5, paper_problem("mg"), Regime::nn, 0.02},
                        {"hermite(3)", 0, PolynomialTarget::from_hermite(beta), Regime::nn, 0.4},
                        {"relu", 0, paper_problem("qf"), Regime::nt, 0.3}};
  for (const Case& c : cases) {
    Options options = laptop_run();
    options.steps = 4000;
    options.records = 2;
    options.activation = activation_from_name(c.activation);
    options.bias_scale = c.bias_scale;
    options.second_layer = SecondLayer::free;
    std::vector<double> risks;
    for (const double step_size : default_step_sizes(c.regime, c.problem, 50, options)) {
      options.step_size = step_size;
      const Outcome outcome =
          c.regime == Regime::nn ? run_nn(c.problem, 50, options) : run_nt(c.problem, 50, options);
      risks.push_back(outcome.status == Status::ok ? outcome.risk : INFINITY);
    }
    const auto best = std::min_element(risks.begin(), risks.end());
    EXPECT_NE(best, risks.begin()) << c.activation;
    EXPECT_NE(best + 1, risks.end()) << c.activation;
    EXPECT_LT(*best, (1 - c.explained) * null_risk(c.problem)) << c.activation;
  }
}

}  // namespace
}  // namespace lazygap::train
