#include "lazygap/problem/gaussian_mixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lazygap/problem/problem.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::message;

constexpr double kStandardErrors = 4;
constexpr double kRounding = 1e-13;
// Central differences of a quadratic function have no truncation error, only rounding divided by the step
// 1e-3.
constexpr double kDifferences = 1e-9;

const Vector kSigma{{2.0, 0.5, 1.0}};
const Vector kDelta{{1.5, -0.2, 0.4}};
const Matrix kForm{{0.3, -0.2, 0.1}, {-0.2, 0.4, 0.3}, {0.1, 0.3, -0.5}};

TEST(GaussianMixture, Basics) {
  const GaussianMixture problem(kSigma, kDelta);
  EXPECT_EQ(problem.dimension(), 3);
  EXPECT_DOUBLE_EQ(problem.null_risk(), 1);
  EXPECT_TRUE(problem.whitened_delta().isApprox(Vector{{0.75, -0.4, 0.4}}));
  EXPECT_DOUBLE_EQ(problem.trace_ratio(), 0.75 * 0.75 / (3 * (0.75 * 0.75 + 2 * 0.16)));
  EXPECT_TRUE(problem.class_covariance(+1).isApprox(Matrix(Vector{{0.5, 0.7, 0.6}}.asDiagonal())));
  EXPECT_TRUE(problem.class_covariance(-1).isApprox(Matrix(Vector{{3.5, 0.3, 1.4}}.asDiagonal())));
  EXPECT_TRUE(GaussianMixture(Vector{{0.1, 0.2}}).sigma().isOnes());
}

TEST(GaussianMixture, WhitenedNeuronsActOnWhitenedFeatures) {
  const GaussianMixture problem(kSigma, kDelta);
  const Matrix W{{1, 2}, {3, 4}, {5, 6}};
  const Vector x{{0.3, -1.0, 2.0}};
  EXPECT_TRUE((problem.whiten_neurons(W).transpose() * x.cwiseQuotient(kSigma.cwiseSqrt()))
                  .isApprox(W.transpose() * x));
}

TEST(GaussianMixture, RiskWithoutANetwork) {
  const GaussianMixture problem(kSigma, kDelta);
  EXPECT_NEAR(problem.population_risk(Matrix::Zero(3, 3), 0), 1, kRounding);
  EXPECT_NEAR(problem.population_risk(Matrix::Zero(3, 3), 0.5), 1.25, kRounding);
}

TEST(GaussianMixture, RiskAgreesWithSamples) {
  constexpr Index kSamples = 200000;
  const GaussianMixture problem(kSigma, kDelta);
  Matrix X(3, kSamples);
  Vector y(kSamples);
  draw_samples<double>(problem, {.seed = 1, .purpose = Purpose::testing}, X, y);
  const Vector f = (kForm * X).cwiseProduct(X).colwise().sum().transpose().array() - 0.4;
  const Vector losses = (y - f).array().square();
  const double se = std::sqrt((losses.array() - losses.mean()).square().sum()) / kSamples;
  EXPECT_LT(std::abs(losses.mean() - problem.population_risk(kForm, -0.4)), kStandardErrors * se);
}

TEST(GaussianMixture, RiskDoesNotDependOnTheCoordinates) {
  const GaussianMixture problem(kSigma, kDelta), whitened(problem.whitened_delta());
  const auto root = kSigma.cwiseSqrt().asDiagonal();
  EXPECT_NEAR(problem.population_risk(kForm, 0.2), whitened.population_risk(root * kForm * root, 0.2),
              kRounding * 10);
}

TEST(GaussianMixture, GradientAgreesWithDifferences) {
  constexpr double kStep = 1e-3;
  const GaussianMixture problem(kSigma, kDelta);
  double gradient_c = 0;
  const Matrix gradient = problem.population_gradient(kForm, 0.8, &gradient_c);
  EXPECT_NEAR(gradient_c,
              (problem.population_risk(kForm, 0.8 + kStep) - problem.population_risk(kForm, 0.8 - kStep)) /
                  (2 * kStep),
              kDifferences);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j) {
      Matrix step = Matrix::Zero(3, 3);
      step(i, j) += kStep / 2;  // along a symmetric direction: half on either side of the diagonal
      step(j, i) += kStep / 2;
      const double slope =
          (problem.population_risk(kForm + step, 0.8) - problem.population_risk(kForm - step, 0.8)) /
          (2 * kStep);
      EXPECT_NEAR(gradient(i, j), slope, kDifferences) << i << " " << j;
    }
}

TEST(GaussianMixture, RefusesBadArguments) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message([] { return GaussianMixture(Vector(0)); }),
            "GaussianMixture: delta is empty, but must have at least one entry");
  EXPECT_EQ(message([] {
              return GaussianMixture(Vector{{0.1, kNan}});
            }),
            "GaussianMixture: delta[1] is nan, but must be finite");
  EXPECT_EQ(message([] {
              return GaussianMixture(Vector{{1, kNan}}, Vector{{0.1, 0.2}});
            }),
            "GaussianMixture: sigma[1] is nan, but must be finite");
  EXPECT_EQ(message([] {
              return GaussianMixture(Vector::Ones(3), Vector{{0.1, 0.2}});
            }),
            "GaussianMixture: sigma has size 3, but must have the size of delta = 2");
  EXPECT_EQ(message([] { return GaussianMixture(Vector::Zero(2)); }),
            "GaussianMixture: delta is all 0, but at least one entry must differ from 0");
  EXPECT_EQ(
      message([] {
        return GaussianMixture(Vector{{0.5, -1.0}});
      }),
      "GaussianMixture: the class covariances Sigma - Delta and Sigma + Delta must be positive definite, but "
      "delta[1] is -1 and sigma[1] is 1; |delta| < sigma is needed");
  EXPECT_EQ(
      message([] {
        return GaussianMixture(Vector{{1.0, -2.0}}, Vector{{0.5, 0.5}});
      }),
      "GaussianMixture: the class covariances Sigma - Delta and Sigma + Delta must be positive definite, but "
      "delta[1] is 0.5 and sigma[1] is -2; |delta| < sigma is needed");
  const GaussianMixture problem(kSigma, kDelta);
  EXPECT_EQ(message([&] { return problem.population_risk(Matrix::Zero(2, 2), 0); }),
            "GaussianMixture::population_risk: S has size 2, but must have the dimension d = 3");
  EXPECT_EQ(message([&] { return problem.whiten_neurons(Matrix::Zero(2, 2)); }),
            "GaussianMixture::whiten_neurons: W has size 2, but must have the dimension d = 3");
}

}  // namespace
}  // namespace lazygap
