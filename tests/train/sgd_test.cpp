#include "lazygap/train/sgd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/network/nt_basis.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/spectrum.h"
#include "reference/sgd.h"

namespace lazygap::train {
namespace {

Problem exponential_qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 7)); }

/// A mixture with Sigma different from the identity.
Problem mixture(Index d) {
  const Vector sigma = Vector::LinSpaced(d, 0.5, 1.5);
  return GaussianMixture(sigma, sigma.cwiseProduct(Vector::LinSpaced(d, -0.4, 0.8)));
}

std::vector<Problem> both_models(Index d) { return {exponential_qf(d), mixture(d)}; }

/// Parts of degree 1, 2 and 3, and the two models.
std::vector<Problem> all_problems(Index d) {
  Matrix beta = Matrix::Zero(d, 3);
  for (Index i = 0; i < d; ++i) beta.row(i) << 0.3, 1 / (1.0 + static_cast<double>(i)), -0.2;
  std::vector<Problem> problems = both_models(d);
  problems.emplace_back(PolynomialTarget::from_hermite(beta));
  return problems;
}

Options short_run() {
  Options options;
  options.steps = 80;
  options.batch = 13;
  options.step_size = 0.01;
  options.records = 12;
  options.precision = Precision::fp64;
  options.test_samples = 0;
  options.seed = 5;
  options.draw = 2;
  return options;
}

std::vector<Options> all_parameterisations() {
  Options unit = short_run();
  unit.parameterisation = Parameterisation::unit;
  unit.second_layer = SecondLayer::fixed;
  unit.step_size = 0.001;
  Options negative = unit;
  negative.second_layer_value = -0.7;
  Options shared = short_run();
  shared.alpha = 1.3;
  shared.beta = 0.6;
  Options fixed = shared;
  fixed.second_layer = SecondLayer::fixed;
  fixed.second_layer_value = 0.8;
  Options constant = shared;
  constant.schedule = Schedule::constant;
  Options decay = shared;
  decay.schedule = Schedule::quadratic_decay;
  Options noisy = shared;
  noisy.label_noise = 1.5;
  Options lazy = unit;
  lazy.output_scale = 30;
  lazy.subtract_start = true;
  Options rich = fixed;
  rich.output_scale = 0.2;
  rich.subtract_start = true;
  rich.step_size = 0.001;
  Options scaled = shared;
  scaled.output_scale = 1.7;
  return {unit, negative, shared, fixed, constant, decay, noisy, lazy, rich, scaled};
}

/// Both sides do the same sums in fp64 in another order; 80 stable steps amplify rounding little.
constexpr double kRounding = 1e-10;

void expect_same_risks(const Outcome& outcome, const std::vector<double>& reference, double tolerance,
                       const std::string& what) {
  ASSERT_EQ(outcome.status, Status::ok) << what;
  for (const Point& point : outcome.trajectory) {
    const double expected = reference[static_cast<std::size_t>(point.step)];
    EXPECT_NEAR(point.risk, expected, tolerance * reference.front()) << what << ", step " << point.step;
  }
}

std::string describe(const Problem& problem, Index neurons, std::size_t option) {
  return std::string(std::holds_alternative<PolynomialTarget>(problem) ? "target" : "mg") +
         " R0=" + std::to_string(null_risk(problem)) + " N=" + std::to_string(neurons) + " options " +
         std::to_string(option);
}

Outcome run_regime(Regime regime, const Problem& problem, Index neurons, const Options& options) {
  return regime == Regime::nn ? run_nn(problem, neurons, options) : run_nt(problem, neurons, options);
}

/// The risk after every step of the run, in fp64.
std::vector<double> reference_risks(Regime regime, const Problem& problem, Index neurons,
                                    const Options& options) {
  const FirstLayerLaw law = first_layer_law(regime, problem);
  if (regime == Regime::nn)
    return reference::sgd_nn(
        problem,
        law.sample(neurons, options.seed, options.draw,
                   options.subtract_start ? Purpose::first_layer : Purpose::initial_weights),
        options);
  const Matrix W = law.sample(neurons, options.seed, options.draw);
  const auto* target = std::get_if<PolynomialTarget>(&problem);
  const bool is_error_form = target != nullptr && target->is_quadratic();
  const NtBasis basis = is_error_form ? nt_basis(W, target->eigenvalues()) : nt_basis(W);
  return reference::sgd_nt(problem, W, basis.U, options);
}

void expect_runs_of_the_reference(Regime regime) {
  for (const Index d : {1, 8})
    for (const Problem& problem : all_problems(d))
      for (const Index neurons : {1, 3, 8, 20}) {
        const std::vector<Options> all = all_parameterisations();
        for (std::size_t k = 0; k < all.size(); ++k)
          expect_same_risks(run_regime(regime, problem, neurons, all[k]),
                            reference_risks(regime, problem, neurons, all[k]), kRounding,
                            describe(problem, neurons, k));
      }
}

TEST(Sgd, NnIsThatOfTheReference) { expect_runs_of_the_reference(Regime::nn); }

TEST(Sgd, NtIsThatOfTheReference) { expect_runs_of_the_reference(Regime::nt); }

// Around the width of a panel, just below and above d and d / 2: NN direct and LQ, NT with and without null
// space, its samples rotated by reflections and by a whole matrix.
TEST(Sgd, Fp32IsThatOfTheReferenceAtAwkwardSizes) {
  // Rounding of 2^-24 in sums of up to d + N = 146 terms adds up over 40 stable steps like a random walk, to
  // 2^-24 sqrt(146 * 40) = 5e-6. One neuron of 49 that is left out is a fiftieth of what the run moves.
  constexpr double kSingleRounding = 2e-5;
  for (const Index d : {47, 53, 97})
    for (const Problem& problem : all_problems(d))
      for (const Index neurons : {1, 47, 48, 49})
        for (const Index batch : {1, 13})
          for (const Regime regime : {Regime::nn, Regime::nt}) {
            Options options = short_run();
            options.steps = 40;
            options.batch = batch;
            // On a sample of its own a step changes f by about 8 step_size d / batch of the residual.
            options.step_size = batch == 1 ? 3e-4 : 2e-3;
            options.second_layer = SecondLayer::fixed;  // a shared one starts at 0, where W cannot move
            options.second_layer_value = 0.8;
            const std::vector<double> expected = reference_risks(regime, problem, neurons, options);
            options.precision = Precision::fp32;
            const Outcome outcome = run_regime(regime, problem, neurons, options);
            SCOPED_TRACE(testing::Message() << to_string(regime) << " d=" << d << " " << outcome.path);
            expect_same_risks(outcome, expected, kSingleRounding,
                              describe(problem, neurons, 0) + " batch " + std::to_string(batch));
            const auto [least, most] = std::minmax_element(expected.begin(), expected.end());
            EXPECT_GT(*most - *least, 10 * kSingleRounding * expected.front()) << "nothing was trained";
          }
}

// The test can only fail if something happens in these 80 steps.
TEST(Sgd, TheReferenceRunsMove) {
  const Problem problem = exponential_qf(8);
  for (const Options& options : all_parameterisations()) {
    if (options.second_layer_value < 0) continue;
    const Outcome nn = run_nn(problem, 3, options);
    EXPECT_GT(std::abs(nn.trajectory.front().risk - nn.risk), 1e-3 * nn.trajectory.front().risk);
  }
}

TEST(Sgd, SinglePrecisionFollowsDouble) {
  // 80 steps, each with relative rounding 2^-24 on sums of d N terms.
  constexpr double kSingleRounding = 1e-4;
  for (const Problem& problem : both_models(20)) {
    Options options = short_run();
    const Outcome nn = run_nn(problem, 7, options), nt = run_nt(problem, 7, options);
    options.precision = Precision::fp32;
    EXPECT_NEAR(run_nn(problem, 7, options).risk, nn.risk, kSingleRounding * nn.trajectory.front().risk);
    EXPECT_NEAR(run_nt(problem, 7, options).risk, nt.risk, kSingleRounding * nt.trajectory.front().risk);
  }
}

TEST(Sgd, LqGivesTheSameTrajectory) {
  constexpr Index kDimension = 30;
  constexpr double kRelative = 1e-6;
  for (const Problem& problem : both_models(kDimension))
    for (const Index neurons : {2 * kDimension, 5 * kDimension}) {
      Options options = short_run();
      options.steps = 2000;
      options.batch = 50;
      options.records = 40;
      const Outcome lq = run_nn(problem, neurons, options);
      options.reduction = Reduction::none;
      const Outcome direct = run_nn(problem, neurons, options);
      EXPECT_EQ(lq.path, "LQ, fp64");
      EXPECT_EQ(direct.path, "direct, fp64");
      ASSERT_EQ(lq.trajectory.size(), direct.trajectory.size());
      for (std::size_t i = 0; i < lq.trajectory.size(); ++i)
        EXPECT_NEAR(lq.trajectory[i].risk, direct.trajectory[i].risk, kRelative * direct.trajectory[i].risk)
            << "step " << lq.trajectory[i].step;
      EXPECT_LT(lq.risk, 0.5 * lq.trajectory.front().risk) << "the run learns something";
    }
}

TEST(Sgd, ThePathSaysWhatRuns) {
  constexpr Index kDimension = 8;
  const Problem qf = exponential_qf(kDimension), mg = mixture(kDimension),
                cubic = all_problems(kDimension).back();
  const auto expect_path = [](const char* expected, Regime regime, const Problem& problem, Index neurons,
                              const Options& options) {
    EXPECT_EQ(run_regime(regime, problem, neurons, options).path, expected);
    EXPECT_EQ(path(regime, problem, neurons, options), expected);
  };
  const Options plain = short_run();
  Options unreduced = plain, free = plain, biases = plain, trained_biases = plain, momentum = plain,
          relu = plain;
  unreduced.reduction = Reduction::none;
  free.second_layer = SecondLayer::free;
  biases.bias_scale = 0.5;
  trained_biases.train_biases = true;
  momentum.momentum = 0.5;
  relu.activation = activation_from_name("relu");
  for (const Problem& problem : {qf, mg, cubic}) {
    expect_path("direct, fp64", Regime::nn, problem, kDimension, plain);
    expect_path("LQ, fp64", Regime::nn, problem, kDimension + 1, plain);
    expect_path("direct, fp64", Regime::nn, problem, kDimension + 1, unreduced);
  }
  for (const Index neurons : {kDimension, kDimension + 1}) {
    expect_path("error form, fp64", Regime::nt, qf, neurons, plain);
    expect_path("symmetric form, fp64", Regime::nt, mg, neurons, plain);
    expect_path("symmetric form, fp64", Regime::nt, cubic, neurons, plain);
  }
  expect_path("error form, fp64", Regime::nt, qf, kDimension + 1, free);  // NT has no second layer
  for (const Options& options : {free, biases, trained_biases, momentum, relu})
    expect_path("general, fp64", Regime::nn, qf, kDimension + 1, options);
  for (const Options& options : {biases, momentum, relu})
    expect_path("general, fp64", Regime::nt, qf, kDimension + 1, options);

  // The state shows which matrix is trained: the d x d factor where the path is LQ.
  const auto state_size = [&](Index neurons, const Options& options) {
    std::size_t size = 0;
    Hooks hooks;
    hooks.save = [&](std::span<const std::byte> bytes) { size = bytes.size(); };
    hooks.stop = [] { return true; };
    (void)run_nn(qf, neurons, options, hooks);
    return size;
  };
  EXPECT_EQ(state_size(kDimension + 1, plain), state_size(kDimension, plain));
  EXPECT_EQ(state_size(kDimension + 1, unreduced),
            state_size(kDimension, unreduced) + kDimension * sizeof(double));
}

TEST(Sgd, TheTrajectoryCoversTheRun) {
  const Outcome outcome = run_nn(exponential_qf(5), 2, short_run());
  ASSERT_EQ(outcome.trajectory.size(), 12u);
  EXPECT_EQ(outcome.trajectory.front().step, 0);
  EXPECT_EQ(outcome.trajectory.back().step, 80);
  EXPECT_EQ(outcome.trajectory.back().samples, 80.0 * 13);
  EXPECT_EQ(outcome.trajectory.back().risk, outcome.risk);
  EXPECT_EQ(outcome.steps_done, 80);
}

TEST(Sgd, TestRiskAgreesWithTheExactRisk) {
  constexpr double kStandardErrors = 4;
  for (const Problem& problem : both_models(20)) {
    Options options = short_run();
    options.test_samples = 10500;
    for (const Outcome& outcome : {run_nn(problem, 5, options), run_nt(problem, 5, options)}) {
      EXPECT_GT(outcome.test_se, 0);
      EXPECT_LT(std::abs(outcome.test_risk - outcome.risk), kStandardErrors * outcome.test_se);
      EXPECT_LT(outcome.test_se, 0.1 * outcome.risk);
    }
  }
}

TEST(Sgd, ADivergingRunStopsEarly) {
  constexpr std::int64_t kFew = 30;
  for (const Problem& problem : both_models(30))
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
      Options options = short_run();
      options.steps = 100000;
      options.precision = precision;
      options.step_size = 5;
      for (const Outcome& outcome : {run_nn(problem, 20, options), run_nt(problem, 20, options)}) {
        EXPECT_EQ(outcome.status, Status::diverged);
        EXPECT_LT(outcome.steps_done, kFew);
        EXPECT_TRUE(std::isnan(outcome.risk));
        EXPECT_TRUE(std::isnan(outcome.test_risk));
      }
    }
}

// The label of one sample of He_5 is 100 times its standard deviation once in 1e5 samples. At this step size
// nothing moves.
TEST(Sgd, AHeavyBatchIsNoDivergence) {
  Matrix beta = Matrix::Zero(1, 5);
  beta(0, 4) = 1;
  const Problem problem = PolynomialTarget::from_hermite(beta);
  Options options = short_run();
  options.steps = 20000;
  options.batch = 1;
  options.step_size = 1e-9;
  for (const char* activation : {"quadratic", "tanh"}) {
    options.activation = activation_from_name(activation);
    for (std::uint32_t draw = 0; draw < 20; ++draw) {
      options.draw = draw;
      EXPECT_EQ(run_nn(problem, 1, options).status, Status::ok) << activation << ", draw " << draw;
      EXPECT_EQ(run_nt(problem, 1, options).status, Status::ok) << activation << ", draw " << draw;
    }
  }
}

TEST(Sgd, AnExplosionInTheLastStepsIsADivergence) {
  const Problem problem = exponential_qf(30);
  Options options = short_run();
  options.steps = 100000;
  options.schedule = Schedule::constant;
  options.step_size = 5;
  const std::int64_t noticed = run_nt(problem, 20, options).steps_done;
  options.steps = noticed;
  EXPECT_EQ(run_nt(problem, 20, options).status, Status::diverged);
}

TEST(Sgd, AResumedRunIsBitwiseTheUndisturbedOne) {
  for (const Problem& problem : both_models(12))
    for (const auto run : {run_nn, run_nt})
      for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        Options options = short_run();
        options.steps = 400;
        options.precision = precision;
        const Outcome undisturbed = run(problem, 5, options, {});

        std::vector<std::byte> state;
        int looks = 0;
        Hooks hooks;
        hooks.save = [&](std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); };
        hooks.stop = [&] { return ++looks == 6; };
        const Outcome stopped = run(problem, 5, options, hooks);
        EXPECT_EQ(stopped.status, Status::none);
        EXPECT_GT(stopped.steps_done, 0);
        EXPECT_LT(stopped.steps_done, options.steps);
        EXPECT_TRUE(std::isnan(stopped.risk));

        const Outcome resumed = run(problem, 5, options, {.resume = state});
        EXPECT_EQ(resumed.risk, undisturbed.risk);
        ASSERT_EQ(resumed.trajectory.size(), undisturbed.trajectory.size());
        for (std::size_t i = 0; i < resumed.trajectory.size(); ++i)
          EXPECT_EQ(resumed.trajectory[i].risk, undisturbed.trajectory[i].risk) << i;

        options.step_size *= 2;
        EXPECT_THROW((void)run(problem, 5, options, {.resume = state}), UsageError);
        options.step_size /= 2;
        state.pop_back();
        EXPECT_THROW((void)run(problem, 5, options, {.resume = state}), UsageError);
      }
}

// NT at N > d has no noise left: its error form shrinks until its entries are subnormal in fp32, where a
// number and twice its half need not be the same.
TEST(Sgd, AResumedRunIsBitwiseTheUndisturbedOneWhereNumbersAreTiny) {
  const Problem problem = exponential_qf(10);
  Options options = short_run();
  options.batch = 50;
  options.steps = 8000;
  options.step_size = 0.1;
  options.schedule = Schedule::constant;
  options.precision = Precision::fp32;
  const Outcome undisturbed = run_nt(problem, 30, options);
  EXPECT_GT(undisturbed.risk, 0);
  // Entries of 2^-126, below which they are subnormal, squared.
  EXPECT_LT(undisturbed.risk, 1e-74);
  for (const int look : {200, 230}) {
    std::vector<std::byte> state;
    int looks = 0;
    Hooks hooks;
    hooks.save = [&](std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); };
    hooks.stop = [&] { return ++looks == look; };
    EXPECT_LT(run_nt(problem, 30, options, hooks).steps_done, options.steps);
    EXPECT_EQ(run_nt(problem, 30, options, {.resume = state}).risk, undisturbed.risk) << "look " << look;
  }
}

TEST(Sgd, SavesAndReportsAlongTheWay) {
  Options options = short_run();
  options.steps = 200;
  int saves = 0;
  std::int64_t last = -1;
  Hooks hooks;
  hooks.save = [&](std::span<const std::byte>) { ++saves; };
  hooks.save_every = std::chrono::seconds(0);
  hooks.progress = [&](std::int64_t step) {
    EXPECT_GT(step, last);
    last = step;
  };
  (void)run_nn(exponential_qf(4), 2, options, hooks);
  EXPECT_GT(saves, 3);
  EXPECT_GT(last, 100);
}

TEST(Sgd, BadOptionsAreNamed) {
  const Problem problem = exponential_qf(4);
  const auto message = [&](auto change, Index neurons = 2) -> std::string {
    Options options = short_run();
    change(options);
    try {
      (void)run_nn(problem, neurons, options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([](Options&) {}, 0), "train::run_nn: neurons is 0, but must be at least 1");
  EXPECT_EQ(message([](Options& o) { o.steps = 0; }), "train::run_nn: steps is 0, but must be at least 1");
  EXPECT_EQ(message([](Options& o) { o.steps = std::int64_t{1} << 32; }),
            "train::run_nn: steps is 4294967296, but must be below 2^32");
  EXPECT_EQ(message([](Options& o) { o.batch = 0; }), "train::run_nn: batch is 0, but must be at least 1");
  EXPECT_EQ(message([](Options& o) { o.step_size = std::numeric_limits<double>::quiet_NaN(); }),
            "train::run_nn: step_size is nan, but must be positive and finite");
  EXPECT_EQ(message([](Options& o) { o.second_layer_value = 0; }),
            "train::run_nn: second_layer_value is 0, but must differ from 0");
  EXPECT_EQ(message([](Options& o) { o.records = 1; }),
            "train::run_nn: records is 1, but must be at least 2");
  EXPECT_EQ(message([](Options& o) { o.parameterisation = Parameterisation::unit; }),
            "train::run_nn: second_layer is shared, but must be fixed in the parameterisation unit");
  EXPECT_EQ(message([](Options& o) {
              o.parameterisation = Parameterisation::unit;
              o.second_layer = SecondLayer::free;
            }),
            "train::run_nn: second_layer is free, but must be fixed in the parameterisation unit");
  EXPECT_EQ(message([](Options& o) { o.momentum = 1; }),
            "train::run_nn: momentum is 1, but must be in [0, 1)");
  EXPECT_EQ(message([](Options& o) { o.bias_scale = -1; }),
            "train::run_nn: bias_scale is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message([](Options& o) { o.label_noise = std::numeric_limits<double>::infinity(); }),
            "train::run_nn: label_noise is inf, but must be zero or positive, and finite");
  EXPECT_EQ(message([](Options& o) { o.activation = activation_from_name("sign"); }),
            "train::run_nn: activation is 'sign', which has no derivative, but training needs one");
  Options trained = short_run();
  trained.train_biases = true;
  EXPECT_THROW((void)run_nt(problem, 2, trained), UsageError);
}

}  // namespace
}  // namespace lazygap::train
