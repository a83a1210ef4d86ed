#include "lazygap/dynamics/nt_closure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/dynamics/nt.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"

namespace lazygap::dynamics {
namespace {

PolynomialTarget exponential_qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 7)); }

/// Sigma is not the identity.
Problem mixture(Index d) {
  const Vector sigma = Vector::LinSpaced(d, 0.5, 1.5);
  return GaussianMixture(sigma, sigma.cwiseProduct(Vector::LinSpaced(d, -0.2, 0.6)));
}

Matrix weights(const Problem& problem, Index neurons, std::uint32_t draw = 0) {
  return first_layer_law(Regime::nt, problem).sample(neurons, 1, draw);
}

// Without noise nothing is assumed: the recursion is gradient descent, here by the other algebra of nt().
TEST(DynamicsNtClosure, IsTheExactRecursionForHugeBatches) {
  // Eigenvalues are cut at 1e-10, whose part of the target is learnt in no number of steps.
  constexpr double kCut = 1e-8;
  const PolynomialTarget problem(exponential_qf(7).eigenvalues(), 0.7);
  for (const Parameterisation parameterisation : {Parameterisation::unit, Parameterisation::mean_field})
    for (const Index neurons : {3, 9}) {
      Options options{.parameterisation = parameterisation, .steps = 300, .batch = Index{1} << 50};
      options.step_size =
          parameterisation == Parameterisation::unit ? 0.03 / static_cast<double>(neurons) : 0.03;
      const Matrix W = weights(problem, neurons);
      const Curve exact = nt(problem, W, options),
                  closed = nt_closure(problem, Activation::quadratic(), W, {}, options);
      ASSERT_EQ(closed.status, Status::ok);
      ASSERT_EQ(closed.points.size(), exact.points.size());
      for (std::size_t i = 0; i < exact.points.size(); ++i)
        EXPECT_NEAR(closed.points[i].risk, exact.points[i].risk, kCut * problem.null_risk()) << i;
      EXPECT_LT(closed.risk, 0.9 * problem.null_risk());
    }
}

TEST(DynamicsNtClosure, TendsToTheFlowOnAMixture) {
  constexpr double kFirstOrder = 3e-3;  // in the step size, 1/100 of the largest
  const Problem problem = mixture(8);
  Options options{.steps = 20000, .batch = Index{1} << 50, .records = 20};
  options.step_size = 2e-3;
  train::Options sgd;
  sgd.steps = options.steps;
  sgd.step_size = options.step_size;
  sgd.records = options.records;
  for (const Index neurons : {3, 8}) {
    const Curve curve = nt_closure(problem, Activation::quadratic(), weights(problem, neurons), {}, options);
    const train::Outcome flow = train::flow_nt(problem, neurons, sgd);
    ASSERT_EQ(curve.points.size(), flow.trajectory.size());
    for (std::size_t i = 0; i < curve.points.size(); ++i)
      EXPECT_NEAR(curve.points[i].risk, flow.trajectory[i].risk, kFirstOrder) << "N=" << neurons << ", " << i;
    EXPECT_LT(curve.risk, 0.95);
  }
}

// An approximation: docs/theory/dynamics.md has its error.
TEST(DynamicsNtClosure, IsCloseToTheMeanOfSgd) {
  constexpr std::uint32_t kRuns = 16;
  constexpr double kError = 0.02, kStandardErrors = 3;
  struct Case {
    Problem problem;
    const char* activation;
    double bias_scale, step_size;
  };
  for (const Case& c : {Case{exponential_qf(15), "relu", 0, 0.1}, Case{exponential_qf(15), "tanh", 0.5, 0.05},
                        Case{mixture(12), "relu", 0.5, 0.1}, Case{mixture(12), "quadratic", 0, 0.02}}) {
    Options options{.schedule = Schedule::quadratic_decay, .steps = 1000, .batch = 20, .records = 8};
    options.step_size = c.step_size;
    const double R0 = null_risk(c.problem);
    options.label_noise = 0.3 * std::sqrt(R0);
    std::vector<double> mean(8), square(8);
    for (std::uint32_t draw = 0; draw < kRuns; ++draw) {
      train::Options sgd;
      sgd.activation = activation_from_name(c.activation);
      sgd.bias_scale = c.bias_scale;
      sgd.schedule = options.schedule;
      sgd.steps = options.steps;
      sgd.batch = options.batch;
      sgd.step_size = options.step_size;
      sgd.label_noise = options.label_noise;
      sgd.records = options.records;
      sgd.test_samples = 0;
      sgd.draw = draw;
      const train::Outcome run = train::run_nt(c.problem, 6, sgd);
      const Curve curve = nt_closure(c.problem, sgd.activation, weights(c.problem, 6, draw),
                                     sample_biases(c.bias_scale, 6, 1, draw), options);
      ASSERT_EQ(curve.status, Status::ok);
      for (const Point& point : curve.points)
        for (const train::Point& other : run.trajectory) {
          if (other.step != point.step) continue;  // runs record fewer points where the risk is expensive
          const auto i = static_cast<std::size_t>(&point - curve.points.data());
          const double difference = (point.risk - other.risk) / R0;
          mean[i] += difference / kRuns;
          square[i] += difference * difference / kRuns;
        }
    }
    for (std::size_t i = 0; i < mean.size(); ++i)
      EXPECT_LT(std::abs(mean[i]),
                kError + kStandardErrors * std::sqrt((square[i] - mean[i] * mean[i]) / (kRuns - 1)))
          << c.activation << ", point " << i;
    EXPECT_NE(mean.back(), 0);
  }
}

TEST(DynamicsNtClosure, LeverageRaisesTheFloor) {
  const PolynomialTarget problem = exponential_qf(12);
  Options options{.schedule = Schedule::constant, .steps = 3000, .batch = 20};
  options.step_size = 0.1;
  const Matrix W = weights(problem, 5);
  const Activation relu = activation_from_name("relu");
  const double elliptic = nt_closure(problem, relu, W, {}, options).risk,
               gaussian = nt_closure(problem, relu, W, {}, options, {.closure = Closure::gaussian}).risk;
  EXPECT_GT(elliptic, gaussian);
  EXPECT_NE(nt_closure(problem, relu, W, {}, options, {.seed = 2}).risk, elliptic);
}

TEST(DynamicsNtClosure, HearsStop) {
  const PolynomialTarget problem = exponential_qf(6);
  int looks = 0;
  const Curve curve = nt_closure(problem, Activation::quadratic(), weights(problem, 3), {}, {}, {},
                                 {.stop = [&] { return ++looks == 4; }});
  EXPECT_EQ(curve.status, Status::none);
  EXPECT_EQ(looks, 4);
}

TEST(DynamicsNtClosure, BadArgumentsAreNamed) {
  const PolynomialTarget problem = exponential_qf(4);
  const Matrix W = weights(problem, 2);
  const Activation relu = activation_from_name("relu");
  EXPECT_THROW((void)nt_closure(problem, activation_from_name("sign"), W, {}, {}), UsageError);
  EXPECT_THROW((void)nt_closure(problem, relu, W, Vector::Ones(3), {}), UsageError);
  EXPECT_THROW((void)nt_closure(problem, relu, Matrix::Ones(3, 2), {}, {}), UsageError);
  EXPECT_THROW((void)nt_closure(problem, relu, W, {}, {}, {.samples = 0}), UsageError);
  try {
    (void)nt_closure(problem, relu, Matrix::Ones(4, 2000), {}, {});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "dynamics::nt_closure: N d is 8000, but must be at most 6000");
  }
}

}  // namespace
}  // namespace lazygap::dynamics
