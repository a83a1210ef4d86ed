#include "lazygap/exact/lazy_rich.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "exact/problems.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/network/tangent_kernel.h"
#include "lazygap/problem/spectrum.h"
#include "reference/lazy_rich.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::message;
using test::neurons;

// R_alpha is within O(alpha) of Theorem 3 and O(1 / alpha) of NT; the alphas used are 1e-9 and 1e9.
constexpr double kLimitAccuracy = 1e-6;
// The end of a descent of kSteps steps, whose slowest direction has died out by then.
constexpr double kDescentAccuracy = 1e-5;
// W is as far from its end as the square root of what is left of the risk.
constexpr double kCosineAccuracy = 1e-4;

exact::LazyRich at(const PolynomialTarget& problem, const Matrix& W_0, double alpha) {
  return exact::lazy_rich(problem, W_0, std::array{alpha}).at(0);
}

TEST(LazyRich, SmallScaleIsTheTrainedNetwork) {
  for (const Index d : {1, 7, 30})
    for (const Index N : {Index(1), (d + 1) / 2, d, 2 * d})
      for (const auto& problem : {test::polynomial_target(d), test::target_of_every_degree(d)}) {
        const exact::LazyRich point = at(problem, neurons(d, N, 1), 1e-9);
        const Answer nn = exact::nn(problem, N, SecondLayerSign::positive);
        EXPECT_EQ(point.answer.status, Status::ok);
        EXPECT_NEAR(point.answer.risk, nn.risk, kLimitAccuracy * problem.null_risk()) << d << " " << N;
      }
}

TEST(LazyRich, LargeScaleIsTheTangentModel) {
  for (const Index d : {1, 7, 30})
    for (const Index N : {Index(1), (d + 1) / 2, d, 2 * d})
      for (const auto& problem : {test::polynomial_target(d), test::target_of_every_degree(d)})
        for (const double alpha : {1e9, 1e14, 1e100}) {
          const Matrix W_0 = neurons(d, N, 2);
          const exact::LazyRich point = at(problem, W_0, alpha);
          EXPECT_NEAR(point.answer.risk, exact::nt(problem, {.W = W_0}).risk, kLimitAccuracy * problem.null_risk())
              << d << " " << N << " " << alpha;
          EXPECT_NEAR(point.kernel_cosine, 1, kLimitAccuracy);
        }
}

TEST(LazyRich, LargeScaleDoesNotDrownInRounding) {
  // R_alpha = NT + C / alpha + O(1 / alpha^2): halving the distance halves the difference, down to
  // differences of 1e-9 of R0 that a plain eigenvalue of B + alpha M_0 (rounding 1e-16 alpha) would not show.
  const PolynomialTarget problem = test::polynomial_target(20);
  const Matrix W_0 = neurons(20, 8, 3);
  const double nt = exact::nt(problem, {.W = W_0}).risk;
  const double once = at(problem, W_0, 1e8).answer.risk - nt, twice = at(problem, W_0, 2e8).answer.risk - nt;
  EXPECT_GT(std::abs(twice), 1e-11 * problem.null_risk());
  EXPECT_NEAR(once / twice, 2, 0.01);
}

TEST(LazyRich, GradientDescentEndsThere) {
  constexpr Index d = 20, N = 8;
  constexpr int kSteps = 12000;
  const PolynomialTarget problem(draw_spectrum({}, d, 3));
  const Matrix W_0 = FirstLayerLaw::isotropic(problem).sample(N, 3, 0);
  const double largest = problem.eigenvalues().maxCoeff();
  const double largest_M = (W_0.transpose() * W_0).norm();
  for (const double alpha : {1e-3, 0.1, 1.0, 3.0, 10.0, 100.0, 1000.0}) {
    // The Hessian of the risk over alpha^2 is at most 24 / alpha times the norm of B + alpha M_0.
    const double step = alpha / (24 * (largest + alpha * largest_M));
    const reference::Descent descent = reference::descend(problem, W_0, alpha, step, kSteps);
    const exact::LazyRich point = at(problem, W_0, alpha);
    EXPECT_NEAR(point.answer.risk, descent.risk, kDescentAccuracy * problem.null_risk()) << alpha;
    const double cosine = tangent_kernel_cosine(W_0 * W_0.transpose(), descent.W * descent.W.transpose());
    EXPECT_NEAR(point.kernel_cosine, cosine, kCosineAccuracy) << alpha;
  }
}

TEST(LazyRich, LiesBetweenNNAndNT) {
  const PolynomialTarget problem(draw_spectrum({}, 40, 4));
  const Matrix W_0 = FirstLayerLaw::isotropic(problem).sample(15, 4, 0);
  const std::array alphas{0.01, 0.1, 1.0, 10.0, 100.0};
  double last = exact::nn(problem, 15, SecondLayerSign::positive).risk, last_cosine = 0;
  for (const exact::LazyRich& point : exact::lazy_rich(problem, W_0, alphas)) {
    EXPECT_GT(point.answer.risk, last) << point.alpha;
    EXPECT_GT(point.kernel_cosine, last_cosine) << point.alpha;
    last = point.answer.risk;
    last_cosine = point.kernel_cosine;
  }
  EXPECT_LT(last, exact::nt(problem, {.W = W_0}).risk);
}

TEST(LazyRich, VanishingStart) {
  const PolynomialTarget problem = test::polynomial_target(6);
  const exact::LazyRich point = at(problem, Matrix::Zero(6, 2), 3);
  EXPECT_NEAR(point.answer.risk, exact::nn(problem, 2, SecondLayerSign::positive).risk, 1e-12);
  EXPECT_TRUE(std::isnan(point.kernel_cosine));
  // Nothing quadratic in f*: nothing is learnt, and the network stays where it is.
  Matrix cubic = Matrix::Zero(6, 3);
  cubic(2, 2) = 1.5;
  const PolynomialTarget unseen = PolynomialTarget::from_hermite(cubic);
  EXPECT_DOUBLE_EQ(at(unseen, Matrix::Zero(6, 2), 3).answer.risk, unseen.null_risk());
  EXPECT_NEAR(at(unseen, neurons(6, 2, 5), 3).answer.risk, unseen.null_risk(), 1e-12);
  EXPECT_NEAR(at(unseen, neurons(6, 2, 5), 3).kernel_cosine, 1, 1e-12);
}

TEST(LazyRich, RefusesWhatItCannotAnswer) {
  const PolynomialTarget problem = test::polynomial_target(3);
  const Matrix W_0 = Matrix::Ones(3, 2);
  const auto refuse = [&](const Matrix& W, std::vector<double> alphas) {
    return message([&] { return exact::lazy_rich(problem, W, alphas); });
  };
  EXPECT_EQ(refuse(Matrix::Ones(2, 4), {1}),
            "exact::lazy_rich: a column of W has size 2, but must have the dimension d = 3");
  EXPECT_EQ(refuse(W_0, {1, 0}), "exact::lazy_rich: alphas[1] is 0, but must be positive and finite");
  EXPECT_EQ(refuse(W_0, {std::numeric_limits<double>::infinity()}),
            "exact::lazy_rich: alphas[0] is inf, but must be positive and finite");
  EXPECT_TRUE(exact::lazy_rich(problem, W_0, {}).empty());
}

}  // namespace
}  // namespace lazygap
