#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "../src/network/feature_moments.h"
#include "../src/network/neuron_functions.h"
#include "../src/network/tangent_moments.h"
#include "../src/network/tangent_preconditioner.h"
#include "exact/problems.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/error.h"
#include "reference/exact_by_quadrature.h"

namespace lazygap {
namespace {

using test::neurons;
using test::problems;

/// A network with random weights, as a function of x.
struct Network {
  std::function<double(double)> s;
  Matrix W;
  Vector biases;
  Vector a;        ///< RF
  Matrix A;        ///< NT
  double c = 0.3;  ///< offset

  Network(std::function<double(double)> function, Index d, Index N)
      : s(std::move(function)),
        W(neurons(d, N, 31)),
        biases(test::uniforms(N, -1, 1, 32)),
        a(test::uniforms(N, -1, 1, 33)),
        A(test::normals(d, N, 34)) {}

  [[nodiscard]] Vector features(const Vector& x) const { return (W.transpose() * x + biases).unaryExpr(s); }
  [[nodiscard]] double rf(const Vector& x) const { return c + a.dot(features(x)); }
  [[nodiscard]] double nt(const Vector& x) const { return c + features(x).dot((A.transpose() * x).eval()); }
};

/// |mean of (y - f(x))^2 over samples - risk| over its standard error.
double z_score(const Problem& problem, const std::function<double(const Vector&)>& f, double risk) {
  constexpr Index kSamples = 100000;
  const Index d = dimension(problem);
  Matrix X(d, kSamples);
  Vector y(kSamples);
  draw_samples<double>(problem, {.seed = 7, .purpose = Purpose::fitting}, X, y);
  Vector squares(kSamples);
  for (Index j = 0; j < kSamples; ++j) {
    const double residual = y[j] - f(X.col(j));
    squares[j] = residual * residual;
  }
  const double mean = squares.mean();
  const double se = std::sqrt((squares.array() - mean).square().mean() / kSamples);
  return std::abs(mean - risk) / se;
}

// The trapezoids are exact to about 1e-10 for smooth activations.
constexpr double kQuadrature = 1e-9;

TEST(FeatureMoments, RiskOfANetworkAgreesWithQuadrature) {
  for (const std::string name : {"tanh", "erf", "gelu"})
    for (const Index d : {1, 2})
      for (const Problem& problem : problems(d)) {
        const Activation activation = activation_from_name(name);
        for (const double centre : {0.0, 0.4}) {
          const Network network([&](double u) { return activation.value(u) - centre; }, d, 4);
          const FeatureMoments moments(problem, activation, network.W, network.biases, centre);
          const double reference =
              reference::risk_by_quadrature(problem, [&](const Vector& x) { return network.rf(x); });
          EXPECT_NEAR(moments.risk(network.a, network.c), reference, kQuadrature * (1 + reference))
              << name << " d = " << d << " problem " << problem.index();
          EXPECT_LT(moments.error(), 1e-10);
        }
      }
}

TEST(TangentMoments, RiskOfANetworkAgreesWithQuadrature) {
  for (const std::string name : {"tanh", "erf", "gelu"})
    for (const Index d : {1, 2})
      for (const Problem& problem : problems(d)) {
        const Activation activation = activation_from_name(name);
        const Network network(activation.derivative, d, 4);
        const TangentMoments moments(problem, activation, network.W, network.biases);
        const double reference =
            reference::risk_by_quadrature(problem, [&](const Vector& x) { return network.nt(x); });
        EXPECT_NEAR(moments.risk(network.A, network.c), reference, kQuadrature * (1 + reference))
            << name << " d = " << d << " problem " << problem.index();
      }
}

TEST(FeatureMoments, RiskOfANetworkAgreesWithSamples) {
  for (const std::string name : {"relu", "tanh", "abs", "sign"})
    for (const Problem& problem : problems(5)) {
      const Activation activation = activation_from_name(name);
      const Network network(activation.value, 5, 7);
      const FeatureMoments moments(problem, activation, network.W, network.biases, 0);
      EXPECT_LT(
          z_score(
              problem, [&](const Vector& x) { return network.rf(x); }, moments.risk(network.a, network.c)),
          4)
          << name << " problem " << problem.index();
    }
}

TEST(TangentMoments, RiskOfANetworkAgreesWithSamples) {
  for (const std::string name : {"relu", "tanh", "leaky_relu", "quadratic"})
    for (const Problem& problem : problems(5))
      for (const bool with_biases : {true, false}) {
        const Activation activation = activation_from_name(name);
        Network network(activation.derivative, 5, 7);
        if (!with_biases) network.biases.setZero();
        const TangentMoments moments(problem, activation, network.W, with_biases ? network.biases : Vector());
        EXPECT_LT(
            z_score(
                problem, [&](const Vector& x) { return network.nt(x); }, moments.risk(network.A, network.c)),
            4)
            << name << " problem " << problem.index();
      }
}

TEST(TangentMoments, MatrixAndSolverAreThoseOfTheProduct) {
  constexpr Index d = 5, N = 4;
  for (const std::string name : {"relu", "tanh"})
    for (const Problem& problem : problems(d)) {
      const TangentMoments moments(problem, activation_from_name(name), neurons(d, N, 39), {});
      Matrix G = Matrix::Zero(d * N, d * N);
      moments.gram(G);
      const Matrix A = test::normals(d, N, 40);
      Matrix product(d, N);
      moments.apply(A, product);
      const Vector dense = G.selfadjointView<Eigen::Lower>() * A.reshaped();
      EXPECT_LT((dense - product.reshaped()).norm(), 1e-13 * dense.norm()) << name;
      // The solver stops at this residual; the condition number of these matrices is below 1e4.
      constexpr double kResidual = 1e-12;
      const ConjugateGradientSolution solution = moments.solver(kResidual, 1000)(product);
      EXPECT_TRUE(solution.converged);
      EXPECT_LT((solution.x - A.reshaped()).norm(), 1e4 * kResidual * A.norm()) << name;
    }
}

TEST(TangentPreconditioner, IsTheInverseOfWhatItSays) {
  constexpr Index d = 4;
  const Activation activation = activation_from_name("softplus");
  const network::ScalarFunction s{.value = activation.derivative, .kinks = {}, .length = activation.length};
  const network::Component standard{.weight = 1, .label = 0, .root = Vector::Ones(d)};
  for (const Index N : {1, 3, 4, 9}) {
    const network::Neurons layer =
        network::act_on_normals(standard, neurons(d, N, 36), test::uniforms(N, -1, 1, 37));
    const network::Expansion expansion = network::expand(s, layer, 0.9, true);
    const Vector c0 = expansion.coefficients.col(0), c1 = expansion.coefficients.col(1);
    const Eigen::ArrayXd moment = expansion.moment.array();
    // The floor under `rest`, as there.
    const Vector rest = (moment - c0.array().square() - c1.array().square()).max(1e-2 * moment);
    const Matrix V = layer.directions * c1.asDiagonal(), A = test::normals(d, N, 38);
    const Matrix MA =
        A * rest.asDiagonal() + A * c0 * c0.transpose() + A * V.transpose() * V + V * A.transpose() * V;
    Matrix back;
    network::TangentPreconditioner(layer, expansion).apply(MA, back);
    EXPECT_LT((back - A).norm(), 1e-10 * A.norm()) << "N = " << N;
  }
}

TEST(TangentMoments, AVanishingNeuronIsALinearFeature) {
  // s(b) <a, x>: the risk of a linear function, in closed form on the target of every degree.
  const PolynomialTarget target = test::target_of_every_degree(3);
  const Activation activation = activation_from_name("tanh");
  const TangentMoments moments(target, activation, Matrix::Zero(3, 1), Vector::Constant(1, 0.5));
  const Vector a = test::uniforms(3, -1, 1, 35);
  const Vector slope = activation.derivative(0.5) * a;
  const double risk = target.null_risk() - target.coefficients(1).squaredNorm() +
                      (target.coefficients(1) - slope).squaredNorm() + std::pow(target.mean() - 0.2, 2);
  EXPECT_NEAR(moments.risk(a, 0.2), risk, 1e-12 * risk);
}

TEST(TangentMoments, RefusesAnActivationWithoutDerivative) {
  EXPECT_THROW(TangentMoments(test::mixture(2), activation_from_name("sign"), Matrix::Ones(2, 1), {}),
               UsageError);
}

}  // namespace
}  // namespace lazygap
