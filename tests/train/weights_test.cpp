// The trained numbers (Outcome::weights) and training from a given first layer (Options::initial).
#include "lazygap/network/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/rotation.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"
#include "support/message.h"

namespace lazygap::train {
namespace {

constexpr Index kDimension = 6;
/// The same numbers in the same formula, in another order; records cut their series at 1e-9.
constexpr double kRounding = 1e-7;

std::vector<Problem> problems() {
  const Matrix Q = haar_rotation(kDimension, 3);
  const Matrix delta = Q * Vector::LinSpaced(kDimension, -0.4, 0.7).asDiagonal() * Q.transpose();
  return {PolynomialTarget(draw_spectrum({}, kDimension, 7), 0.3),
          GaussianMixture(Vector::LinSpaced(kDimension, -0.4, 0.7)),
          GaussianMixture::from_matrices(Matrix::Identity(kDimension, kDimension),
                                         (delta + delta.transpose()) / 2)};
}

Options short_run() {
  Options options;
  options.steps = 200;
  options.batch = 9;
  options.records = 4;
  options.test_samples = 50;
  options.keep_weights = true;
  return options;
}

Outcome run(Regime regime, const Problem& problem, Index neurons, const Options& options) {
  return regime == Regime::nn ? run_nn(problem, neurons, options) : run_nt(problem, neurons, options);
}

/// The risk of `weights` on the test samples of a run.
double test_risk(const Problem& problem, const Options& options, const Weights& weights) {
  Matrix X(kDimension, options.test_samples);
  Vector y(options.test_samples);
  draw_samples<double>(problem, {.seed = options.seed, .purpose = Purpose::testing, .index = options.draw}, X,
                       y);
  return (y - evaluate(weights, options.activation, X)).squaredNorm() /
         static_cast<double>(options.test_samples);
}

TEST(Weights, HaveTheRisksOfTheRun) {
  for (const Problem& problem : problems())
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const char* name : {"quadratic", "relu", "tanh"})
        for (const Index N : {2, 5, 6, 15})
          for (const double biases : {0.0, 0.5}) {
            Options options = short_run();
            options.activation = activation_from_name(name);
            options.bias_scale = biases;
            options.train_biases = biases > 0 && regime == Regime::nn;
            if (std::string(name) != "quadratic") options.second_layer = SecondLayer::free;
            const Outcome outcome = run(regime, problem, N, options);
            ASSERT_EQ(outcome.status, Status::ok);
            const Weights& weights = outcome.weights;
            const std::string what = std::string(to_string(regime)) + " " + name + " " + std::to_string(N);
            EXPECT_EQ(weights.W.rows(), kDimension);
            EXPECT_EQ(weights.W.cols(), N);
            EXPECT_EQ(weights.A.cols(), regime == Regime::nt ? N : 0);
            EXPECT_EQ(weights.a.size(), regime == Regime::nt ? 0 : N);
            EXPECT_EQ(weights.b.size(), biases > 0 ? N : 0);
            EXPECT_NEAR(population_risk(problem, options.activation, weights), outcome.risk,
                        kRounding * null_risk(problem))
                << what;
            EXPECT_NEAR(test_risk(problem, options, weights), outcome.test_risk,
                        kRounding * null_risk(problem))
                << what;
          }
}

TEST(Weights, OfTheFlowHaveItsRisk) {
  for (const Problem& problem : problems())
    for (const Index N : {3, 15})
      for (const auto flow : {flow_nn, flow_nt}) {
        const Options options = short_run();
        const Outcome outcome = flow(problem, N, options, {});
        ASSERT_EQ(outcome.status, Status::ok);
        EXPECT_NEAR(population_risk(problem, options.activation, outcome.weights), outcome.risk,
                    kRounding * null_risk(problem));
      }
}

TEST(Weights, HaveTheNeuronsOfASubtractedStart) {
  for (const Problem& problem : problems())
    for (const Index N : {3, 15})
      for (const char* name : {"quadratic", "gelu"}) {
        Options options = short_run();
        options.activation = activation_from_name(name);
        options.second_layer = SecondLayer::fixed;
        options.second_layer_value = std::holds_alternative<GaussianMixture>(problem) ? -1 : 1;
        options.output_scale = 3;
        options.subtract_start = true;
        const bool is_quadratic = std::string(name) == "quadratic";
        std::vector<Outcome> outcomes{run_nn(problem, N, options)};
        if (is_quadratic) outcomes.push_back(flow_nn(problem, N, options));
        for (const Outcome& outcome : outcomes) {
          ASSERT_EQ(outcome.status, Status::ok);
          EXPECT_EQ(outcome.weights.W.cols(), 2 * N);
          EXPECT_NEAR(population_risk(problem, options.activation, outcome.weights), outcome.risk,
                      kRounding * null_risk(problem));
        }
        EXPECT_NEAR(test_risk(problem, options, outcomes[0].weights), outcomes[0].test_risk,
                    kRounding * null_risk(problem));
      }
}

TEST(Weights, AreKeptOnRequestAndOfNetworksThatCameToTheirEnd) {
  const Problem problem = problems()[0];
  Options options = short_run();
  options.keep_weights = false;
  EXPECT_TRUE(run_nn(problem, 3, options).weights.empty());
  options.keep_weights = true;
  options.step_size = 50;
  const Outcome diverged = run_nn(problem, 3, options);
  ASSERT_EQ(diverged.status, Status::diverged);
  EXPECT_TRUE(diverged.weights.empty());
}

TEST(Initial, TheFirstLayerThatWouldBeDrawnGivesTheSameRunBitwise) {
  for (const Problem& problem : problems())
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const char* name : {"quadratic", "relu"})
        for (const Index N : {3, 15}) {
          Options options = short_run();
          options.activation = activation_from_name(name);
          const Outcome drawn = run(regime, problem, N, options);
          // Wider than needed: the first columns count.
          const Matrix W =
              first_layer_law(regime, problem)
                  .sample(N + 4, 1, 0,
                          regime == Regime::nn ? Purpose::initial_weights : Purpose::first_layer);
          options.initial = std::make_shared<const Matrix>(W);
          const Outcome given = run(regime, problem, N, options);
          EXPECT_EQ(given.risk, drawn.risk);
          EXPECT_EQ(given.test_risk, drawn.test_risk);
          EXPECT_EQ(given.weights.W, drawn.weights.W);
          options.initial = std::make_shared<const Matrix>(W.array() + 0.5);
          EXPECT_NE(run(regime, problem, N, options).risk, drawn.risk);
        }
}

TEST(Initial, AStateBelongsToItsFirstLayer) {
  const Problem problem = problems()[0];
  Options options = short_run();
  const Matrix W = Matrix::Identity(kDimension, 3);
  options.initial = std::make_shared<const Matrix>(W);
  std::vector<std::byte> state;
  Hooks hooks;
  hooks.save = [&](std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); };
  hooks.stop = [] { return true; };
  (void)run_nn(problem, 3, options, hooks);
  EXPECT_EQ(run_nn(problem, 3, options, {.resume = state}).risk, run_nn(problem, 3, options).risk);
  options.initial = std::make_shared<const Matrix>(0.5 * W);
  EXPECT_THROW((void)run_nn(problem, 3, options, {.resume = state}), UsageError);
}

TEST(Initial, WhatDoesNotFitIsRefused) {
  const Problem problem = problems()[0];
  Options options = short_run();
  options.initial = std::make_shared<const Matrix>(Matrix::Zero(5, 3));
  EXPECT_EQ(test::message<UsageError>([&] { return run_nn(problem, 3, options).risk; }),
            "train::run_nn: a column of initial has size 5, but must have the dimension d = 6");
  options.initial = std::make_shared<const Matrix>(Matrix::Zero(kDimension, 2));
  EXPECT_EQ(test::message<UsageError>([&] { return run_nt(problem, 3, options).risk; }),
            "train::run_nt: initial has 2 columns, but must have one for each of the 3 neurons");
}

}  // namespace
}  // namespace lazygap::train
