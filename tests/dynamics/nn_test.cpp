#include "lazygap/dynamics/nn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/defaults.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"

namespace lazygap::dynamics {
namespace {

PolynomialTarget exponential_qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 7)); }

Matrix weights(const PolynomialTarget& problem, Index neurons, std::uint32_t draw = 0) {
  return first_layer_law(Regime::nn, problem).sample(neurons, 1, draw, Purpose::initial_weights);
}

Options options_for(Parameterisation parameterisation) {
  Options options{.parameterisation = parameterisation, .steps = 6000, .batch = 50, .records = 20};
  if (parameterisation == Parameterisation::unit) options.second_layer = SecondLayer::fixed;
  return options;
}

train::Options sgd_options(const Options& options) {
  train::Options sgd;
  sgd.parameterisation = options.parameterisation;
  sgd.second_layer = options.second_layer;
  sgd.second_layer_value = options.second_layer_value;
  sgd.alpha = options.alpha;
  sgd.schedule = options.schedule;
  sgd.steps = options.steps;
  sgd.batch = options.batch;
  sgd.step_size = options.step_size;
  sgd.label_noise = options.label_noise;
  sgd.records = options.records;
  sgd.test_samples = 0;
  return sgd;
}

/// Gradient descent on the population risk, the loss in the units of training, by the chain rule: the risk
/// before every step and at the end.
std::vector<double> gradient_descent(const PolynomialTarget& problem, Matrix W, const Options& options) {
  const auto N = static_cast<double>(W.cols());
  const bool unit = options.parameterisation == Parameterisation::unit;
  const double front = unit ? 1 : options.alpha / N,
               label = unit ? 1 : 1 / std::sqrt(static_cast<double>(W.rows())),
               of_weights = unit ? 1 : N / (options.alpha * options.alpha),
               of_shared = unit ? 1 : 1 / (options.alpha * options.alpha);
  const bool shared = options.second_layer == SecondLayer::shared;
  double a = shared ? 0 : options.second_layer_value, o = 0;
  const StepSizes sizes{options.schedule, Regime::nn, options.steps, options.step_size};
  std::vector<double> risks;
  for (std::int64_t step = 0;; ++step) {
    const Matrix S = front * a / label * W * W.transpose();
    risks.push_back(problem.population_risk(S, o / label));
    if (step == options.steps) return risks;
    double dc = 0;
    const Matrix dS_W = label * problem.population_gradient(S, o / label, &dc) * W;
    const double da = front * dS_W.cwiseProduct(W).sum(), eps = sizes.at(step);
    W -= eps * of_weights * 2 * front * a * dS_W;
    if (shared) a -= eps * of_shared * da;
    o -= eps * label * dc;
  }
}

TEST(DynamicsNn, IsGradientDescentOnTheRiskForHugeBatches) {
  constexpr Index kDimension = 8;
  // The noise that is left, 1 / batch, and rounding, both amplified by the escape from small weights.
  constexpr double kRounding = 1e-9;
  const PolynomialTarget problem(exponential_qf(kDimension).eigenvalues(), 0.7);
  for (const Index neurons : {3, 8, 20})
    for (const SecondLayer second_layer : {SecondLayer::fixed, SecondLayer::shared})
      for (const Parameterisation parameterisation : {Parameterisation::unit, Parameterisation::mean_field}) {
        if (parameterisation == Parameterisation::unit && second_layer != SecondLayer::fixed) continue;
        Options options = options_for(parameterisation);
        options.second_layer = second_layer;
        options.second_layer_value = 0.8;
        options.alpha = 1.3;
        options.steps = 600;
        options.batch = Index{1} << 50;
        options.step_size = parameterisation == Parameterisation::unit ? 2e-3 : 2e-2;
        const Matrix W = weights(problem, neurons);
        const Curve curve = nn(problem, W, options);
        const std::vector<double> expected = gradient_descent(problem, W, options);
        ASSERT_EQ(curve.status, Status::ok);
        for (const Point& point : curve.points)
          EXPECT_NEAR(point.risk, expected[static_cast<std::size_t>(point.step)],
                      kRounding * expected.front())
              << "N=" << neurons << ", step " << point.step;
        EXPECT_LT(curve.risk, 0.5 * curve.points.front().risk);
      }
}

// An approximation: docs/theory/dynamics.md has its error.
TEST(DynamicsNn, IsCloserToSgdThanTheFlow) {
  constexpr Index kDimension = 20;
  constexpr std::uint32_t kRuns = 6;
  constexpr double kError = 0.08;  // of R0, as documented at these step sizes
  const PolynomialTarget problem = exponential_qf(kDimension);
  for (const double noise : {0.0, 0.5 * std::sqrt(problem.null_risk())})
    for (const Parameterisation parameterisation : {Parameterisation::unit, Parameterisation::mean_field})
      for (const Index neurons : {5, 30}) {
        Options options = options_for(parameterisation);
        options.schedule = Schedule::constant;
        options.label_noise = noise;
        options.steps = 3000;
        // 0.4 of the scale of the step size.
        options.step_size = train::default_step_sizes(Regime::nn, problem, neurons, sgd_options(options))[1];
        const double R0 = problem.null_risk();
        std::vector<double> of_dynamics, of_flow;
        for (std::uint32_t draw = 0; draw < kRuns; ++draw) {
          train::Options sgd = sgd_options(options);
          sgd.draw = draw;
          const train::Outcome run = train::run_nn(problem, neurons, sgd),
                               flow = train::flow_nn(problem, neurons, sgd);
          const Curve curve = nn(problem, weights(problem, neurons, draw), options);
          of_dynamics.resize(curve.points.size());
          of_flow.resize(curve.points.size());
          for (std::size_t i = 0; i < curve.points.size(); ++i) {
            of_dynamics[i] += (curve.points[i].risk - run.trajectory[i].risk) / R0 / kRuns;
            of_flow[i] += (flow.trajectory[i].risk - run.trajectory[i].risk) / R0 / kRuns;
          }
        }
        for (std::size_t i = 0; i < of_dynamics.size(); ++i)
          EXPECT_LT(std::abs(of_dynamics[i]), kError) << "N=" << neurons << ", point " << i;
        // Where SGD has come to rest; without noise of the labels a wide network comes to rest at 0, as the
        // flow.
        EXPECT_LT(std::abs(of_dynamics.back()), std::max(0.005, 0.7 * std::abs(of_flow.back())))
            << "N=" << neurons;
      }
}

TEST(DynamicsNn, AnExplosionIsADivergence) {
  Options options = options_for(Parameterisation::unit);
  options.step_size = 1;
  const PolynomialTarget problem = exponential_qf(6);
  const Curve curve = nn(problem, weights(problem, 3), options);
  EXPECT_EQ(curve.status, Status::diverged);
  EXPECT_TRUE(std::isnan(curve.risk));
  EXPECT_LT(curve.steps_done, 100);
}

TEST(DynamicsNn, BadArgumentsAreNamed) {
  const PolynomialTarget problem = exponential_qf(4);
  const auto message = [&](auto change) -> std::string {
    Options options;
    change(options);
    try {
      (void)nn(problem, weights(problem, 2), options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([](Options& o) { o.second_layer = SecondLayer::free; }),
            "dynamics::nn: second_layer is free, but must be shared or fixed");
  EXPECT_EQ(message([](Options& o) { o.parameterisation = Parameterisation::unit; }),
            "dynamics::nn: second_layer is shared, but must be fixed in the parameterisation unit");
  EXPECT_EQ(message([](Options& o) { o.alpha = 0; }),
            "dynamics::nn: alpha is 0, but must be positive and finite");
}

}  // namespace
}  // namespace lazygap::dynamics
