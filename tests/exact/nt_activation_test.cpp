#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "../src/exact/nt_ways.h"
#include "../src/network/tangent_moments.h"
#include "exact/problems.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/error.h"
#include "lazygap/exact/nt.h"
#include "lazygap/network/first_layer.h"
#include "reference/exact_by_quadrature.h"

namespace lazygap {
namespace {

using test::neurons;
using test::problems;

TEST(ExactNtActivation, QuadraticAgreesWithTheProjector) {
  for (const Index d : {1, 2, 3, 12})
    for (const Problem& problem : problems(d))
      for (const Index N : {1, 2, 7, 15}) {
        Matrix W = neurons(d, N, 0);
        const Answer general = exact::nt_general(problem, {.W = W}, {});
        EXPECT_EQ(general.status, Status::ok);
        EXPECT_NEAR(general.risk, exact::nt(problem, {.W = W}).risk, 1e-12 * null_risk(problem))
            << d << " " << N;
      }
}

TEST(ExactNtActivation, NearlySingularSystemsAreSolved) {
  // 40 to 80 features of smooth functions of two variables: most of them are nearly dependent.
  for (const char* name : {"sigmoid", "tanh", "gelu", "softplus", "sin"})
    for (const Index N : {20, 40}) {
      const Problem problem = PolynomialTarget(Vector{{1.0, 0.4}});
      const Matrix W = neurons(2, N, 3);
      const Vector biases = test::uniforms(N, -1, 1, 5);
      const Answer risk =
          exact::nt(problem, {.activation = activation_from_name(name), .W = W, .biases = biases});
      EXPECT_EQ(risk.status, Status::ok) << name << " " << N;
      // So many features leave next to nothing of a quadratic target in two dimensions.
      EXPECT_GT(risk.risk, -1e-10) << name << " " << N;
      EXPECT_LT(risk.risk, 0.05 * null_risk(problem)) << name << " " << N;
    }
}

TEST(ExactNtActivation, MomentsThatAreNotKnownGiveNoAnswer) {
  // Two neurons at an angle of 1e-4 and a relu that does not tell where its kink is: the series of the
  // derivative of a step does not converge.
  Matrix W(2, 2);
  W << 1, 1, 0, 1e-4;
  Activation relu = activation_from_name("relu");
  relu.kinks.clear();
  const Answer answer = exact::nt(PolynomialTarget(Vector{{1.0, 0.4}}),
                                  {.activation = relu, .W = W, .biases = Vector{{0.1, 0.2}}});
  EXPECT_EQ(answer.status, Status::not_converged);
  EXPECT_TRUE(std::isnan(answer.risk));
  EXPECT_GT(answer.diagnostics.kernel_error, 1e-2);
  EXPECT_NE(answer.message.find("kernel accurate to"), std::string::npos) << answer.message;
}

/// The risk of NT with relu and no biases on qf, from the (N d) x (N d) matrix of moments in closed form:
/// with the angle t of w_i and w_j, E[s_i s_j x x^T] = (pi - t)/(2 pi) I - cot t (u_i u_i^T + u_j u_j^T)/(2
/// pi) + (u_i u_j^T + u_j u_i^T)/(2 pi sin t), u the directions: s' is a delta function.
double relu_risk(const PolynomialTarget& target, const Matrix& W) {
  const Index d = W.rows(), N = W.cols();
  const Matrix u = W.colwise().normalized();
  constexpr double kTwoPi = 2 * std::numbers::pi;
  Matrix G(N * d, N * d), h(d, N);
  for (Index i = 0; i < N; ++i) {
    // E[(y - E y) 1(u > 0) x]: the part of the step that sees He_2 is He_1 / sqrt(2 pi) and He_3.
    const Vector b = target.eigenvalues().cwiseProduct(u.col(i));
    h.col(i) = (2 * b - u.col(i).dot(b) * u.col(i)) / std::sqrt(kTwoPi);
    for (Index j = 0; j < N; ++j) {
      const double sine = (u.col(j) - u.col(i).dot(u.col(j)) * u.col(i)).norm();
      const double angle = std::atan2(sine, u.col(i).dot(u.col(j)));
      auto block = G.block(i * d, j * d, d, d);
      block = (i == j ? 0.5 : (std::numbers::pi - angle) / kTwoPi) * Matrix::Identity(d, d);
      if (i != j) {
        const Matrix cross = u.col(i) * u.col(j).transpose();
        block += (cross + cross.transpose() -
                  std::cos(angle) * (u.col(i) * u.col(i).transpose() + u.col(j) * u.col(j).transpose())) /
                 (kTwoPi * sine);
      }
      block -= u.col(i) * u.col(j).transpose() / kTwoPi;  // the means E[s x] = u / sqrt(2 pi)
    }
  }
  const Eigen::CompleteOrthogonalDecomposition<Matrix> solver =
      Eigen::CompleteOrthogonalDecomposition<Matrix>().setThreshold(1e-12).compute(G);
  return target.null_risk() - h.reshaped().dot(solver.solve(Vector(h.reshaped())));
}

TEST(ExactNtActivation, AlmostParallelNeuronsOfReluAreTakenFromClosedForm) {
  // G is nearly singular, and both sides leave out what is below 1e-12 of its largest eigenvalue.
  constexpr double kNearlySingular = 1e-6;
  for (const std::uint32_t draw : {0u, 1u, 2u, 3u, 4u, 5u}) {
    const PolynomialTarget target(test::uniforms(3, 0.2, 2, 50 + draw));
    const Matrix W = neurons(3, 12, 60 + draw);
    const Answer answer = exact::nt(target, {.activation = activation_from_name("relu"), .W = W});
    EXPECT_EQ(answer.status, Status::ok) << answer.message;
    EXPECT_LT(answer.diagnostics.kernel_error, 1e-12);
    EXPECT_NEAR(answer.risk, relu_risk(target, W), kNearlySingular * target.null_risk()) << draw;
  }
  for (const double angle : {0.3, 1e-2, 1e-4, 1e-6}) {
    const PolynomialTarget target(Vector{{1.0, 0.4}});
    const Matrix W{{1, std::cos(angle)}, {0, std::sin(angle)}};
    const Answer answer = exact::nt(target, {.activation = activation_from_name("relu"), .W = W});
    EXPECT_EQ(answer.status, Status::ok) << angle << " " << answer.message;
    EXPECT_NEAR(answer.risk, relu_risk(target, W), kNearlySingular * target.null_risk()) << angle;
  }
}

TEST(ExactNtActivation, AgreesWithLeastSquaresOnAGrid) {
  for (const Activation& activation : {activation_from_name("tanh"), activation_from_name("erf")})
    for (const Index d : {1, 2, 3})
      for (const Problem& problem : problems(d)) {
        const Index N = 5 - d;
        const Matrix W = neurons(d, N, 1);
        const Vector biases = test::uniforms(N, -1, 1, 9);
        const Answer risk = exact::nt(problem, {.activation = activation, .W = W, .biases = biases});
        EXPECT_EQ(risk.status, Status::ok);
        EXPECT_NEAR(risk.risk, reference::nt_risk_by_quadrature(problem, activation, W, biases),
                    1e-6 * null_risk(problem))
            << activation.name << " d = " << d << " problem " << problem.index();
      }
}

TEST(ExactNtActivation, LeastSquaresOnManySamplesTendsToIt) {
  constexpr Index kSamples = 100000, d = 3, N = 4;
  const Activation relu = activation_from_name("relu");
  for (const Problem& problem : problems(d)) {
    const Matrix W = neurons(d, N, 4);
    const Vector biases = test::uniforms(N, -1, 1, 14);
    Matrix X(d, kSamples);
    Vector y(kSamples);
    draw_samples<double>(problem, {.seed = 6, .purpose = Purpose::fitting}, X, y);
    Matrix features = Matrix::Ones(N * d + 1, kSamples);
    for (Index j = 0; j < kSamples; ++j)
      for (Index i = 0; i < N; ++i)
        features.col(j).segment(i * d, d) = relu.derivative(W.col(i).dot(X.col(j)) + biases[i]) * X.col(j);
    const Vector a = (features * features.transpose()).ldlt().solve(features * y);
    const Vector squares = (y - features.transpose() * a).array().square();
    const double mean = squares.mean();
    const double se = std::sqrt((squares.array() - mean).square().mean() / kSamples);
    const Answer risk = exact::nt(problem, {.activation = relu, .W = W, .biases = biases});
    EXPECT_EQ(risk.status, Status::ok);
    EXPECT_LT(std::abs(mean - risk.risk) / se, 4) << problem.index();
  }
}

TEST(ExactNtActivation, AgreesWithADenseSolution) {
  // The (N d) x (N d) matrix of moments column by column, N below, at and above d.
  constexpr Index d = 6;
  for (const std::string name : {"relu", "tanh", "gelu"})
    for (const Problem& problem : problems(d))
      for (const Index N : {1, 4, 6, 15}) {
        const Activation activation = activation_from_name(name);
        const Matrix W = neurons(d, N, 21);
        const Vector biases = test::uniforms(N, -1, 1, 22);
        const TangentMoments moments(problem, activation, W, biases);
        Matrix G(N * d, N * d), unit = Matrix::Zero(d, N), column(d, N);
        for (Index k = 0; k < N * d; ++k) {
          unit.reshaped()[k] = 1;
          moments.apply(unit, column);
          G.col(k) = column.reshaped();
          unit.reshaped()[k] = 0;
        }
        EXPECT_LT((G - G.transpose()).norm(), 1e-13 * G.norm());
        const Vector h = moments.projections().reshaped();
        const Vector x = G.completeOrthogonalDecomposition().solve(h);
        const Answer risk = exact::nt(problem, {.activation = activation, .W = W, .biases = biases});
        EXPECT_EQ(risk.status, Status::ok);
        EXPECT_LE(risk.diagnostics.residual, 1e-8);
        // 2 <h,x> - <x,Gx> is of second order in the error of x.
        EXPECT_NEAR(risk.risk, null_risk(problem) - 2 * h.dot(x) + x.dot(G * x), 1e-10 * null_risk(problem))
            << name << " N = " << N << " problem " << problem.index();
      }
}

TEST(ExactNtActivation, ConvergesInFewIterations) {
  // Without the preconditioner 90 to 250; the counts hardly depend on d.
  constexpr Index d = 60;
  struct Case {
    std::string name;
    double tau;
  };
  for (const Case& c : {Case{"relu", 0}, Case{"tanh", 1}})
    for (const Problem& problem : {Problem(test::polynomial_target(d)), Problem(test::mixture(d))})
      for (const Index N : {30, 60, 180}) {
        const Answer risk = exact::nt(problem, {.activation = activation_from_name(c.name),
                                                .W = neurons(d, N, 23),
                                                .biases = sample_biases(c.tau, N, 1, 0)});
        EXPECT_EQ(risk.status, Status::ok);
        EXPECT_LT(risk.diagnostics.iterations, 60)
            << c.name << " N = " << N << " problem " << problem.index();
      }
}

TEST(ExactNtActivation, RepeatedAndVanishingNeurons) {
  for (const Activation& activation : {activation_from_name("relu"), activation_from_name("tanh")})
    for (const Problem& problem : problems(5)) {
      const Matrix W = neurons(5, 3, 3);
      const Vector biases = test::uniforms(3, -1, 1, 13);
      const double once = exact::nt(problem, {.activation = activation, .W = W, .biases = biases}).risk;
      Matrix repeated(5, 6);
      repeated << W, W;
      Vector repeated_biases(6);
      repeated_biases << biases, biases;
      const Answer twice =
          exact::nt(problem, {.activation = activation, .W = repeated, .biases = repeated_biases});
      EXPECT_EQ(twice.status, Status::ok);
      EXPECT_NEAR(twice.risk, once, 1e-10 * null_risk(problem));
      // A vanishing neuron adds x itself, which no even target sees alone, but it may help others: never
      // worse.
      Matrix more(5, 4);
      more << W, Vector::Zero(5);
      Vector more_biases(4);
      more_biases << biases, 0.5;
      EXPECT_LE(exact::nt(problem, {.activation = activation, .W = more, .biases = more_biases}).risk,
                once + 1e-10);
    }
}

TEST(ExactNtActivation, OppositeNeuronsOfReluAreHalfSpaces) {
  // In one dimension relu' (x) x and relu'(-x) x span x 1{x > 0} and x 1{x < 0}; the risk of x^2 on them and
  // a constant: both halves by symmetry, b |x| + c with E|x|^3 = 4 / sqrt(2 pi), E|x| = 2 / sqrt(2 pi).
  const PolynomialTarget problem(Vector::Ones(1));
  const Matrix W = (Matrix(1, 2) << 0.7, -2).finished();
  const double mean = 2 / std::sqrt(2 * M_PI);
  const double covariance = 2 * mean - mean, variance = 1 - mean * mean;
  const Answer risk = exact::nt(problem, {.activation = activation_from_name("relu"), .W = W});
  EXPECT_NEAR(risk.risk, 2 - covariance * covariance / variance, 1e-12);
}

TEST(ExactNtActivation, AnOddActivationIsBlind) {
  // sigma' even, features odd in x: nothing of an even target is seen.
  for (const Problem& problem : test::quadratic_problems(6))
    EXPECT_NEAR(exact::nt(problem, {.activation = activation_from_name("tanh"), .W = neurons(6, 9, 5)}).risk,
                null_risk(problem), 1e-12);
}

TEST(ExactNtActivation, ReluIsBlindToDegreeThree) {
  // The Hermite coefficients of relu of odd degree above 1 vanish; biases bring them back.
  Matrix beta = Matrix::Zero(6, 3);
  beta.col(2) = test::uniforms(6, 0.5, 1.5, 16);
  const PolynomialTarget target = PolynomialTarget::from_hermite(beta);
  const Activation relu = activation_from_name("relu");
  const Matrix W = neurons(6, 9, 5);
  EXPECT_NEAR(exact::nt(target, {.activation = relu, .W = W}).risk / target.null_risk(), 1, 1e-12);
  EXPECT_LT(exact::nt(target, {.activation = relu, .W = W, .biases = test::uniforms(9, -1, 1, 17)}).risk /
                target.null_risk(),
            0.99);
}

TEST(ExactNtActivation, KeepsAGapOnDegreeThree) {
  // Cubic polynomials have d^3/6 coefficients, far more than N d for N of order d. He_3 reaches all of them
  // once N d is enough; docs/theory/exact.md has a table.
  constexpr Index d = 10;
  Matrix beta = Matrix::Zero(d, 3);
  beta.col(2) = test::uniforms(d, 0.5, 1.5, 18);
  const PolynomialTarget target = PolynomialTarget::from_hermite(beta);
  const auto ratio = [&](const std::string& name, Index N, double tau) {
    return exact::nt(target, {.activation = activation_from_name(name),
                              .W = neurons(d, N, 24),
                              .biases = sample_biases(tau, N, 1, 0)})
               .risk /
           target.null_risk();
  };
  EXPECT_GT(ratio("tanh", 2 * d, 1), 0.5);
  EXPECT_GT(ratio("tanh", 8 * d, 1), 0.1);
  EXPECT_GT(ratio("hermite(3)", d, 0), 0.3);
  EXPECT_LT(ratio("hermite(3)", 8 * d, 0), 1e-8);
}

TEST(ExactNtActivation, RefusesWhatItCannotAnswer) {
  const Problem problem = test::polynomial_target(3);
  EXPECT_THROW(static_cast<void>(
                   exact::nt(problem, {.activation = activation_from_name("relu"), .W = Matrix::Ones(2, 2)})),
               UsageError);
  EXPECT_THROW(static_cast<void>(
                   exact::nt(problem, {.activation = activation_from_name("relu"), .W = Matrix::Ones(3, 0)})),
               UsageError);
  EXPECT_THROW(static_cast<void>(exact::nt(problem, {.activation = activation_from_name("relu"),
                                                     .W = Matrix::Ones(3, 2),
                                                     .biases = Vector::Ones(3)})),
               UsageError);
  EXPECT_THROW(static_cast<void>(
                   exact::nt(problem, {.activation = activation_from_name("sign"), .W = Matrix::Ones(3, 2)})),
               UsageError);
}

}  // namespace
}  // namespace lazygap
