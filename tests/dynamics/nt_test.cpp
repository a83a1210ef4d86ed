#include "lazygap/dynamics/nt.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/network/nt_basis.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"

namespace lazygap::dynamics {
namespace {

PolynomialTarget exponential_qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 7)); }

Matrix weights(const PolynomialTarget& problem, Index neurons, std::uint32_t draw = 0) {
  return first_layer_law(Regime::nt, problem).sample(neurons, 1, draw);
}

/// The scale of the step size, docs/theory/train.md.
double estimate(Index d, Index neurons, Index batch, Parameterisation parameterisation) {
  const auto N = static_cast<double>(neurons);
  const double form = parameterisation == Parameterisation::unit ? 4 : 4 / N;
  return 2 / (2 + 2 * form * N * (1 + static_cast<double>(d) / static_cast<double>(batch)));
}

train::Options sgd_options(const Options& options) {
  train::Options sgd;
  sgd.parameterisation = options.parameterisation;
  if (options.parameterisation == Parameterisation::unit) sgd.second_layer = SecondLayer::fixed;
  sgd.schedule = options.schedule;
  sgd.steps = options.steps;
  sgd.batch = options.batch;
  sgd.step_size = options.step_size;
  sgd.label_noise = options.label_noise;
  sgd.records = options.records;
  sgd.test_samples = 0;
  return sgd;
}

// Without noise of the batches: E -= eps Lambda o (2 E + u I), p -= 2 eps u, here as matrices.
TEST(DynamicsNt, IsThePopulationDynamicsForHugeBatches) {
  constexpr Index kDimension = 9;
  // The noise that is left, 1 / batch, and rounding.
  constexpr double kRounding = 1e-11;
  const PolynomialTarget problem(exponential_qf(kDimension).eigenvalues(), 0.7);
  for (const Parameterisation parameterisation : {Parameterisation::unit, Parameterisation::mean_field})
    for (const Index neurons : {1, 4, 9, 15}) {
      Options options{
          .parameterisation = parameterisation, .steps = 60, .batch = Index{1} << 50, .records = 60};
      options.step_size = 0.1 * estimate(kDimension, neurons, options.batch, parameterisation);
      const Matrix W = weights(problem, neurons);
      const Curve curve = nt(problem, W, options);
      ASSERT_EQ(curve.status, Status::ok);
      const double form = parameterisation == Parameterisation::unit ? 4 : 4.0 / static_cast<double>(neurons);
      const StepSizes sizes{options.schedule, Regime::nt, options.steps, options.step_size};
      const Matrix M = W * W.transpose(), B = problem.eigenvalues().asDiagonal();
      Matrix S = Matrix::Zero(kDimension, kDimension);
      double offset = 0;
      std::size_t point = 0;
      for (std::int64_t step = 0; step <= options.steps; ++step) {
        if (curve.points[point].step == step) {
          EXPECT_NEAR(curve.points[point].risk, problem.population_risk(S, offset),
                      kRounding * problem.null_risk())
              << "N=" << neurons << ", step " << step;
          ++point;
        }
        if (step == options.steps) break;
        const double u = (B - S).trace() + problem.offset() - offset;
        const Matrix G = 2 * (B - S) + u * Matrix::Identity(kDimension, kDimension);
        S += sizes.at(step) * form * (G * M + M * G);
        offset += 2 * sizes.at(step) * u;
      }
      EXPECT_EQ(point, curve.points.size());
      EXPECT_LT(curve.risk, 0.9 * curve.points.front().risk) << "it moves";
    }
}

TEST(DynamicsNt, TendsToTheFlowForSmallSteps) {
  constexpr Index kDimension = 12;
  // Of R0: discretisation is of first order in the step size, 1/400 of the largest; the flow is known to
  // 1e-4.
  constexpr double kFirstOrder = 3e-3;
  const PolynomialTarget problem = exponential_qf(kDimension);
  for (const Index neurons : {5, 20})
    for (const Schedule schedule : {Schedule::tail_drop, Schedule::quadratic_decay}) {
      Options options{.schedule = schedule, .steps = 10000, .records = 40};
      options.step_size = 0.005 * estimate(kDimension, neurons, options.batch, Parameterisation::mean_field);
      const Curve curve = nt(problem, weights(problem, neurons), options);
      const train::Outcome flow = train::flow_nt(problem, neurons, sgd_options(options));
      ASSERT_EQ(curve.points.size(), flow.trajectory.size());
      for (std::size_t i = 0; i < curve.points.size(); ++i)
        EXPECT_NEAR(curve.points[i].risk, flow.trajectory[i].risk, kFirstOrder * problem.null_risk())
            << "N=" << neurons << ", point " << i;
      EXPECT_LT(curve.risk, 0.8 * problem.null_risk());
    }
}

struct Case {
  Index neurons, batch;
  double part;  // of the largest stable step size
  double label_noise;
  Schedule schedule;
  Parameterisation parameterisation = Parameterisation::mean_field;
};

// Each run has its own W, and so its own mean: what is tested is the mean difference.
TEST(DynamicsNt, IsTheMeanOfSgd) {
  constexpr Index kDimension = 20;
  constexpr std::uint32_t kRuns = 32;
  constexpr double kStandardErrors = 3;
  const PolynomialTarget problem(exponential_qf(kDimension).eigenvalues(), -15);
  const double noise = 0.5 * std::sqrt(problem.null_risk());
  for (const auto& [neurons, batch, part, label_noise, schedule, parameterisation] :
       {Case{10, 20, 0.08, 0, Schedule::constant}, Case{10, 20, 0.4, noise, Schedule::tail_drop},
        Case{10, 20, 0.6, 0, Schedule::constant}, Case{40, 20, 0.4, noise, Schedule::quadratic_decay},
        Case{40, 8, 0.5, 0, Schedule::constant}, Case{1, 50, 0.5, noise, Schedule::constant},
        Case{10, 20, 0.3, noise, Schedule::tail_drop, Parameterisation::unit}}) {
    Options options{.parameterisation = parameterisation,
                    .schedule = schedule,
                    .steps = 600,
                    .batch = batch,
                    .label_noise = label_noise,
                    .records = 12};
    std::vector<double> sums(12), squares(12);
    for (std::uint32_t draw = 0; draw < kRuns; ++draw) {
      const Matrix W = weights(problem, neurons, draw);
      options.step_size = part * nt_largest_stable_step_size(W, batch, parameterisation);
      train::Options sgd = sgd_options(options);
      sgd.draw = draw;
      const train::Outcome run = train::run_nt(problem, neurons, sgd);
      const Curve mean = nt(problem, W, options);
      ASSERT_EQ(run.trajectory.size(), mean.points.size());
      for (std::size_t i = 0; i < mean.points.size(); ++i) {
        const double difference = run.trajectory[i].risk - mean.points[i].risk;
        sums[i] += difference / kRuns;
        squares[i] += difference * difference / kRuns;
      }
    }
    EXPECT_NEAR(sums[0], 0, 1e-5 * problem.null_risk()) << "the same start, in fp32";
    for (std::size_t i = 1; i < sums.size(); ++i) {
      const double se = std::sqrt((squares[i] - sums[i] * sums[i]) / (kRuns - 1));
      EXPECT_LT(std::abs(sums[i]), kStandardErrors * se)
          << "N=" << neurons << " b=" << batch << " at " << part << ", point " << i;
      EXPECT_LT(se, 0.1 * problem.null_risk()) << "the test has power";
    }
  }
}

// To first order in the step size the noise of the batches leaves
// (eps / b) { (R_inf + noise) [form (d + 2) ||W||_F^2 + 1] + 4 form ||W||_F^2 R_inf }.
TEST(DynamicsNt, TheFloorHasTheSlopeOfFirstOrder) {
  constexpr Index kDimension = 10, kBatch = 40;
  // Terms of second order are about eps / eps*, here 0.003.
  constexpr double kSecondOrder = 0.006;
  const PolynomialTarget problem = exponential_qf(kDimension);
  for (const Index neurons : {3, 30})
    for (const double label_noise : {0.0, 2.0}) {
      if (neurons == 30 && label_noise == 0) continue;  // no noise at all
      const Matrix W = weights(problem, neurons);
      const Matrix null = nt_basis(W).U.rightCols(std::max<Index>(0, kDimension - neurons));
      const double least = 2 * (null.transpose() * problem.eigenvalues().asDiagonal() * null).squaredNorm();
      Options options{
          .schedule = Schedule::constant, .steps = 200000, .batch = kBatch, .label_noise = label_noise};
      options.step_size = 0.003 * estimate(kDimension, neurons, kBatch, Parameterisation::mean_field);
      const double form = 4 / static_cast<double>(neurons) * W.squaredNorm();
      const double expected =
          options.step_size / kBatch *
          ((least + label_noise * label_noise) * (form * (kDimension + 2) + 1) + 4 * form * least);
      EXPECT_NEAR(nt(problem, W, options).risk - least, expected, kSecondOrder * expected)
          << "N=" << neurons << ", noise " << label_noise;
    }
}

TEST(DynamicsNt, RunsSurviveBelowTheLargestStableStepSizeOnly) {
  constexpr Index kDimension = 20;
  constexpr std::uint32_t kRuns = 12;
  const PolynomialTarget problem = exponential_qf(kDimension);
  for (const Index neurons : {10, 40}) {
    int below = 0, above = 0;
    for (std::uint32_t draw = 0; draw < kRuns; ++draw) {
      const double stable =
          nt_largest_stable_step_size(weights(problem, neurons, draw), 20, Parameterisation::mean_field);
      train::Options sgd;
      sgd.schedule = Schedule::constant;
      sgd.steps = 2000;
      sgd.batch = 20;
      sgd.records = 2;
      sgd.test_samples = 0;
      sgd.draw = draw;
      sgd.step_size = 0.95 * stable;
      below += train::run_nt(problem, neurons, sgd).status == Status::diverged ? 1 : 0;
      sgd.step_size = 1.2 * stable;
      above += train::run_nt(problem, neurons, sgd).status == Status::diverged ? 1 : 0;
    }
    EXPECT_EQ(below, 0) << "N=" << neurons;
    // The limit is that of the mean square; single paths survive slightly above it.
    EXPECT_GE(above, static_cast<int>(0.8 * kRuns)) << "N=" << neurons;
  }
}

TEST(DynamicsNt, TheLargestStableStepSizeIsWhereTheMeanExplodes) {
  const PolynomialTarget problem = exponential_qf(15);
  for (const Index neurons : {6, 30}) {
    const Matrix W = weights(problem, neurons);
    const double stable = nt_largest_stable_step_size(W, 30, Parameterisation::unit);
    Options options{.parameterisation = Parameterisation::unit,
                    .schedule = Schedule::constant,
                    .steps = 20000,
                    .batch = 30};
    options.step_size = 0.98 * stable;
    EXPECT_EQ(nt(problem, W, options).status, Status::ok);
    options.step_size = 1.02 * stable;
    EXPECT_EQ(nt(problem, W, options).status, Status::diverged);
  }
}

TEST(DynamicsNt, FindsTheBestStepSize) {
  const PolynomialTarget problem = exponential_qf(15);
  const Matrix W = weights(problem, 6);
  const Options options{.schedule = Schedule::constant, .steps = 1500, .batch = 30};
  const double scale = estimate(15, 6, 30, Parameterisation::mean_field);
  std::vector<double> grid;
  for (double multiple = 0.01; multiple < 4; multiple *= 1.05) grid.push_back(multiple * scale);
  const StepSizeChoice of_grid = nt_best_step_size(problem, W, options, grid),
                       found = nt_best_step_size(problem, W, options);
  EXPECT_GT(of_grid.step_size, grid.front());
  EXPECT_LT(of_grid.step_size, grid.back());
  // The distance between two of the grid.
  EXPECT_NEAR(std::log(found.step_size / of_grid.step_size), 0, std::log(1.05));
  EXPECT_LE(found.risk, of_grid.risk * (1 + 1e-4));
  const std::vector<double> hopeless = {100 * scale};
  EXPECT_TRUE(std::isnan(nt_best_step_size(problem, W, options, hopeless).step_size));
}

TEST(DynamicsNt, TellsItsProgressAndHearsStop) {
  const PolynomialTarget problem = exponential_qf(8);
  const Matrix W = weights(problem, 3);
  const Options options{.steps = 500};
  std::vector<double> fractions;
  (void)nt(problem, W, options, {.progress = [&](double part) { fractions.push_back(part); }});
  ASSERT_GT(fractions.size(), 10u);
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
  EXPECT_EQ(fractions.back(), 1);
  int looks = 0;
  const Curve ended = nt(problem, W, options, {.stop = [&] { return ++looks == 5; }});
  EXPECT_EQ(ended.status, Status::none);
  EXPECT_GT(ended.steps_done, 0);
  EXPECT_LT(ended.steps_done, 500);
  const Control stopped{.stop = [] { return true; }};
  EXPECT_TRUE(std::isnan(nt_best_step_size(problem, W, options, stopped).risk));
  EXPECT_TRUE(std::isnan(nt_largest_stable_step_size(W, 10, Parameterisation::unit, stopped)));
}

TEST(DynamicsNt, BadArgumentsAreNamed) {
  const PolynomialTarget problem = exponential_qf(4);
  const auto message = [&](auto change, const Matrix& W) -> std::string {
    Options options;
    change(options);
    try {
      (void)nt(problem, W, options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  const Matrix W = weights(problem, 2);
  EXPECT_EQ(message([](Options& o) { o.steps = 0; }, W), "dynamics::nt: steps is 0, but must be at least 1");
  EXPECT_EQ(message([](Options& o) { o.batch = 0; }, W), "dynamics::nt: batch is 0, but must be at least 1");
  EXPECT_EQ(message([](Options& o) { o.step_size = 0; }, W),
            "dynamics::nt: step_size is 0, but must be positive and finite");
  EXPECT_EQ(message([](Options& o) { o.records = 1; }, W),
            "dynamics::nt: records is 1, but must be at least 2");
  EXPECT_NE(message([](Options&) {}, Matrix::Ones(3, 2)).find("the dimension d of the problem"),
            std::string::npos);
  EXPECT_THROW((void)nt_best_step_size(problem, W, {}, std::vector<double>{}), UsageError);
  EXPECT_THROW((void)nt_largest_stable_step_size(W, 0, Parameterisation::unit), UsageError);
  Matrix beta = Matrix::Ones(4, 3);
  EXPECT_THROW((void)nt(PolynomialTarget::from_hermite(beta), W, {}), UsageError);
}

}  // namespace
}  // namespace lazygap::dynamics
