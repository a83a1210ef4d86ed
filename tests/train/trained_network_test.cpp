#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"

namespace lazygap::train {
namespace {

constexpr Index kSamples = 40000;
constexpr double kMostZ = 4;  // standard errors of the mean squared error on fresh samples

double value(const TrainedNetwork& network, const Activation& activation, const Vector& x) {
  if (network.S.size() > 0) return network.c + x.dot(network.S * x);
  Vector u = network.W.transpose() * x;
  if (network.b.size() > 0) u += network.b;
  double f = network.c;
  for (Index i = 0; i < u.size(); ++i)
    f += network.A.size() > 0 ? activation.derivative(u[i]) * network.A.col(i).dot(x)
                              : network.a[i] * activation.value(u[i]);
  return f;
}

/// The error of the network that the hook has received, on fresh samples, against the exact risk of the run.
void expect_the_risk_of_the_run(Regime regime, const char* activation, Index neurons) {
  const Problem problem = PolynomialTarget(draw_spectrum({.kind = SpectrumLaw::Kind::exponential}, 12, 1));
  const Options options{.activation = activation_from_name(activation), .steps = 300, .step_size = 0.02, .test_samples = 0};
  const Network network{.neurons = neurons, .step_size = options.step_size};
  std::vector<TrainedNetwork> trained;
  GroupHooks hooks;
  hooks.trained = [&](std::size_t, const TrainedNetwork& found) { trained.push_back(found); };
  const Outcome outcome = run_networks(regime, problem, {&network, 1}, options, Search::full, hooks).front();
  ASSERT_EQ(outcome.status, Status::ok);
  ASSERT_EQ(trained.size(), 1u);

  Matrix X(12, kSamples);
  Vector y(kSamples), loss(kSamples);
  draw_samples<double>(problem, {.seed = 5, .purpose = Purpose::testing}, X, y);
  for (Index j = 0; j < kSamples; ++j)
    loss[j] = std::pow(y[j] - value(trained.front(), options.activation, X.col(j)), 2);
  const double se = std::sqrt((loss.array() - loss.mean()).square().mean() / kSamples);
  EXPECT_LT(std::abs(loss.mean() - outcome.risk), kMostZ * se);
}

TEST(TrainedNetwork, HasTheRiskOfTheRun) {
  expect_the_risk_of_the_run(Regime::nn, "quadratic", 5);
  expect_the_risk_of_the_run(Regime::nn, "quadratic", 20);  // by the LQ reduction
  expect_the_risk_of_the_run(Regime::nt, "quadratic", 5);
  expect_the_risk_of_the_run(Regime::nn, "relu", 5);
  expect_the_risk_of_the_run(Regime::nt, "tanh", 5);
}

TEST(TrainedNetwork, IsNotThereWhereTheRunDiverged) {
  const Problem problem = PolynomialTarget(draw_spectrum({.kind = SpectrumLaw::Kind::exponential}, 12, 1));
  const Network network{.neurons = 5, .step_size = 1e3};
  bool called = false;
  GroupHooks hooks;
  hooks.trained = [&](std::size_t, const TrainedNetwork&) { called = true; };
  EXPECT_EQ(run_networks(Regime::nn, problem, {&network, 1}, {.steps = 300}, Search::full, hooks).front().status,
            Status::diverged);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace lazygap::train
