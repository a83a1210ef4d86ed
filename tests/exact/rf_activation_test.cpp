#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "../src/exact/rf_ways.h"
#include "exact/problems.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/error.h"
#include "lazygap/exact/rf.h"
#include "lazygap/limit/limit.h"
#include "reference/exact_by_quadrature.h"

namespace lazygap {
namespace {

using test::neurons;
using test::problems;

TEST(ExactRfActivation, QuadraticAgreesWithTheClosedForm) {
  // Both subtract, the accuracy of the general route is 1e-13 R0 times the condition number of K.
  for (const Index d : {1, 3, 12})
    for (const Problem& problem : problems(d))
      for (const Index N : {Index{1}, Index{2}, Index{3}, Index{20}, 10 * d}) {
        const Matrix W = neurons(d, N, 0);
        const Answer general = exact::rf_general(problem, {.W = W}, std::array{N}, {}).front();
        EXPECT_NEAR(general.risk, exact::rf(problem, {.W = W}).risk, 1e-9 * null_risk(problem))
            << d << " " << N;
        EXPECT_LT(general.diagnostics.kernel_error, 1e-13);
      }
}

TEST(ExactRfActivation, AgreesWithLeastSquaresOnAGrid) {
  // Smooth activations with biases, so that every Hermite coefficient is there; d = 2 has almost parallel
  // neurons.
  for (const Activation& activation : {activation_from_name("tanh"), activation_from_name("erf")})
    for (const Index d : {1, 2})
      for (const Problem& problem : problems(d)) {
        const Matrix W = neurons(d, 5, 1);
        const Vector biases = test::uniforms(5, -1, 1, 9);
        const Answer risk = exact::rf(problem, {.activation = activation, .W = W, .biases = biases});
        EXPECT_EQ(risk.status, Status::ok);
        EXPECT_LT(risk.diagnostics.kernel_error, 1e-10);
        EXPECT_NEAR(risk.risk, reference::rf_risk_by_quadrature(problem, activation, W, biases),
                    1e-6 * null_risk(problem))
            << activation.name << " d = " << d << " problem " << problem.index();
      }
}

TEST(ExactRfActivation, MultiplesOfTheCentredSquareTakeItsAlgebra) {
  // The risk is that of the same span; a name alone decides nothing.
  constexpr double kSameSpan = 1e-12;
  const Problem problem = test::mixture(5);
  const Matrix W = neurons(5, 9, 80);
  const double expected = exact::rf(problem, {.W = W}).risk;
  for (const char* name : {"polynomial(0,0,1)", "polynomial(7,0,-3)", "hermite(2)"})
    EXPECT_NEAR(exact::rf(problem, {.activation = activation_from_name(name), .W = W}).risk, expected,
                kSameSpan);
  EXPECT_EQ(
      exact::rf(problem, {.activation = activation_from_name("hermite(2)"), .W = W, .centred = false}).risk,
      exact::rf(problem, {.activation = activation_from_name("hermite(2)"), .W = W}).risk);
  Activation named = activation_from_name("relu");
  named.name = "quadratic";
  EXPECT_EQ(exact::rf(problem, {.activation = named, .W = W}).risk,
            exact::rf(problem, {.activation = activation_from_name("relu"), .W = W}).risk);
}

TEST(ExactRfActivation, ArcCosineKernelOfRelu) {
  // K_ij = s_i s_j (sqrt(1 - r^2) + r (pi - acos r)) / (2 pi) for relu, then centred or not. Neuron lengths
  // 0.3 to 3.
  constexpr Index d = 30, N = 40;
  const double pi = std::numbers::pi, l0 = 1 / std::sqrt(2 * pi);
  const PolynomialTarget problem(test::uniforms(d, 0, 2, 11));
  Matrix W = neurons(d, N, 2);
  W *= test::uniforms(N, 0.3, 3, 12).asDiagonal();
  const Matrix C = W.transpose() * W;
  const Vector s = C.diagonal().cwiseSqrt();
  // v_i = E[sigma(s G)(G^2 - 1)] <w^_i, B w^_i>, and E[relu(s G)(G^2 - 1)] = s / sqrt(2 pi).
  const Vector form = (W.cwiseAbs2().transpose() * problem.eigenvalues()).cwiseQuotient(s.cwiseAbs2());
  const Vector v = l0 * s.cwiseProduct(form);
  for (const bool centred : {true, false}) {
    Matrix K(N, N);
    for (Index i = 0; i < N; ++i)
      for (Index j = 0; j < N; ++j) {
        const double r = std::clamp(C(i, j) / (s[i] * s[j]), -1.0, 1.0);
        K(i, j) = s[i] * s[j] / (2 * pi) * (std::sqrt(1 - r * r) + r * (pi - std::acos(r)));
        if (centred) K(i, j) += l0 * l0 * (1 - s[i] - s[j]);
      }
    const Answer risk =
        exact::rf(problem, {.activation = activation_from_name("relu"), .W = W, .centred = centred});
    EXPECT_NEAR(risk.risk, problem.null_risk() - v.dot(K.ldlt().solve(v)), 1e-10 * problem.null_risk());
    EXPECT_LT(risk.diagnostics.kernel_error, 1e-13);
  }
}

TEST(ExactRfActivation, ClosedFormTakesOverWhereNeuronsAreAlmostParallel) {
  // In two dimensions most pairs are beyond the correlation where the series stops; without the closed form
  // the series has to do it all, and for the smooth activations it can.
  for (const std::string name : {"erf", "cos", "abs", "sign", "gelu"})
    for (const Problem& problem : problems(2)) {
      Activation activation = activation_from_name(name);
      const Matrix W = neurons(2, 4, 6);
      const Answer closed = exact::rf(problem, {.activation = activation, .W = W});
      activation.kernel = nullptr;
      const Answer series = exact::rf(problem, {.activation = activation, .W = W});
      EXPECT_LT(closed.diagnostics.kernel_error, 1e-13) << name;
      // What the truncated series lacks is magnified by the inverse of the smallest pivot.
      EXPECT_NEAR(closed.risk, series.risk,
                  (1e-8 + 1e3 * series.diagnostics.kernel_error) * null_risk(problem))
          << name;
    }
}

TEST(ExactRfActivation, AnOddActivationIsBlind) {
  for (const Problem& problem : {Problem(test::polynomial_target(8)), Problem(test::mixture(8))})
    EXPECT_NEAR(exact::rf(problem, {.activation = activation_from_name("tanh"), .W = neurons(8, 30, 5)}).risk,
                null_risk(problem), 1e-12);
}

TEST(ExactRfActivation, RepeatedNeuronsChangeNothing) {
  for (const Activation& activation : {activation_from_name("relu"), activation_from_name("tanh")})
    for (const Problem& problem : problems(6)) {
      const Matrix W = neurons(6, 5, 3);
      const Vector biases = test::uniforms(5, -1, 1, 13);
      Matrix repeated(6, 10);
      repeated << W, W;
      Vector repeated_biases(10);
      repeated_biases << biases, biases;
      const Answer once = exact::rf(problem, {.activation = activation, .W = W, .biases = biases});
      const Answer twice =
          exact::rf(problem, {.activation = activation, .W = repeated, .biases = repeated_biases});
      EXPECT_EQ(twice.diagnostics.rank, 5);
      EXPECT_NEAR(twice.risk, once.risk, 1e-10 * null_risk(problem));
    }
}

TEST(ExactRfActivation, LeastSquaresOnManySamplesTendsToIt) {
  constexpr Index kSamples = 200000;
  for (const Problem& problem : problems(3)) {
    const Matrix W = neurons(3, 6, 4);
    const Vector biases = test::uniforms(6, -1, 1, 14);
    Matrix X(3, kSamples);
    Vector y(kSamples);
    draw_samples<double>(problem, {.seed = 6, .purpose = Purpose::fitting}, X, y);
    const Matrix u = (W.transpose() * X).colwise() + biases;
    const Activation relu = activation_from_name("relu");
    const Matrix features = u.unaryExpr([&](double t) { return relu.value(t) - relu.hermite.lambda_0; });
    const Vector a = (features * features.transpose()).ldlt().solve(features * y);
    const Vector squares = (y - features.transpose() * a).array().square();
    const double mean = squares.mean();
    const double se = std::sqrt((squares.array() - mean).square().mean() / kSamples);
    EXPECT_LT(std::abs(mean - exact::rf(problem, {.activation = relu, .W = W, .biases = biases}).risk) / se,
              4)
        << problem.index();
  }
}

/// Largest |mean over draws of the exact ratio - limit| over rho.
double distance_to_the_limit(const Activation& activation, const Problem& problem, int draws) {
  const auto d = static_cast<double>(dimension(problem));
  const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
  double largest = 0;
  for (const double rho : {0.1, 0.5, 1.0, 2.0, 5.0}) {
    const auto N = static_cast<Index>(std::lround(rho * d));
    double mean = 0;
    for (int draw = 0; draw < draws; ++draw)
      mean += exact::rf(problem,
                        {.activation = activation, .W = law.sample(N, 2, static_cast<std::uint32_t>(draw))})
                  .risk /
              null_risk(problem) / draws;
    const double limit = limit::rf_ratio(problem, law, activation.hermite, static_cast<double>(N) / d);
    largest = std::max(largest, std::abs(mean - limit));
  }
  return largest;
}

TEST(ExactRfActivation, ApproachesTheLimit) {
  // Of order 1/d, but one draw of W at d = 400 still fluctuates by some thousandths.
  const Activation relu = activation_from_name("relu");
  const auto distance = [&](Index d, int draws) {
    return distance_to_the_limit(relu, PolynomialTarget(test::uniforms(d, 0, 2, 15)), draws);
  };
  const double far = distance(50, 8), middle = distance(100, 8), near = distance(400, 2);
  EXPECT_LT(middle, far);
  EXPECT_LT(near, 0.7 * middle);
  EXPECT_LT(near, 0.03);
  // Odd activations see nothing of qf, in the limit and before.
  for (const std::string name : {"tanh", "erf"})
    EXPECT_LT(
        distance_to_the_limit(activation_from_name(name), PolynomialTarget(test::uniforms(100, 0, 2, 15)), 1),
        1e-12);
}

TEST(ExactRfActivation, ReluIsBlindToDegreeThree) {
  // The Hermite coefficients of relu of odd degree above 1 vanish; biases bring them back.
  Matrix beta = Matrix::Zero(6, 3);
  beta.col(2) = test::uniforms(6, 0.5, 1.5, 16);
  const PolynomialTarget target = PolynomialTarget::from_hermite(beta);
  const Activation relu = activation_from_name("relu");
  const Matrix W = neurons(6, 9, 5);
  EXPECT_NEAR(exact::rf(target, {.activation = relu, .W = W}).risk / target.null_risk(), 1, 1e-12);
  EXPECT_LT(exact::rf(target, {.activation = relu, .W = W, .biases = test::uniforms(9, -1, 1, 17)}).risk /
                target.null_risk(),
            0.99);
}

void expect_the_single_risks(const Problem& problem, const Matrix& W, const Vector& biases,
                             const std::vector<Index>& widths) {
  // Rounding, and two series that are cut at 1e-14, times the inverse of the smallest pivot trusted, 1e6.
  constexpr double kSharedFactor = 1e-8;
  const Activation relu = activation_from_name("relu");
  const std::vector<Answer> risks =
      exact::rf(problem, {.activation = relu, .W = W, .biases = biases}, widths);
  ASSERT_EQ(risks.size(), widths.size());
  for (std::size_t k = 0; k < widths.size(); ++k) {
    const Index N = widths[k];
    const Answer single = exact::rf(
        problem, {.activation = relu, .W = W.leftCols(N), .biases = biases.head(std::min(N, biases.size()))});
    EXPECT_EQ(risks[k].status, Status::ok);
    EXPECT_EQ(risks[k].diagnostics.rank, single.diagnostics.rank) << N;
    EXPECT_LE(risks[k].diagnostics.kernel_error, 1e-14) << N;
    EXPECT_NEAR(risks[k].risk, single.risk, kSharedFactor * null_risk(problem)) << N;
  }
}

TEST(ExactRfActivation, NestedWidthsAreTheSingleOnes) {
  for (const Problem& problem : problems(20)) {
    const Matrix W = neurons(20, 70, 6);
    expect_the_single_risks(problem, W, {}, {1, 20, 70});
    expect_the_single_risks(problem, W, test::uniforms(70, -1, 1, 18), {1, 20, 60});
    Matrix repeated = W.leftCols(20);
    repeated.col(7) = repeated.col(3);
    expect_the_single_risks(problem, repeated, {}, {7, 8, 20});
  }
  // Widths on both sides of the one up to which every pair takes the closed form.
  expect_the_single_risks(test::target_of_every_degree(20), neurons(20, 520, 6), {}, {1, 257, 512, 520});
}

TEST(ExactRfActivation, RefusesWhatItCannotAnswer) {
  const Problem problem = test::polynomial_target(3);
  EXPECT_THROW(static_cast<void>(
                   exact::rf(problem, {.activation = activation_from_name("relu"), .W = Matrix::Ones(2, 2)})),
               UsageError);
  EXPECT_THROW(static_cast<void>(
                   exact::rf(problem, {.activation = activation_from_name("relu"), .W = Matrix::Ones(3, 0)})),
               UsageError);
  EXPECT_THROW(static_cast<void>(exact::rf(problem, {.activation = activation_from_name("relu"),
                                                     .W = Matrix::Ones(3, 2),
                                                     .biases = Vector::Ones(3)})),
               UsageError);
  EXPECT_THROW(static_cast<void>(
                   exact::rf(problem, {.activation = activation_from_name("relu"), .W = Matrix::Ones(3, 2)},
                             std::vector<Index>{1, 3})),
               UsageError);
}

}  // namespace
}  // namespace lazygap
