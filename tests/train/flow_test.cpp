#include "lazygap/train/flow.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "exact/problems.h"
#include "lazygap/core/error.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"
#include "reference/flow.h"

namespace lazygap::train {
namespace {

Problem exponential_qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 7)); }

Problem mixture(Index d) {
  const Vector sigma = Vector::LinSpaced(d, 0.5, 1.5);
  return GaussianMixture(sigma, sigma.cwiseProduct(Vector::LinSpaced(d, -0.4, 0.8)));
}

Options options_for(Parameterisation parameterisation) {
  Options options;
  options.parameterisation = parameterisation;
  options.second_layer =
      parameterisation == Parameterisation::unit ? SecondLayer::fixed : SecondLayer::shared;
  options.steps = 2000;
  options.records = 30;
  options.test_samples = 0;
  options.precision = Precision::fp64;
  return options;
}

// The oracle: Euler's method with population_gradient, halved until it has settled to kEuler.
TEST(Flow, IsThatOfEulersMethod) {
  constexpr Index kDimension = 6;
  constexpr double kEuler = 2e-3;
  for (const Problem& problem :
       {exponential_qf(kDimension), mixture(kDimension), Problem(test::full_mixture(kDimension))})
    for (const Parameterisation parameterisation : {Parameterisation::unit, Parameterisation::mean_field})
      for (const Index neurons : {1, 3, 6, 10}) {
        Options options = options_for(parameterisation);
        options.step_size = parameterisation == Parameterisation::unit ? 1e-4 : 5e-3;
        const Outcome nn = flow_nn(problem, neurons, options), nt = flow_nt(problem, neurons, options);
        ASSERT_EQ(nn.status, Status::ok);
        ASSERT_EQ(nt.status, Status::ok);
        const auto nn_risks = reference::euler_nn(problem, neurons, options);
        const auto nt_risks = reference::euler_nt(problem, neurons, options);
        const double scale = nn_risks.front();
        for (const Point& point : nn.trajectory)
          EXPECT_NEAR(point.risk, nn_risks[static_cast<std::size_t>(point.step)], kEuler * scale)
              << "NN, N=" << neurons << ", step " << point.step;
        for (const Point& point : nt.trajectory)
          EXPECT_NEAR(point.risk, nt_risks[static_cast<std::size_t>(point.step)], kEuler * scale)
              << "NT, N=" << neurons << ", step " << point.step;
      }
}

// Must-hold: a few per cent along the whole curve. Of the risk itself while it is large, of R0 at the end.
TEST(Flow, SgdAtASmallStepFollowsIt) {
  constexpr Index kDimension = 20;
  constexpr double kFewPerCent = 0.03;
  for (const Problem& problem : {exponential_qf(kDimension), mixture(kDimension)})
    for (const Index neurons : {5, 30}) {
      Options options = options_for(Parameterisation::mean_field);
      options.steps = 10000;
      options.step_size = 1e-3;
      const auto compare = [&](const Outcome& flow, const Outcome& sgd, const char* regime) {
        ASSERT_EQ(flow.trajectory.size(), sgd.trajectory.size());
        const double drop = sgd.trajectory.front().risk - sgd.trajectory.back().risk;
        EXPECT_GT(drop, 0.1 * null_risk(problem)) << "the curve is not flat";
        for (std::size_t i = 0; i < flow.trajectory.size(); ++i)
          EXPECT_NEAR(flow.trajectory[i].risk, sgd.trajectory[i].risk, kFewPerCent * null_risk(problem))
              << regime << ", N=" << neurons << ", step " << flow.trajectory[i].step;
      };
      compare(flow_nn(problem, neurons, options), run_nn(problem, neurons, options), "NN");
      compare(flow_nt(problem, neurons, options), run_nt(problem, neurons, options), "NT");
    }
}

TEST(Flow, NeverRises) {
  const Problem problem = exponential_qf(40);
  Options options = options_for(Parameterisation::mean_field);
  options.schedule = Schedule::constant;
  options.step_size = 0.05;
  options.steps = 20000;
  for (const Outcome& flow : {flow_nn(problem, 10, options), flow_nt(problem, 10, options)}) {
    ASSERT_EQ(flow.status, Status::ok);
    // Within the integrator's tolerance.
    for (std::size_t i = 1; i < flow.trajectory.size(); ++i)
      EXPECT_LT(flow.trajectory[i].risk, flow.trajectory[i - 1].risk + 1e-4 * null_risk(problem));
  }
}

// In so short a run both drops of the schedule begin at the same step; what comes after them still counts.
TEST(Flow, ShortRunsGoToTheirEnd) {
  Options options = options_for(Parameterisation::mean_field);
  options.steps = 12;
  options.records = 1000;  // every step
  options.step_size = 0.05;
  const Outcome nt = flow_nt(exponential_qf(6), 3, options);
  ASSERT_EQ(nt.trajectory.size(), 13u);
  EXPECT_EQ(nt.trajectory.back().step, 12);
  EXPECT_LT(nt.trajectory[12].risk, nt.trajectory[11].risk);
}

TEST(Flow, BadOptionsAreNamed) {
  Options options = options_for(Parameterisation::unit);
  options.second_layer = SecondLayer::shared;
  EXPECT_THROW((void)flow_nn(exponential_qf(3), 2, options), UsageError);
  EXPECT_THROW((void)flow_nt(exponential_qf(3), 0, options), UsageError);
}

TEST(Flow, IsForTheQuadraticActivationAlone) {
  const auto refused = [](auto change) {
    Options options = options_for(Parameterisation::mean_field);
    change(options);
    EXPECT_THROW((void)flow_nn(exponential_qf(3), 2, options), UsageError);
  };
  refused([](Options& o) { o.activation = activation_from_name("relu"); });
  refused([](Options& o) { o.bias_scale = 0.5; });
  refused([](Options& o) { o.train_biases = true; });
  refused([](Options& o) { o.momentum = 0.9; });
  refused([](Options& o) { o.second_layer = SecondLayer::free; });
}

// What a quadratic network cannot see only adds to the risk.
TEST(Flow, OtherDegreesOnlyAddToTheRisk) {
  constexpr double kRounding = 1e-12;
  const Index d = 6;
  const auto target = std::get<PolynomialTarget>(exponential_qf(d));
  Matrix beta = Matrix::Zero(d, 3);
  beta.col(1) = target.eigenvalues();
  beta.col(2).setConstant(0.4);
  const auto cubic = PolynomialTarget::from_hermite(beta);
  const Options options = options_for(Parameterisation::mean_field);
  for (const auto flow : {flow_nn, flow_nt})
    EXPECT_NEAR(flow(cubic, 3, options).risk, flow(target, 3, options).risk + cubic.rest_risk(), kRounding);
}

}  // namespace
}  // namespace lazygap::train
