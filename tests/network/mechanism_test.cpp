// The mechanism against plain computations: projections, all eigenvectors, sums over pairs of samples.
#include "lazygap/network/mechanism.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <variant>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/random.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/rotation.h"
#include "lazygap/problem/spectrum.h"
#include "reference/mechanism.h"
#include "support/message.h"

namespace lazygap {
namespace {

/// Two eigensolvers in fp64 on well separated eigenvalues.
constexpr double kTwoSolvers = 1e-10;

constexpr Index kDimension = 12;

Problem quadratic() { return PolynomialTarget(draw_spectrum({}, kDimension, 7)); }
Problem mixture() { return GaussianMixture(Vector::LinSpaced(kDimension, -0.4, 0.75)); }
Matrix rotated_delta() {
  const Matrix Q = haar_rotation(kDimension, 3);
  return Q * Vector::LinSpaced(kDimension, -0.4, 0.75).asDiagonal() * Q.transpose();
}
Problem rotated() {
  return GaussianMixture::from_matrices(Matrix::Identity(kDimension, kDimension),
                                        (rotated_delta() + rotated_delta().transpose()) / 2);
}

/// B or Delta, d x d.
Matrix target_of(const Problem& problem) {
  if (const auto* qf = std::get_if<PolynomialTarget>(&problem)) return qf->eigenvalues().asDiagonal();
  return std::get<GaussianMixture>(problem).delta_matrix();
}

Matrix random_weights(const Problem& problem, Index neurons, std::uint32_t draw) {
  return first_layer_law(Regime::nt, problem).sample(neurons, 1, draw);
}

TEST(Mechanism, SpectrumOverlapAndChangeAreThoseOfPlainComputations) {
  for (const Problem& problem : {quadratic(), mixture(), rotated()})
    for (const Index N : {3, 12, 30}) {
      const Matrix W_0 = random_weights(problem, N, 0), W = random_weights(problem, N, 1);
      const std::vector<Index> ranks{1, 4, 12};
      const MechanismObserver observer(problem, Activation::quadratic(), W_0, {}, ranks, 1);
      const MechanismPoint point = observer.observe(W, {});
      const Vector eigenvalues = reference::gram_eigenvalues(W);
      ASSERT_EQ(point.eigenvalues.size(), static_cast<std::size_t>(std::min(N, kDimension)));
      for (std::size_t i = 0; i < point.eigenvalues.size(); ++i)
        EXPECT_NEAR(point.eigenvalues[i], eigenvalues[static_cast<Index>(i)], kTwoSolvers * eigenvalues[0])
            << N;
      ASSERT_EQ(point.overlaps.size(), ranks.size());
      for (std::size_t i = 0; i < ranks.size(); ++i)
        EXPECT_NEAR(point.overlaps[i], reference::overlap(W, target_of(problem), ranks[i]), kTwoSolvers)
            << N << " neurons, k = " << ranks[i];
      EXPECT_NEAR(point.change, std::sqrt((W - W_0).cwiseAbs2().sum() / W_0.cwiseAbs2().sum()), kTwoSolvers);
    }
}

TEST(Mechanism, NothingHasMovedAtTheStart) {
  for (const Problem& problem : {quadratic(), rotated()})
    for (const char* name : {"quadratic", "relu"}) {
      const Matrix W = random_weights(problem, 5, 0);
      const MechanismPoint point =
          MechanismObserver(problem, activation_from_name(name), W, {}, {2}, 1).observe(W, {});
      EXPECT_EQ(point.change, 0);
      EXPECT_NEAR(point.kernel_cosine, 1, kTwoSolvers) << name;
    }
}

TEST(Mechanism, OverlapIsOneWhereTheDirectionsAreLearnt) {
  const Problem problem = quadratic();
  const Vector& b = std::get<PolynomialTarget>(problem).eigenvalues();
  const Matrix W = b.cwiseAbs().cwiseSqrt().asDiagonal();
  const MechanismObserver observer(problem, Activation::quadratic(), W, {}, {1, 5}, 1);
  for (const double overlap : observer.observe(W, {}).overlaps) EXPECT_NEAR(overlap, 1, kTwoSolvers);
  EXPECT_TRUE(observer.heat_map(W).isIdentity(kTwoSolvers));
}

TEST(Mechanism, PolynomialTargetsOrderTheirDirectionsByTheVarianceThatTheyGive) {
  Matrix beta = Matrix::Zero(4, 3);
  beta(2, 2) = 1;    // 3! = 6
  beta(0, 1) = 1.5;  // 2! 1.5^2 = 4.5
  beta(3, 0) = 2;    // 4
  const Problem problem = PolynomialTarget::from_hermite(beta);
  const auto overlap = [&](Index axis, Index k) {
    const Matrix W = Matrix::Identity(4, 4).col(axis);
    return MechanismObserver(problem, activation_from_name("tanh"), W, {}, {k}, 1).observe(W, {}).overlaps[0];
  };
  EXPECT_NEAR(overlap(2, 1), 1, kTwoSolvers);
  EXPECT_NEAR(overlap(0, 1), 0, kTwoSolvers);
  EXPECT_NEAR(overlap(0, 2), 0.5, kTwoSolvers);  // one neuron covers one direction of two
  EXPECT_NEAR(overlap(3, 2), 0, kTwoSolvers);
  EXPECT_NEAR(overlap(3, 3), 1.0 / 3, kTwoSolvers);
}

TEST(Mechanism, TheExpectedOverlapOfARandomSubspaceIsItsShareOfTheDimension) {
  const Problem problem = quadratic();
  const Index N = 4, k = 3, draws = 400;
  double sum = 0, squares = 0;
  for (std::uint32_t draw = 0; draw < draws; ++draw) {
    const Matrix W = random_weights(problem, N, draw);
    const double overlap =
        MechanismObserver(problem, Activation::quadratic(), W, {}, {k}, 1).observe(W, {}).overlaps[0];
    sum += overlap;
    squares += overlap * overlap;
  }
  const double mean = sum / draws, se = std::sqrt((squares / draws - mean * mean) / (draws - 1));
  constexpr double kMostErrors = 4;  // a fixed seed
  EXPECT_NEAR(mean, static_cast<double>(k) / kDimension, kMostErrors * se);
}

TEST(Mechanism, TheKernelOfAnyActivationIsThatOfPairsOfProbePoints) {
  const Problem problem = mixture();
  const Matrix W_0 = random_weights(problem, 6, 0), W = random_weights(problem, 6, 1);
  const Vector b_0 = sample_biases(0.5, 6, 1, 0), b = sample_biases(0.5, 6, 1, 1);
  const Activation tanh = activation_from_name("tanh");
  Matrix X[2];
  Vector labels(64);
  for (std::uint32_t s = 0; s < 2; ++s) {
    X[s].resize(kDimension, 64);
    draw_samples<double>(problem, {.seed = 9, .purpose = Purpose::testing, .index = ~0u, .step = s}, X[s],
                         labels);
  }
  const auto D = [&](const Matrix& V, const Vector& c, const Matrix& x) -> Matrix {
    return ((V.transpose() * x).colwise() + c).unaryExpr(tanh.derivative);
  };
  EXPECT_NEAR(MechanismObserver(problem, tanh, W_0, b_0, {1}, 9).observe(W, b).kernel_cosine,
              reference::kernel_cosine(X[0], X[1], D(W_0, b_0, X[0]), D(W_0, b_0, X[1]), D(W, b, X[0]),
                                       D(W, b, X[1])),
              kTwoSolvers);
}

TEST(Mechanism, ProbePointsEstimateTheKernelOfThePopulation) {
  // An activation with linear part has no closed form, but almost the kernel of the quadratic one.
  const Problem problem = quadratic();
  const Matrix W_0 = random_weights(problem, 40, 0), W = W_0 + random_weights(problem, 40, 1);
  Activation other = Activation::quadratic();
  other.value = [](double u) { return u * u + 1e-9 * u; };
  other.derivative = [](double u) { return 2 * u + 1e-9; };
  const double closed =
      MechanismObserver(problem, Activation::quadratic(), W_0, {}, {1}, 1).observe(W, {}).kernel_cosine;
  double sum = 0, squares = 0;
  const int seeds = 40;
  for (int seed = 0; seed < seeds; ++seed) {
    const double cosine = MechanismObserver(problem, other, W_0, Vector::Zero(40), {1}, seed)
                              .observe(W, Vector::Zero(40))
                              .kernel_cosine;
    sum += cosine;
    squares += cosine * cosine;
  }
  const double mean = sum / seeds, deviation = std::sqrt(squares / seeds - mean * mean);
  EXPECT_NEAR(mean, closed, 0.02);  // a ratio of means over 4096 pairs is biased by about 1 / 64
  EXPECT_GT(deviation, 0);
  EXPECT_LT(deviation, 0.1);
}

TEST(Mechanism, HeatMapsHaveTheSharesOfTheBlocks) {
  const Problem problem = quadratic();
  for (const Index N : {3, 12, 20}) {
    const Matrix W = random_weights(problem, N, 2);
    const Matrix map = MechanismObserver(problem, Activation::quadratic(), W, {}, {1}, 1).heat_map(W);
    ASSERT_EQ(map.rows(), kDimension);
    for (Index i = 0; i < kDimension; ++i) EXPECT_NEAR(map.row(i).sum(), i < N ? 1 : 0, kTwoSolvers);
  }
  const Problem large = PolynomialTarget(draw_spectrum({}, 100, 7));
  const Matrix W = random_weights(large, 150, 0);
  const Matrix map = MechanismObserver(large, Activation::quadratic(), W, {}, {1}, 1).heat_map(W);
  ASSERT_EQ(map.rows(), 64);
  ASSERT_EQ(map.cols(), 64);
  for (Index i = 0; i < 64; ++i) EXPECT_NEAR(map.row(i).sum(), 1, kTwoSolvers);
}

TEST(Mechanism, BadRanksAreRefused) {
  const Problem problem = quadratic();
  const Matrix W = random_weights(problem, 3, 0);
  for (const Index k : {0, 13})
    EXPECT_EQ(test::message<UsageError>([&] {
                return MechanismObserver(problem, Activation::quadratic(), W, {}, {k}, 1).ranks().size();
              }),
              "MechanismObserver: ranks contains " + std::to_string(k) +
                  ", but must be from 1 to the dimension d = 12");
  EXPECT_EQ(MechanismObserver(problem, Activation::quadratic(), W, {}, {}, 1).ranks(), std::vector<Index>{1});
}

}  // namespace
}  // namespace lazygap
