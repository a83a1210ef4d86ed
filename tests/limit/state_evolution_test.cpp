#include "lazygap/limit/state_evolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lazygap/core/random.h"
#include "lazygap/problem/spectrum.h"
#include "reference/trace_penalty.h"
#include "support/message.h"

namespace lazygap {
namespace {

using limit::Penalty;
using limit::StateEvolutionOptions;
using limit::WideNetwork;
using test::message;

// The fixed points are known to 1e-7, and what is compared are smooth functions of them.
constexpr double kFixedPointAccuracy = 1e-5;

PolynomialTarget exponential(Index d) { return PolynomialTarget(draw_spectrum({}, d, 1)); }
PolynomialTarget low_rank(Index d) {
  return PolynomialTarget(
      draw_spectrum({.kind = SpectrumLaw::Kind::low_rank, .rank = d / 10, .scale = 3}, d, 1));
}

struct Mean {
  double sum = 0, squares = 0;
  int count = 0;
  void add(double value) { sum += value, squares += value * value, ++count; }
  [[nodiscard]] double value() const { return sum / count; }
  [[nodiscard]] double error() const {
    return std::sqrt((squares / count - value() * value()) / (count - 1));
  }
};

/// R/R0 and training error/R0 of solutions of the convex problem on Gaussian designs.
struct Simulated {
  Mean ratio, training;
};
Simulated simulate(const PolynomialTarget& problem, Index n, double lambda,
                   const StateEvolutionOptions& options, int draws) {
  const Index d = problem.dimension();
  const Matrix B = problem.eigenvalues().asDiagonal();
  Simulated simulated;
  for (int draw = 0; draw < draws; ++draw) {
    const auto index = static_cast<std::uint32_t>(draw);
    const reference::Design design = reference::gaussian_design(d, n, 6, index);
    Vector e(n);
    fill_normals({.seed = 6, .purpose = Purpose::label_noise, .index = index},
                 std::span<double>(e.data(), static_cast<std::size_t>(n)));
    Vector y = design.apply(B) + options.label_noise * e;
    y.array() -= y.mean();
    const reference::PenalisedSolution solution =
        reference::minimise_penalised(design, y, lambda, options.penalty == Penalty::nuclear_norm, 1e-6);
    EXPECT_TRUE(solution.converged);
    simulated.ratio.add((B - solution.S).squaredNorm() / problem.squared_norm());
    simulated.training.add((y - design.apply(solution.S)).squaredNorm() /
                           (static_cast<double>(n) * problem.null_risk()));
  }
  return simulated;
}

TEST(StateEvolution, AgreesWithTheConvexProblemOnGaussianDesigns) {
  // Asymptotic on one side, d = 24 on the other: 8 % beside the standard errors.
  constexpr double kFiniteSize = 0.08, kStandardErrors = 4;
  constexpr Index d = 24;
  constexpr int kDraws = 12;
  for (const PolynomialTarget& problem : {exponential(d), low_rank(d)})
    for (const double samples : {0.25, 0.5})
      for (const Penalty penalty : {Penalty::trace, Penalty::nuclear_norm}) {
        const auto n = static_cast<Index>(samples * d * d);
        const double R0 = problem.null_risk();
        const double lambda = 0.1 * 4 * std::sqrt(R0 * d / static_cast<double>(n));
        const StateEvolutionOptions options{
            .penalty = penalty, .label_noise = std::sqrt(0.1 * R0), .draws = 12};
        const WideNetwork theory = limit::wide_network(problem, n, lambda, options);
        const Simulated simulated = simulate(problem, n, lambda, options, kDraws);
        EXPECT_EQ(theory.status, Status::ok);
        EXPECT_NEAR(simulated.ratio.value(), theory.ratio,
                    kStandardErrors * simulated.ratio.error() + kFiniteSize * theory.ratio)
            << samples << " penalty " << static_cast<int>(penalty);
        EXPECT_NEAR(simulated.training.value(), theory.training,
                    kStandardErrors * simulated.training.error() + kFiniteSize * theory.training)
            << samples << " penalty " << static_cast<int>(penalty);
      }
}

TEST(StateEvolution, SolvesItsEquations) {
  const PolynomialTarget problem = exponential(30);
  const double R0 = problem.null_risk(), tau2 = 0.2 * R0;
  const StateEvolutionOptions options{.label_noise = std::sqrt(tau2)};
  for (const Index n : {60, 200, 450, 2000})
    for (const double lambda : {0.5, 2.0, 10.0}) {
      const WideNetwork point = limit::wide_network(problem, n, lambda, options);
      ASSERT_EQ(point.status, Status::ok) << n << " " << lambda;
      EXPECT_NEAR(point.lambda / lambda, 1, kFixedPointAccuracy);
      const double error = tau2 + point.ratio * R0;
      EXPECT_NEAR(point.noise * point.noise * 2 * static_cast<double>(n) / error, 1, kFixedPointAccuracy);
      const double share = 1 - point.parameters / static_cast<double>(n);
      EXPECT_NEAR(point.training * R0 / (share * share * error), 1, kFixedPointAccuracy);
    }
}

TEST(StateEvolution, ThePenaltyIsContinuousAndCostsFit) {
  const PolynomialTarget problem = exponential(20);
  const StateEvolutionOptions options{.label_noise = std::sqrt(0.2 * problem.null_risk())};
  for (const Index n : {80, 1000}) {  // with interpolation at lambda = 0, and without
    const WideNetwork zero = limit::wide_network(problem, n, 0, options);
    ASSERT_EQ(zero.status, Status::ok);
    if (n == 80) {
      EXPECT_NEAR(zero.training, 0, 1e-10);
      EXPECT_NEAR(zero.parameters, static_cast<double>(n), 1e-3);
    } else {
      EXPECT_EQ(zero.threshold, 0);
    }
    EXPECT_NEAR(limit::wide_network(problem, n, 1e-6, options).ratio, zero.ratio, kFixedPointAccuracy);
    double last = -1;
    for (const double lambda : {0.0, 0.2, 0.5, 1.0, 2.0, 4.0}) {
      const double training = limit::wide_network(problem, n, lambda, options).training;
      EXPECT_GT(training, last) << n << " " << lambda;
      last = training;
    }
  }
}

TEST(StateEvolution, ManySamplesLearnEverything) {
  const PolynomialTarget problem = exponential(20);
  const StateEvolutionOptions options{.label_noise = std::sqrt(0.2 * problem.null_risk())};
  // Least squares over all symmetric matrices: excess tau^2 p / n at n >> p.
  const WideNetwork free = limit::wide_network(
      problem, 100000, 0,
      {.penalty = Penalty::nuclear_norm, .label_noise = options.label_noise, .draws = 200});
  // The mean over 200 draws of ||G||^2, p = 210 of relative standard deviation sqrt(2/p), is known to 0.7 %.
  EXPECT_NEAR(free.ratio / (0.2 * 210 / (100000.0 - 210)), 1, 0.03);
  // div is p exactly; its estimate has the error of the mean of ||G||^2.
  EXPECT_NEAR(free.parameters / 210, 1, 0.03);
  // Positive semidefiniteness can only help.
  EXPECT_LE(limit::wide_network(problem, 100000, 0, {.label_noise = options.label_noise, .draws = 200}).ratio,
            free.ratio);
}

TEST(StateEvolution, NoiselessLowRankIsRecovered) {
  const StateEvolutionOptions options;
  // g ends at 1e-6 of ||B||_F, so that R/R0 is about 2 n 1e-12.
  EXPECT_LT(limit::wide_network(low_rank(30), 400, 0, options).ratio, 1e-8);
  EXPECT_LT(limit::bayes_quadratic(low_rank(30), 400, options).ratio, 1e-4);
  EXPECT_GT(limit::wide_network(low_rank(30), 60, 0, options).ratio, 0.1);
}

TEST(StateEvolution, FewSamplesLearnNothing) {
  const PolynomialTarget problem = exponential(20);
  const StateEvolutionOptions options{.label_noise = std::sqrt(problem.null_risk())};
  const WideNetwork best = limit::wide_network_best(problem, 1, options);
  EXPECT_EQ(best.status, Status::ok);
  EXPECT_NEAR(best.ratio, 1, 0.02);
  // All that is known without samples is the spectrum: its mean.
  const double mean = problem.trace() / 20;
  const WideNetwork bayes = limit::bayes_quadratic(problem, 1, options);
  EXPECT_NEAR(bayes.ratio, 1 - 20 * mean * mean / problem.squared_norm(), 0.02);
}

TEST(StateEvolution, BayesIsBelowTheBestPenaltyAndThatBelowTheOthers) {
  for (const PolynomialTarget& problem : {exponential(24), low_rank(24)}) {
    const StateEvolutionOptions options{.label_noise = std::sqrt(0.1 * problem.null_risk())};
    double last = 1;
    for (const Index n : {40, 144, 288, 1000}) {
      const WideNetwork best = limit::wide_network_best(problem, n, options);
      ASSERT_EQ(best.status, Status::ok);
      EXPECT_LT(limit::bayes_quadratic(problem, n, options).ratio, best.ratio) << n;
      EXPECT_GE(best.lambda, 0);
      for (const double factor : {0.0, 0.7, 1.4}) {
        const WideNetwork other = limit::wide_network(problem, n, factor * best.lambda, options);
        // The best is promised to 1e-4 of R0.
        EXPECT_LE(best.ratio, other.ratio + 1e-4) << n << " " << factor;
      }
      EXPECT_LT(best.ratio, last) << n;
      last = best.ratio;
    }
  }
}

TEST(StateEvolution, ScalesWithTheTarget) {
  const PolynomialTarget problem = exponential(20), large(1e6 * problem.eigenvalues());
  const WideNetwork once = limit::wide_network(problem, 120, 1.5, {.label_noise = 0.7});
  const WideNetwork again = limit::wide_network(large, 120, 1.5e6, {.label_noise = 0.7e6});
  EXPECT_NEAR(once.ratio / again.ratio, 1, kFixedPointAccuracy);
  EXPECT_NEAR(1e6 * once.noise / again.noise, 1, kFixedPointAccuracy);
  EXPECT_NEAR(1e6 * once.threshold / again.threshold, 1, kFixedPointAccuracy);
}

TEST(StateEvolution, BayesDoesNotDependOnTheNumberOfDraws) {
  // The correction for the number of draws: without it 4 draws would be lower.
  const PolynomialTarget problem = exponential(30);
  const double noise = std::sqrt(0.1 * problem.null_risk());
  const double many = limit::bayes_quadratic(problem, 225, {.label_noise = noise, .draws = 100}).ratio;
  double sum = 0, squares = 0;
  constexpr int kSeeds = 20;
  for (int seed = 10; seed < 10 + kSeeds; ++seed) {
    const double few =
        limit::bayes_quadratic(problem, 225,
                               {.label_noise = noise, .draws = 4, .seed = static_cast<std::uint64_t>(seed)})
            .ratio;
    sum += few;
    squares += few * few;
  }
  const double mean = sum / kSeeds, error = std::sqrt((squares / kSeeds - mean * mean) / (kSeeds - 1));
  EXPECT_LT(std::abs(mean - many) / error, 4);
}

TEST(StateEvolution, RefusesWhatItCannotAnswer) {
  const PolynomialTarget problem = exponential(5);
  EXPECT_EQ(message([&] { return limit::wide_network(problem, 0, 1); }),
            "limit::wide_network: n is 0, but must be at least 1");
  EXPECT_EQ(message([&] { return limit::wide_network(problem, 10, -1); }),
            "limit::wide_network: lambda is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message([&] { return limit::wide_network_best(problem, 10, {.label_noise = -0.5}); }),
            "limit::wide_network_best: label_noise is -0.5, but must be zero or positive, and finite");
  EXPECT_EQ(message([&] { return limit::bayes_quadratic(problem, 10, {.draws = 1}); }),
            "limit::bayes_quadratic: draws is 1, but must be at least 2");
  Matrix beta = Matrix::Zero(5, 3);
  beta(0, 1) = beta(1, 2) = 1;
  EXPECT_EQ(
      message([&] { return limit::bayes_quadratic(PolynomialTarget::from_hermite(beta), 10); }),
      "limit::bayes_quadratic: f* has parts of other degrees than 2, up to 3, and no limit is known for "
      "them");
}

}  // namespace
}  // namespace lazygap
