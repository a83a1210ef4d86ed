#include "lazygap/train/defaults.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/exact/nn.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"

namespace lazygap::train {
namespace {

constexpr Index kDimension = 100;

Problem paper_problem(const std::string& model) {
  if (model == "qf") return QuadraticFunction(draw_spectrum({}, kDimension, 1));
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
            (std::vector<double>{0.00084, 0.0022, 0.0056, 0.011, 0.022}));
}

TEST(Defaults, OtherRegimesAreErrors) {
  EXPECT_THROW((void)default_step_sizes(Regime::bayes, paper_problem("qf"), 50, laptop_run()), UsageError);
}

/// The protocol at d = 100 and 20000 steps reaches the exact minimum, from above, with a step size from
/// inside the grid. The fp32 step cannot hide a risk below the minimum: the risk is that of the weights, in
/// fp64.
void expect_minimum_reached(const std::string& model, Index neurons, double excess) {
  const Problem problem = paper_problem(model);
  const double minimum = exact::nn(problem, neurons, exact::Sign::one_sign).risk / null_risk(problem);
  Options options = laptop_run();
  const std::vector<double> grid = default_step_sizes(Regime::nn, problem, neurons, options);
  std::vector<double> found;
  for (const double step_size : grid) {
    options.step_size = step_size;
    const Outcome outcome = run_nn(problem, neurons, options);
    found.push_back(outcome.status == Status::ok ? outcome.risk / null_risk(problem) : INFINITY);
  }
  const auto best = std::min_element(found.begin(), found.end());
  constexpr double kRounding = 1e-9;
  EXPECT_GT(*best, minimum - kRounding);
  EXPECT_LT(*best, minimum + excess);
  EXPECT_NE(best, found.begin()) << "the best step size is the smallest of the grid";
  EXPECT_NE(best + 1, found.end()) << "the best step size is the largest of the grid";
}

// Must-hold: within 0.01 of the minimum for N = 10, 50, within 0.02 for N = 200.
TEST(Defaults, QuadraticFunctionN10) { expect_minimum_reached("qf", 10, 0.01); }
TEST(Defaults, QuadraticFunctionN50) { expect_minimum_reached("qf", 50, 0.01); }
TEST(Defaults, QuadraticFunctionN200) { expect_minimum_reached("qf", 200, 0.02); }
TEST(Defaults, MixtureN10) { expect_minimum_reached("mg", 10, 0.01); }
TEST(Defaults, MixtureN50) { expect_minimum_reached("mg", 50, 0.01); }
TEST(Defaults, MixtureN200) { expect_minimum_reached("mg", 200, 0.02); }

}  // namespace
}  // namespace lazygap::train
