#include "lazygap/train/flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "exact/problems.h"
#include "lazygap/core/error.h"
#include "lazygap/exact/lazy_rich.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"
#include "reference/flow.h"
#include "reference/lazy_rich.h"

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

/// What flow.h promises, in units of R0.
constexpr double kPromised = 1e-4;

void expect_risks(const Outcome& flow, const std::vector<double>& expected, double null_risk,
                  const std::string& what) {
  ASSERT_EQ(flow.status, Status::ok) << what;
  for (const Point& point : flow.trajectory)
    EXPECT_NEAR(point.risk, expected[static_cast<std::size_t>(point.step)], kPromised * null_risk)
        << what << ", step " << point.step;
}

// The oracle has another method, fixed steps and no reductions. With four times its substeps it moves by
// less than 3e-6 R0.
TEST(Flow, IsThatOfTheReference) {
  constexpr Index kDimension = 6;
  for (const Problem& problem :
       {exponential_qf(kDimension), mixture(kDimension), Problem(test::full_mixture(kDimension))})
    for (const Parameterisation parameterisation : {Parameterisation::unit, Parameterisation::mean_field})
      for (const Index neurons : {1, 3, 6, 10}) {
        Options options = options_for(parameterisation);
        options.steps = 400;
        options.step_size = parameterisation == Parameterisation::unit ? 5e-4 : 2.5e-2;
        if (neurons == 3) options.schedule = Schedule::quadratic_decay;
        const std::string width = ", N=" + std::to_string(neurons);
        expect_risks(flow_nn(problem, neurons, options), reference::flow_nn(problem, neurons, options),
                     null_risk(problem), "NN" + width);
        expect_risks(flow_nt(problem, neurons, options), reference::flow_nt(problem, neurons, options),
                     null_risk(problem), "NT" + width);
      }
}

// With an output scale and the start subtracted.
TEST(Flow, IsThatOfTheReferenceWithAnOutputScale) {
  constexpr Index kDimension = 6;
  for (const Problem& problem :
       {exponential_qf(kDimension), mixture(kDimension), Problem(test::full_mixture(kDimension))})
    for (const double output_scale : {0.3, 5.0})
      for (const Index neurons : {3, 10}) {
        Options options = options_for(Parameterisation::unit);
        options.steps = 400;
        options.step_size = 3e-4;
        options.output_scale = output_scale;
        options.subtract_start = true;
        if (neurons == 3) options.second_layer_value = -1;
        expect_risks(flow_nn(problem, neurons, options), reference::flow_nn(problem, neurons, options),
                     null_risk(problem), "N=" + std::to_string(neurons));
      }
}

// From NN to NT: the end of the flow is the closed form, and that of gradient descent on the population risk.
TEST(Flow, EndsWhereTheOutputScaleSays) {
  constexpr Index d = 20, N = 8;
  constexpr int kSteps = 12000;
  constexpr double kTimeOfTheOffset = 20;
  constexpr double kEnd = 1e-5;  // what is left of the slowest direction, in units of R0
  const PolynomialTarget target(draw_spectrum({}, d, 7));
  const double largest = target.eigenvalues().maxCoeff();
  for (const double alpha : {0.01, 0.1, 1.0, 3.0, 10.0, 100.0, 1000.0}) {
    Options options = options_for(Parameterisation::unit);
    const Matrix W_0 = first_layer_law(Regime::nt, target).sample(N, options.seed, options.draw);
    // The Hessian of the risk over alpha^2 is at most 24 / alpha times the norm of B + alpha M_0.
    const double step = alpha / (24 * (largest + alpha * (W_0.transpose() * W_0).norm()));
    // The descent has the best offset in every step; that of the flow needs time, whatever alpha is.
    options.step_size = std::max(step, kTimeOfTheOffset / kSteps);
    options.steps = kSteps;
    options.records = 2;
    options.schedule = Schedule::constant;
    options.output_scale = alpha;
    options.subtract_start = true;
    const Outcome flow = flow_nn(target, N, options);
    ASSERT_EQ(flow.status, Status::ok) << alpha;
    const double R0 = target.null_risk();
    EXPECT_NEAR(flow.trajectory.front().risk, R0 + std::pow(target.mean(), 2), 1e-9 * R0) << "f starts at 0";
    EXPECT_NEAR(flow.risk, exact::lazy_rich(target, W_0, std::array{alpha})[0].answer.risk, kEnd * R0)
        << alpha;
    EXPECT_NEAR(flow.risk, reference::descend(target, W_0, alpha, step, kSteps).risk, kEnd * R0) << alpha;
  }
}

// In the parameterisation unit a wide network starts far above R0 and falls within a few steps. Where only
// the entries of W are controlled, the curve is 4e-3 to 2 R0 off during that fall.
TEST(Flow, IsExactWhereItStartsFarAboveR0) {
  constexpr Index kDimension = 20;
  // The fall is faster than a step of SGD. With twice as many the oracle moves by less than 1e-6 R0.
  constexpr int kSubsteps = 16;
  for (const Problem& problem : {exponential_qf(kDimension), mixture(kDimension)})
    for (const Index neurons : {10, 40}) {
      Options options = options_for(Parameterisation::unit);
      options.steps = 1000;
      options.records = 1000;
      options.step_size = 1e-3;
      options.second_layer_value = std::holds_alternative<GaussianMixture>(problem) ? -1 : 1;
      const Outcome flow = flow_nn(problem, neurons, options);
      EXPECT_GT(flow.trajectory.front().risk, 1.3 * null_risk(problem));
      expect_risks(flow, reference::flow_nn(problem, neurons, options, kSubsteps), null_risk(problem),
                   "N=" + std::to_string(neurons));
    }
}

// NT has no second layer, and a flow has neither samples nor rounding.
TEST(Flow, IsDeafToWhatOnlySgdHears) {
  constexpr Index kDimension = 6;
  for (const Problem& problem : {exponential_qf(kDimension), mixture(kDimension)}) {
    const Options plain = options_for(Parameterisation::mean_field);
    Options free = plain, other = plain;
    free.second_layer = SecondLayer::free;
    other.reduction = Reduction::none;
    other.precision = Precision::fp32;
    other.label_noise = 0.5;
    const Outcome nt = flow_nt(problem, 10, plain), nn = flow_nn(problem, 10, plain);
    EXPECT_EQ(flow_nt(problem, 10, free).risk, nt.risk);
    EXPECT_EQ(flow_nt(problem, 10, other).risk, nt.risk);
    EXPECT_EQ(flow_nn(problem, 10, other).risk, nn.risk);
  }
}

TEST(Flow, TellsItsProgressAndHearsStop) {
  const Problem problem = exponential_qf(10);
  const Options options = options_for(Parameterisation::mean_field);
  const auto expect_control = [&](auto flow) {
    std::vector<double> fractions;
    const Outcome whole =
        flow(problem, 5, options, Control{.progress = [&](double part) { fractions.push_back(part); }});
    ASSERT_EQ(whole.status, Status::ok);
    ASSERT_GT(fractions.size(), 10u);
    EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
    EXPECT_GE(fractions.front(), 0);
    EXPECT_EQ(fractions.back(), 1);

    int asked = 0;
    (void)flow(problem, 5, options, Control{.stop = [&] { return ++asked, false; }});
    int looks = 0;
    const Outcome ended = flow(problem, 5, options, Control{.stop = [&] { return ++looks > asked / 2; }});
    EXPECT_EQ(looks, asked / 2 + 1) << "it was asked again after it had said yes";
    EXPECT_EQ(ended.status, Status::none);
    EXPECT_TRUE(std::isnan(ended.risk));
    ASSERT_FALSE(ended.trajectory.empty());
    EXPECT_LT(ended.trajectory.size(), whole.trajectory.size());
    EXPECT_EQ(ended.trajectory.back().step, ended.steps_done);
  };
  expect_control(flow_nn);
  expect_control(flow_nt);
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
    EXPECT_NEAR(flow(cubic, 3, options, {}).risk, flow(target, 3, options, {}).risk + cubic.rest_risk(),
                kRounding);
}

}  // namespace
}  // namespace lazygap::train
