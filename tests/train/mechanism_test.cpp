// The mechanism along a run (Options::mechanism): it only looks, goes on from states, and shows what NN
// learns.
#include "lazygap/network/mechanism.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"
#include "support/message.h"

namespace lazygap::train {
namespace {

constexpr Index kDimension = 10;
/// The same W up to the rotation of the LQ reduction, trained in fp64.
constexpr double kSameInFp64 = 1e-7;

Problem exponential_qf() { return PolynomialTarget(draw_spectrum({}, kDimension, 7)); }
Problem mixture() { return GaussianMixture(Vector::LinSpaced(kDimension, -0.4, 0.7)); }

Options recorded(std::int64_t steps = 2000) {
  Options options;
  options.steps = steps;
  options.batch = 20;
  options.records = 12;
  options.test_samples = 20;
  options.mechanism = true;
  options.keep_weights = true;
  options.overlap_ranks = {1, 3};
  return options;
}

Outcome run(Regime regime, const Problem& problem, Index neurons, const Options& options,
            const Hooks& hooks = {}) {
  return regime == Regime::nn ? run_nn(problem, neurons, options, hooks)
                              : run_nt(problem, neurons, options, hooks);
}

void expect_same(const Mechanism& a, const Mechanism& b) {
  EXPECT_EQ(a.ranks, b.ranks);
  EXPECT_EQ(a.before, b.before);
  EXPECT_EQ(a.after, b.after);
  ASSERT_EQ(a.points.size(), b.points.size());
  for (std::size_t i = 0; i < a.points.size(); ++i) {
    EXPECT_EQ(a.points[i].step, b.points[i].step);
    EXPECT_EQ(a.points[i].samples, b.points[i].samples);
    EXPECT_EQ(a.points[i].eigenvalues, b.points[i].eigenvalues);
    EXPECT_EQ(a.points[i].overlaps, b.points[i].overlaps);
    EXPECT_EQ(a.points[i].change, b.points[i].change);
    EXPECT_EQ(a.points[i].kernel_cosine, b.points[i].kernel_cosine);
  }
}

TEST(Recording, ChangesNoBitOfTheTrajectory) {
  for (const Problem& problem : {exponential_qf(), mixture()})
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const char* name : {"quadratic", "relu"})
        for (const Precision precision : {Precision::fp32, Precision::fp64})
          for (const Index N : {4, 25}) {
            Options options = recorded(150);
            options.activation = activation_from_name(name);
            options.precision = precision;
            const Outcome with = run(regime, problem, N, options);
            options.mechanism = false;
            const Outcome without = run(regime, problem, N, options);
            EXPECT_TRUE(without.mechanism.empty());
            EXPECT_FALSE(with.mechanism.empty());
            EXPECT_EQ(with.risk, without.risk);
            EXPECT_EQ(with.test_risk, without.test_risk);
            EXPECT_EQ(with.weights.W, without.weights.W);
            EXPECT_EQ(with.weights.A, without.weights.A);
            ASSERT_EQ(with.trajectory.size(), without.trajectory.size());
            for (std::size_t i = 0; i < with.trajectory.size(); ++i)
              EXPECT_EQ(with.trajectory[i].risk, without.trajectory[i].risk);
          }
}

TEST(Recording, GoesOnFromAStateBitwise) {
  for (const Regime regime : {Regime::nn, Regime::nt})
    for (const char* name : {"quadratic", "tanh"})
      for (const Index N : {4, 25}) {
        Options options = recorded();
        options.activation = activation_from_name(name);
        std::vector<std::byte> state;
        Hooks hooks;
        int asked = 0;
        hooks.save = [&](std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); };
        hooks.stop = [&] { return ++asked == 20; };
        const Outcome stopped = run(regime, exponential_qf(), N, options, hooks);
        ASSERT_EQ(stopped.status, Status::none);
        const Outcome resumed = run(regime, exponential_qf(), N, options, {.resume = state});
        const Outcome whole = run(regime, exponential_qf(), N, options);
        EXPECT_EQ(resumed.risk, whole.risk);
        expect_same(resumed.mechanism, whole.mechanism);
        // A run that records something else does not go on from it.
        options.overlap_ranks = {2};
        EXPECT_THROW((void)run(regime, exponential_qf(), N, options, {.resume = state}), UsageError);
      }
}

TEST(Recording, TheLastPointIsThatOfTheTrainedWeights) {
  for (const Regime regime : {Regime::nn, Regime::nt})
    for (const char* name : {"quadratic", "relu"})
      for (const Index N : {4, 25}) {
        Options options = recorded(500);
        options.activation = activation_from_name(name);
        options.precision = Precision::fp64;
        const Outcome outcome = run(regime, mixture(), N, options);
        Options start = options;
        start.steps = 1;
        start.step_size = 1e-300;
        const Matrix W_0 = run(regime, mixture(), N, start).weights.W;
        const MechanismObserver observer(mixture(), options.activation, W_0, {}, {1, 3}, options.seed);
        const MechanismPoint expected = observer.observe(outcome.weights.W, {});
        const MechanismPoint& last = outcome.mechanism.points.back();
        EXPECT_EQ(last.step, options.steps);
        EXPECT_EQ(last.samples, static_cast<double>(options.steps * options.batch));
        for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(last.overlaps[i], expected.overlaps[i], kSameInFp64);
        EXPECT_NEAR(last.change, expected.change, kSameInFp64);
        EXPECT_NEAR(last.kernel_cosine, expected.kernel_cosine, kSameInFp64);
        EXPECT_TRUE(outcome.mechanism.after.isApprox(observer.heat_map(outcome.weights.W), kSameInFp64));
        EXPECT_TRUE(outcome.mechanism.before.isApprox(observer.heat_map(W_0), kSameInFp64));
      }
}

TEST(Recording, NnFindsTheDirectionsAndNtStaysWhereItIs) {
  constexpr double kFound = 0.9;  // of the leading 3 of 10 directions; by chance 0.3
  const Outcome nn = run_nn(exponential_qf(), 15, recorded(30000));
  const auto& points = nn.mechanism.points;
  EXPECT_EQ(points.size(), nn.trajectory.size());
  EXPECT_LT(points.front().overlaps[1], 0.7);
  EXPECT_GT(points.back().overlaps[1], kFound);
  EXPECT_GT(points.back().change, 0.1);
  EXPECT_LT(points.back().kernel_cosine, 0.99);
  EXPECT_EQ(points.front().change, 0);

  const Outcome nt = run_nt(exponential_qf(), 15, recorded(4000));
  ASSERT_EQ(nt.mechanism.points.size(), nt.trajectory.size());
  EXPECT_FALSE(nt.mechanism.points.front().eigenvalues.empty());
  EXPECT_EQ(nt.mechanism.before, nt.mechanism.after);
  for (const MechanismPoint& point : nt.mechanism.points) {
    EXPECT_EQ(point.overlaps, nt.mechanism.points.front().overlaps);
    EXPECT_EQ(point.change, 0);
    EXPECT_NEAR(point.kernel_cosine, 1, kSameInFp64);
  }

  const Outcome flow = flow_nn(exponential_qf(), 15, recorded(4000));
  ASSERT_EQ(flow.mechanism.points.size(), flow.trajectory.size());
  EXPECT_GT(flow.mechanism.points.back().overlaps[1], kFound);
  EXPECT_EQ(flow_nt(exponential_qf(), 15, recorded()).mechanism.points.back().change, 0);
}

TEST(Recording, FewStepsAreNotBuriedUnderLooks) {
  // A step on one sample is cheaper than an eigenproblem by far.
  Options options = recorded(300);
  options.batch = 1;
  options.records = 100;
  const Outcome outcome = run_nn(exponential_qf(), 25, options);
  EXPECT_GT(outcome.trajectory.size(), 80u);
  EXPECT_LT(outcome.mechanism.points.size(), 10u);
  EXPECT_EQ(outcome.mechanism.points.front().step, 0);
  EXPECT_EQ(outcome.mechanism.points.back().step, 300);
}

TEST(Recording, BadRanksAreRefused) {
  Options options = recorded();
  options.overlap_ranks = {11};
  EXPECT_EQ(test::message<UsageError>([&] { return run_nn(exponential_qf(), 3, options).risk; }),
            "train::run_nn: overlap_ranks contains 11, but must be from 1 to the dimension d = 10");
}

}  // namespace
}  // namespace lazygap::train
