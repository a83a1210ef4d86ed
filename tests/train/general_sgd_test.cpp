#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/exact/nt.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"
#include "reference/sgd.h"

namespace lazygap::train {
namespace {

Problem exponential_qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 7)); }

Problem mixture(Index d) {
  const Vector sigma = Vector::LinSpaced(d, 0.5, 1.5);
  return GaussianMixture(sigma, sigma.cwiseProduct(Vector::LinSpaced(d, -0.4, 0.8)));
}

/// f* = sum_i He_3(x_i) / sqrt(6 d) + x_1: R0 = 2.
Problem cubic(Index d) {
  Matrix beta = Matrix::Zero(d, 3);
  beta(0, 0) = 1;
  beta.col(2).setConstant(1 / std::sqrt(6.0 * static_cast<double>(d)));
  return PolynomialTarget::from_hermite(beta);
}

std::vector<Problem> all_problems(Index d) { return {exponential_qf(d), mixture(d), cubic(d)}; }

Options short_run(const char* activation) {
  Options options;
  options.activation = activation_from_name(activation);
  options.second_layer = SecondLayer::free;
  options.steps = 40;
  options.batch = 13;
  options.step_size = 0.02;
  options.records = 2;
  options.precision = Precision::fp64;
  options.test_samples = 60;
  options.seed = 5;
  options.draw = 2;
  return options;
}

/// Every option at least once, and those that interact together.
std::vector<Options> variants() {
  Options free = short_run("relu");
  free.alpha = 1.3;
  free.beta = 0.6;
  Options biased = short_run("tanh");
  biased.bias_scale = 0.7;
  biased.momentum = 0.6;
  Options trained = biased;
  trained.train_biases = true;
  trained.label_noise = 0.8;
  Options zero_biases = short_run("softplus");
  zero_biases.train_biases = true;
  zero_biases.schedule = Schedule::constant;
  Options shared = short_run("gelu");
  shared.second_layer = SecondLayer::shared;
  shared.momentum = 0.9;
  Options unit = short_run("hermite(3)");
  unit.parameterisation = Parameterisation::unit;
  unit.second_layer = SecondLayer::fixed;
  unit.second_layer_value = -0.7;
  unit.step_size = 1e-6;
  unit.batch = 1;
  Options lazy = short_run("gelu");
  lazy.bias_scale = 0.4;
  lazy.output_scale = 2.5;
  lazy.subtract_start = true;
  Options rich = unit;
  rich.output_scale = 0.3;
  rich.subtract_start = true;
  Options scaled = shared;
  scaled.output_scale = 1.7;
  return {free, biased, trained, zero_biases, shared, unit, lazy, rich, scaled};
}

reference::Network start(Regime regime, const Problem& problem, Index neurons, const Options& options) {
  const bool is_nn = regime == Regime::nn;
  reference::Network network;
  const bool own_start = is_nn && !options.subtract_start;
  network.W = first_layer_law(regime, problem)
                  .sample(neurons, options.seed, options.draw,
                          own_start ? Purpose::initial_weights : Purpose::first_layer);
  network.b = Vector::Zero(neurons);
  if (options.bias_scale > 0)
    network.b = sample_biases(options.bias_scale, neurons, options.seed, options.draw);
  network.a = Vector::Zero(neurons);
  if (!is_nn) {
    network.A = Matrix::Zero(dimension(problem), neurons);
    return network;
  }
  if (options.second_layer == SecondLayer::fixed) network.a.setConstant(options.second_layer_value);
  if (options.second_layer == SecondLayer::free)
    for (Index i = 0; i < neurons; ++i)
      fill_normals({.seed = options.seed,
                    .purpose = Purpose::second_layer,
                    .index = options.draw,
                    .step = static_cast<std::uint32_t>(i)},
                   std::span<double>(&network.a[i], 1));
  return network;
}

/// The test risk of a run from the reference's network, on the same samples.
double reference_test_risk(const reference::Network& network, const Problem& problem, const Options& options,
                           const reference::Network* subtracted) {
  Matrix X(dimension(problem), options.test_samples);
  Vector y(options.test_samples);
  draw_samples<double>(
      problem, {.seed = options.seed, .purpose = Purpose::testing, .index = options.draw, .step = 0}, X, y);
  return (y - reference::network_values(network, problem, X, options, subtracted)).squaredNorm() /
         static_cast<double>(options.test_samples);
}

Outcome run(Regime regime, const Problem& problem, Index neurons, const Options& options,
            const Hooks& hooks = {}) {
  return regime == Regime::nn ? run_nn(problem, neurons, options, hooks)
                              : run_nt(problem, neurons, options, hooks);
}

/// Both sides do the same sums in fp64 in another order; 40 stable steps amplify rounding little.
constexpr double kRounding = 1e-10;
/// The same in fp32.
constexpr double kSingleRounding = 1e-4;

// The run is seen through its test risk on 60 samples, which all parameters move.
TEST(GeneralSgd, IsThatOfTheReference) {
  struct Size {
    Index d, neurons;
  };
  for (const Size& size : {Size{1, 1}, Size{1, 3}, Size{7, 1}, Size{7, 5}, Size{20, 47}, Size{20, 49}})
    for (const Problem& problem : all_problems(size.d))
      for (const Options& variant : variants())
        for (const Regime regime : {Regime::nn, Regime::nt}) {
          Options options = variant;
          const Index neurons = size.neurons;
          if (regime == Regime::nt) options.train_biases = false;
          SCOPED_TRACE(testing::Message() << to_string(regime) << " " << options.activation.name << " d="
                                          << size.d << " N=" << neurons << " R0=" << null_risk(problem));
          const reference::Network before = start(regime, problem, neurons, options);
          const reference::Network* subtracted = options.subtract_start ? &before : nullptr;
          const double expected = reference_test_risk(reference::train_network(problem, before, options),
                                                      problem, options, subtracted);
          const double moved = std::abs(expected - reference_test_risk(before, problem, options, subtracted));
          const Outcome outcome = run(regime, problem, neurons, options);
          ASSERT_EQ(outcome.status, Status::ok);
          EXPECT_EQ(outcome.path, "general, fp64");
          EXPECT_NEAR(outcome.test_risk, expected, kRounding * expected);
          EXPECT_GT(moved, 100 * kRounding * expected) << "nothing was trained";
          options.precision = Precision::fp32;
          EXPECT_NEAR(run(regime, problem, neurons, options).test_risk, expected, kSingleRounding * expected);
        }
}

/// Parameter number k of a network, all kinds in turn.
double& parameter(reference::Network& network, Index k) {
  for (Matrix* matrix : {&network.W, &network.A}) {
    if (k < matrix->size()) return matrix->data()[k];
    k -= matrix->size();
  }
  for (Vector* vector : {&network.b, &network.a}) {
    if (k < vector->size()) return (*vector)[k];
    k -= vector->size();
  }
  return network.c;
}

// One step of the reference, whose gradients are written out, against differences of the loss of its batch.
TEST(GeneralSgd, TheReferenceFollowsTheGradientOfTheBatchLoss) {
  constexpr double kDifference = 1e-4;
  constexpr double kTruncation =
      1e-6;  // (difference)^2 times a third derivative of order 10, over the gradient
  const Index d = 4, N = 3;
  const Problem problem = exponential_qf(d);
  for (const Parameterisation parameterisation : {Parameterisation::unit, Parameterisation::mean_field})
    for (const Regime regime : {Regime::nn, Regime::nt}) {
      const bool unit = parameterisation == Parameterisation::unit;
      Options options = short_run("tanh");
      options.parameterisation = parameterisation;
      options.train_biases = true;
      options.alpha = 1.3;
      options.beta = 0.6;
      options.steps = 1;
      options.schedule = Schedule::constant;
      reference::Network network = start(regime, problem, N, options);
      network.b.setLinSpaced(-0.5, 1);
      if (regime == Regime::nt) network.A.reshaped().setLinSpaced(-1, 1);
      network.c = 0.3;
      Matrix X(d, options.batch);
      Vector y(options.batch);
      draw_samples<double>(problem,
                           {.seed = options.seed, .purpose = Purpose::training, .index = options.draw}, X, y);
      const double label = unit ? 1 : 1 / std::sqrt(static_cast<double>(d));
      const auto loss = [&] {
        return label * label * (y - reference::network_values(network, problem, X, options)).squaredNorm() /
               static_cast<double>(options.batch);
      };
      reference::Network after = reference::train_network(problem, network, options);
      for (Index k = 0; k <= network.W.size() + network.A.size() + 2 * N; ++k) {
        double& value = parameter(network, k);
        const double kept = value;
        const bool is_c = &value == &network.c;
        const Index frozen = network.W.size();
        const bool in_nt = is_c || (k >= frozen && k < frozen + network.A.size());
        if (regime == Regime::nt && !in_nt) continue;
        const double multiplier = unit ? 1 : is_c ? 1 / (0.6 * 0.6) : N / (1.3 * 1.3);
        value = kept + kDifference;
        const double above = loss();
        value = kept - kDifference;
        const double below = loss();
        value = kept;
        EXPECT_NEAR((parameter(after, k) - kept) / options.step_size,
                    -multiplier * (above - below) / (2 * kDifference), kTruncation * (1 + multiplier))
            << "parameter " << k;
      }
    }
}

/// First-layer biases that are there but change no number: with them the general path is taken.
constexpr double kNoBiases = 1e-100;

// sigma(u) = u^2 with biases that vanish takes the general path.
TEST(GeneralSgd, IsThatOfTheQuadraticPath) {
  Options shared = short_run("quadratic");
  shared.second_layer = SecondLayer::shared;
  shared.label_noise = 0.5;
  shared.step_size = 0.005;
  Options unit = shared;
  unit.parameterisation = Parameterisation::unit;
  unit.second_layer = SecondLayer::fixed;
  unit.step_size = 5e-4;
  for (const Problem& problem : all_problems(9))
    for (const Index neurons : {1, 4, 20})
      for (const Options& variant : {shared, unit})
        for (const Regime regime : {Regime::nn, Regime::nt}) {
          Options options = variant;
          // There the quadratic path draws the samples in another basis.
          const auto* target = std::get_if<PolynomialTarget>(&problem);
          if (regime == Regime::nt && target != nullptr && target->is_quadratic()) continue;
          const Outcome quadratic = run(regime, problem, neurons, options);
          options.bias_scale = kNoBiases;
          const Outcome general = run(regime, problem, neurons, options);
          EXPECT_EQ(general.path, "general, fp64");
          EXPECT_NE(quadratic.path, general.path);
          ASSERT_EQ(general.trajectory.size(), quadratic.trajectory.size());
          for (std::size_t i = 0; i < general.trajectory.size(); ++i)
            EXPECT_NEAR(general.trajectory[i].risk, quadratic.trajectory[i].risk,
                        kRounding * quadratic.trajectory.front().risk);
          EXPECT_NEAR(general.test_risk, quadratic.test_risk, kRounding * quadratic.test_risk);
        }
}

// With a start that is subtracted, too, where the parts of f that cancel are larger than what is left.
TEST(GeneralSgd, TestRiskAgreesWithTheExactRisk) {
  constexpr double kStandardErrors = 4;
  struct Case {
    const char* activation;
    double output_scale;
  };
  for (const Problem& problem : all_problems(20))
    for (const auto& [activation, output_scale] :
         {Case{"relu", 1}, Case{"tanh", 1}, Case{"hermite(3)", 1}, Case{"relu", 20}, Case{"tanh", 20}})
      for (const Regime regime : {Regime::nn, Regime::nt}) {
        Options options = short_run(activation);
        options.output_scale = output_scale;
        options.subtract_start = output_scale != 1;
        options.precision = Precision::fp32;
        options.bias_scale = activation == std::string("tanh") ? 0.5 : 0;
        options.steps = 300;
        options.step_size = 0.001;
        options.test_samples = 10000;
        const Outcome outcome = run(regime, problem, 12, options);
        ASSERT_EQ(outcome.status, Status::ok) << activation;
        EXPECT_LT(std::abs(outcome.test_risk - outcome.risk), kStandardErrors * outcome.test_se)
            << activation;
        EXPECT_LT(outcome.test_se, 0.1 * outcome.risk) << activation;
      }
}

TEST(GeneralSgd, AResumedRunIsBitwiseTheUndisturbedOne) {
  for (const Problem& problem : {mixture(12), cubic(12)})
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const Precision precision : {Precision::fp32, Precision::fp64})
        for (const double momentum : {0.0, 0.8}) {
          Options options = short_run("tanh");
          options.bias_scale = 0.5;
          options.train_biases = regime == Regime::nn;
          options.momentum = momentum;
          options.label_noise = 0.3;
          options.steps = 400;
          options.step_size = 0.005;
          options.precision = precision;
          const Outcome undisturbed = run(regime, problem, 5, options);
          const Outcome again = run(regime, problem, 5, options);
          EXPECT_EQ(undisturbed.risk, again.risk);

          std::vector<std::byte> state;
          int looks = 0;
          Hooks hooks;
          hooks.save = [&](std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); };
          hooks.stop = [&] { return ++looks == 6; };
          const Outcome stopped = run(regime, problem, 5, options, hooks);
          ASSERT_EQ(stopped.status, Status::none);
          EXPECT_LT(stopped.steps_done, options.steps);

          const Outcome resumed = run(regime, problem, 5, options, {.resume = state});
          EXPECT_EQ(resumed.risk, undisturbed.risk);
          EXPECT_EQ(resumed.test_risk, undisturbed.test_risk);
          ASSERT_EQ(resumed.trajectory.size(), undisturbed.trajectory.size());
          for (std::size_t i = 0; i < resumed.trajectory.size(); ++i)
            EXPECT_EQ(resumed.trajectory[i].risk, undisturbed.trajectory[i].risk) << i;

          options.momentum += 0.01;
          EXPECT_THROW((void)run(regime, problem, 5, options, {.resume = state}), UsageError);
          options.momentum = momentum;
          options.activation = activation_from_name("erf");
          EXPECT_THROW((void)run(regime, problem, 5, options, {.resume = state}), UsageError);
        }
}

TEST(GeneralSgd, ADivergingRunStopsEarly) {
  constexpr std::int64_t kFewHundred = 300;
  for (const Problem& problem : all_problems(30))
    for (const Regime regime : {Regime::nn, Regime::nt}) {
      Options options = short_run("relu");
      options.steps = 100000;
      options.step_size = 20;
      options.precision = Precision::fp32;
      const Outcome outcome = run(regime, problem, 20, options);
      EXPECT_EQ(outcome.status, Status::diverged);
      EXPECT_LT(outcome.steps_done, kFewHundred);
      EXPECT_TRUE(std::isnan(outcome.risk));
      EXPECT_TRUE(std::isnan(outcome.test_risk));
    }
}

// The last step is followed by no batch that could tell.
TEST(GeneralSgd, AnOverflowInTheLastStepIsDivergence) {
  Options options = short_run("relu");
  options.steps = 1;
  options.schedule = Schedule::constant;
  options.step_size = 1e300;
  options.precision = Precision::fp32;
  for (const Regime regime : {Regime::nn, Regime::nt})
    EXPECT_EQ(run(regime, exponential_qf(5), 4, options).status, Status::diverged);
}

// With a constant step size noise of the labels raises the floor of the risk, in proportion to its variance:
// noise with a mean, or one that repeats itself, would not.
TEST(GeneralSgd, LabelNoiseRaisesTheFloorInProportionToItsVariance) {
  constexpr std::uint32_t kRuns = 12;
  constexpr double kFewRuns = 0.35;  // common samples on both sides, but few
  const Problem target = exponential_qf(10);
  for (const char* activation : {"quadratic", "relu"})
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const Problem& problem : {target, mixture(10)}) {
        if (regime == Regime::nn && std::holds_alternative<GaussianMixture>(problem)) continue;  // time
        const auto floor = [&](double noise) {
          double sum = 0;
          for (std::uint32_t draw = 0; draw < kRuns; ++draw) {
            Options options = short_run(activation);
            if (activation == std::string("quadratic")) options.second_layer = SecondLayer::shared;
            options.schedule = Schedule::constant;
            options.steps = 1000;
            options.step_size = 0.01;
            options.test_samples = 0;
            options.label_noise = noise;
            options.draw = draw;
            sum += run(regime, problem, 10, options).risk;
          }
          return sum / kRuns;
        };
        const double quiet = floor(0), scale = std::sqrt(null_risk(problem));
        const double one = floor(scale) - quiet, two = floor(2 * scale) - quiet;
        EXPECT_GT(one, 0.002 * null_risk(problem)) << activation << " " << to_string(regime);
        EXPECT_NEAR(two / one, 4, 4 * kFewRuns) << activation << " " << to_string(regime);
      }
}

// Must-hold: from above, at d = 100; docs/theory/train.md has the table for long runs.
TEST(GeneralSgd, NtApproachesTheExactRiskFromAbove) {
  const Index d = 100, N = 50;
  const Problem problem = exponential_qf(d);
  Options options = short_run("relu");
  options.precision = Precision::fp32;
  options.batch = 100;
  options.steps = 4000;
  options.step_size = 0.2;
  options.records = 10;
  options.test_samples = 0;
  const Matrix W = first_layer_law(Regime::nt, problem).sample(N, options.seed, options.draw);
  const double exact = exact::nt(problem, {.activation = options.activation, .W = W}).risk;
  const Outcome outcome = run_nt(problem, N, options);
  ASSERT_EQ(outcome.status, Status::ok);
  for (const Point& point : outcome.trajectory) EXPECT_GT(point.risk, exact);
  EXPECT_LT(outcome.risk, exact + 0.05 * null_risk(problem));
  EXPECT_LT(exact, 0.9 * null_risk(problem)) << "there is something to learn";
}

// In the plane, neurons are nearly parallel, and the series of relu with biases does not resolve them.
TEST(GeneralSgd, WithoutAnExactRiskTheTestSamplesRemain) {
  for (const Regime regime : {Regime::nn, Regime::nt}) {
    Options options = short_run("relu");
    options.bias_scale = 0.5;
    // So many neurons in two dimensions have more pairs that are almost parallel than the moments take one by
    // one.
    constexpr Index kCrowd = 400;
    const Outcome outcome = run(regime, exponential_qf(2), kCrowd, options);
    EXPECT_EQ(outcome.status, Status::ok);
    EXPECT_TRUE(std::isnan(outcome.risk));
    EXPECT_GT(outcome.test_risk, 0);
    options.steps = 100000;
    options.step_size = 20;
    EXPECT_EQ(run(regime, exponential_qf(2), 20, options).status, Status::diverged);
  }
}

// An activation no block is written for is trained all the same.
TEST(GeneralSgd, AnExpressionIsTrainedAsTheNamedActivation) {
  Options options = short_run("relu");
  const Outcome named = run_nn(exponential_qf(6), 5, options);
  options.activation = activation_from_expression("max(u,0)", "u > 0 ? 1 : 0");
  EXPECT_NEAR(run_nn(exponential_qf(6), 5, options).test_risk, named.test_risk, kRounding * named.test_risk);
  options.precision = Precision::fp32;
  EXPECT_NEAR(run_nn(exponential_qf(6), 5, options).test_risk, named.test_risk,
              kSingleRounding * named.test_risk);
}

// Too few steps for the watch on the losses, but far enough for neurons whose moments would not fit into
// memory.
TEST(GeneralSgd, NeuronsThatHaveExplodedAreNotIntegrated) {
  for (const char* name : {"hermite(3)", "relu"}) {
    Options options = short_run(name);
    options.steps = 3;
    options.records = 2;
    options.step_size = 1e6;
    const Outcome outcome = run_nn(exponential_qf(6), 5, options);
    EXPECT_EQ(outcome.status, Status::diverged) << name;
    EXPECT_TRUE(std::isnan(outcome.risk)) << name;
  }
}

}  // namespace
}  // namespace lazygap::train
