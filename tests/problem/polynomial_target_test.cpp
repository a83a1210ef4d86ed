#include "lazygap/problem/polynomial_target.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "lazygap/core/error.h"
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

const Vector kEigenvalues{{2.0, 0.5, -1.0}};
const Matrix kForm{{0.7, -0.2, 0.4}, {-0.2, 1.1, 0.3}, {0.4, 0.3, -0.6}};

TEST(PolynomialTargetScale, MustSuitTheTrainingStep) {
  for (const double scale : {1e-200, 1e-13, 1e13, 1e200}) {
    try {
      (void)PolynomialTarget(Vector::Constant(1, scale));
      ADD_FAILURE() << scale << " is accepted";
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find("the Frobenius norm of B is"), std::string::npos)
          << error.what();
    }
  }
}

TEST(PolynomialTarget, IsCentredUnlessToldOtherwise) {
  const PolynomialTarget problem(kEigenvalues);
  EXPECT_EQ(problem.dimension(), 3);
  EXPECT_DOUBLE_EQ(problem.offset(), -1.5);
  EXPECT_DOUBLE_EQ(problem.trace(), 1.5);
  EXPECT_DOUBLE_EQ(problem.null_risk(), 2 * 5.25);
  EXPECT_DOUBLE_EQ(problem.trace_ratio(), 1.5 * 1.5 / (3 * 5.25));
  EXPECT_DOUBLE_EQ(PolynomialTarget(kEigenvalues, 4).offset(), 4);
}

TEST(PolynomialTarget, TraceRatioIsBetween0And1) {
  EXPECT_DOUBLE_EQ(PolynomialTarget(Vector::Constant(7, -0.3)).trace_ratio(), 1);
  EXPECT_DOUBLE_EQ(PolynomialTarget(Vector{{1, -1}}).trace_ratio(), 0);
}

TEST(PolynomialTarget, RiskOfTheTargetIs0AndOfTheBestConstantIsTheNullRisk) {
  const PolynomialTarget problem(kEigenvalues, 0.3);
  EXPECT_NEAR(problem.population_risk(kEigenvalues.asDiagonal(), 0.3), 0, kRounding);
  EXPECT_NEAR(problem.population_risk(Matrix::Zero(3, 3), 1.5 + 0.3), problem.null_risk(), kRounding);
  EXPECT_GT(problem.population_risk(Matrix::Zero(3, 3), 0), problem.null_risk());
}

TEST(PolynomialTarget, RiskAgreesWithSamples) {
  constexpr Index kSamples = 200000;
  const PolynomialTarget problem(kEigenvalues, 0.3);
  Matrix X(3, kSamples);
  Vector y(kSamples);
  draw_samples<double>(problem, {.seed = 1, .purpose = Purpose::testing}, X, y);
  const Vector f = (kForm * X).cwiseProduct(X).colwise().sum().transpose().array() + 0.8;
  const Vector losses = (y - f).array().square();
  const double se = std::sqrt((losses.array() - losses.mean()).square().sum()) / kSamples;
  EXPECT_LT(std::abs(losses.mean() - problem.population_risk(kForm, 0.8)), kStandardErrors * se);
}

TEST(PolynomialTarget, GradientAgreesWithDifferences) {
  constexpr double kStep = 1e-3;
  const PolynomialTarget problem(kEigenvalues, 0.3);
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

TEST(PolynomialTarget, OneDimension) {
  const PolynomialTarget problem(Vector{{-3.0}});
  EXPECT_DOUBLE_EQ(problem.null_risk(), 18);
  EXPECT_DOUBLE_EQ(problem.trace_ratio(), 1);
  EXPECT_DOUBLE_EQ(problem.population_risk(Matrix{{1.0}}, 0), 2 * 16 + 1);
}

TEST(PolynomialTarget, FromHermiteHasPartsOfEveryDegree) {
  Matrix beta(2, 4);
  beta << 1, 2, 3, 0, -1, 0.5, 0, 0;
  const PolynomialTarget target = PolynomialTarget::from_hermite(beta);
  EXPECT_EQ(target.beta().leftCols(4), beta);
  EXPECT_EQ(target.beta().cols(), PolynomialTarget::kMostDegree);
  EXPECT_EQ(target.coefficients(2), target.eigenvalues());
  EXPECT_EQ(target.degree(), 3);
  EXPECT_FALSE(target.is_quadratic());
  EXPECT_DOUBLE_EQ(target.mean(), 0);
  EXPECT_DOUBLE_EQ(target.rest_risk(), 1 + 1 + 6 * 9);
  EXPECT_DOUBLE_EQ(target.null_risk(), target.rest_risk() + 2 * (4 + 0.25));
  // What a quadratic network cannot see stays.
  EXPECT_DOUBLE_EQ(target.population_risk(target.eigenvalues().asDiagonal(), target.offset()),
                   target.rest_risk());

  const PolynomialTarget cubic = PolynomialTarget::from_hermite(Matrix{{0, 0, 0.5}});
  EXPECT_DOUBLE_EQ(cubic.null_risk(), 1.5);
  EXPECT_TRUE(std::isnan(cubic.trace_ratio()));
  EXPECT_TRUE(PolynomialTarget::from_hermite(Matrix{{0, 2}}).is_quadratic());
}

TEST(PolynomialTarget, FromHermiteRefusesBadArguments) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto from = [](const Matrix& beta) {
    return message([&] { return PolynomialTarget::from_hermite(beta); });
  };
  EXPECT_EQ(from(Matrix(0, 3)), "PolynomialTarget: beta is empty, but must have at least one entry");
  EXPECT_EQ(from(Matrix(3, 0)),
            "PolynomialTarget: the number of columns of beta is 0, but must be at least 1");
  EXPECT_EQ(from(Matrix::Ones(2, 6)),
            "PolynomialTarget: beta has 6 columns, but the degree of f* must be at most 5");
  EXPECT_EQ(from(Matrix{{1, 2, kNan}}), "PolynomialTarget: beta[0,2] is nan, but must be finite");
  EXPECT_EQ(from(Matrix::Zero(2, 3)),
            "PolynomialTarget: beta are all 0, but at least one must differ from 0");
  EXPECT_EQ(from(Matrix{{0, 0, 1e13}}),
            "PolynomialTarget: the Frobenius norm of beta is 10000000000000, but must be from 1e-12 to "
            "1000000000000; "
            "R/R0 does not depend on it");
}

TEST(PolynomialTarget, RefusesBadArguments) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message([] { return PolynomialTarget(Vector(0)); }),
            "PolynomialTarget: eigenvalues is empty, but must have at least one entry");
  EXPECT_EQ(message([] {
              return PolynomialTarget(Vector{{1, kNan}});
            }),
            "PolynomialTarget: eigenvalues[1] is nan, but must be finite");
  EXPECT_EQ(message([] {
              return PolynomialTarget(Vector{{1, 2}}, kNan);
            }),
            "PolynomialTarget: offset is nan, but must be finite");
  EXPECT_EQ(message([] { return PolynomialTarget(Vector::Zero(4)); }),
            "PolynomialTarget: eigenvalues are all 0, but at least one must differ from 0");
  const PolynomialTarget problem(kEigenvalues);
  EXPECT_EQ(message([&] { return problem.population_risk(Matrix::Zero(2, 2), 0); }),
            "PolynomialTarget::population_risk: S has size 2, but must have the dimension d = 3");
  double gradient_c = 0;
  EXPECT_EQ(message([&] { return problem.population_gradient(Matrix::Zero(4, 4), 0, &gradient_c); }),
            "PolynomialTarget::population_gradient: S has size 4, but must have the dimension d = 3");
}

}  // namespace
}  // namespace lazygap
