#include "../src/exact/rf_features.h"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <vector>

#include "exact/problems.h"
#include "lazygap/exact/rf.h"
#include "lazygap/network/first_layer.h"

namespace lazygap {
namespace {

using Real = boost::multiprecision::cpp_bin_float_100;

/// 1 - v^T K^{-1} v for mg with Sigma = I, diagonal Delta and N independent features, in 100 digits: the
/// formulas of exact/rf.h, and Gaussian elimination on K with v as last column.
double risk_in_100_digits(const Vector& delta, const Matrix& W) {
  const auto N = static_cast<std::size_t>(W.cols());
  const auto form = [&](std::size_t i, std::size_t j, bool weighted) {
    Real sum = 0;
    for (Index k = 0; k < W.rows(); ++k)
      sum += Real(W(k, static_cast<Index>(i))) * Real(W(k, static_cast<Index>(j))) *
             (weighted ? Real(delta[k]) : Real(1));
    return sum;
  };
  std::vector<std::vector<Real>> K(N, std::vector<Real>(N + 1));
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < N; ++j) {
      const Real g = form(i, j, false), h = form(i, j, true);
      K[i][j] = 2 * g * g + 2 * h * h + (form(i, i, false) - 1) * (form(j, j, false) - 1) +
                form(i, i, true) * form(j, j, true);
    }
    K[i][N] = -form(i, i, true);
  }
  // After elimination v^T K^{-1} v is the sum of squares of the last column over the pivots.
  Real explained = 0;
  for (std::size_t i = 0; i < N; ++i) {
    explained += K[i][N] * K[i][N] / K[i][i];
    for (std::size_t k = i + 1; k < N; ++k) {
      const Real factor = K[k][i] / K[i][i];
      for (std::size_t j = i; j <= N; ++j) K[k][j] -= factor * K[i][j];
    }
  }
  return static_cast<double>(1 - explained);
}

TEST(ExactRfFeatures, DirectionsThatAnIllConditionedSigmaMakesSmallCount) {
  // Whitened neurons along the first axis, the others 1000 times shorter, as for a Sigma of condition 1e6:
  // the features differ in the last 1e-6 of their length, K in the last 1e-12 of its diagonal.
  const Vector delta{{0.6, -0.5, 0.4}};
  Matrix W = test::neurons(3, 7, 70);
  W.bottomRows(2) *= 1e-3;
  // The features are known to rounding, and the smallest direction is 1e-6 of them.
  constexpr double kFeatures = 1e-8;
  for (const Index N : {3, 5, 6}) {
    const Answer answer = exact::rf(GaussianMixture(delta), {.W = W.leftCols(N)});
    EXPECT_EQ(answer.status, Status::ok);
    EXPECT_EQ(answer.diagnostics.rank, N);
    EXPECT_NEAR(answer.risk, risk_in_100_digits(delta, W.leftCols(N)), kFeatures) << N;
  }
}

TEST(ExactRfFeatures, FullSigmaAndGammaOfCondition500000) {
  const Matrix Q = Eigen::HouseholderQR<Matrix>(test::normals(3, 3, 71)).householderQ();
  const Vector spectrum{{5e5, 10, 1}};
  const Matrix sigma = Q * spectrum.asDiagonal() * Q.transpose();
  const Matrix root = Q * spectrum.cwiseSqrt().asDiagonal() * Q.transpose();
  const Matrix D = test::normals(3, 3, 72) / 8;
  const Problem problem = GaussianMixture::from_matrices(sigma, root * (D + D.transpose()) * root);
  const Matrix half = test::normals(3, 3, 73);
  const Matrix W = FirstLayerLaw::full(problem, half * half.transpose()).sample(6, 1, 0);
  const auto& mg = std::get<GaussianMixture>(problem);
  const Answer answer = exact::rf(problem, {.W = W});
  EXPECT_EQ(answer.diagnostics.rank, 6);
  EXPECT_NEAR(answer.risk, risk_in_100_digits(mg.whitened_delta(), mg.whiten_neurons(W)), 1e-8);
}

TEST(ExactRfFeatures, AgreeWithTheGramMatrixWhereThatIsRegular) {
  for (const Problem& problem : test::problems(6))
    for (const Index N : {1, 4, 15}) {
      const Matrix W = test::neurons(6, N, 74);
      const Matrix whitened = std::holds_alternative<GaussianMixture>(problem)
                                  ? std::get<GaussianMixture>(problem).whiten_neurons(W)
                                  : W;
      EXPECT_NEAR(exact::rf_by_features(problem, whitened).risk, exact::rf(problem, {.W = W}).risk,
                  1e-12 * null_risk(problem))
          << problem.index() << " " << N;
    }
}

TEST(ExactRfFeatures, SaysWhatIsLeftOutWhereVectorsAreTooLong) {
  // d = 60: 1831 quadratic functions, and two neurons closer to one another than K can tell.
  const Problem problem = test::polynomial_target(60);
  Matrix W = test::neurons(60, 700, 75);
  W.col(9) = W.col(2);
  W(0, 9) += 1e-9;
  ASSERT_GT(exact::feature_operations(problem, 700), exact::kFeatureOperations);
  const Answer answer = exact::rf(problem, {.W = W});
  EXPECT_EQ(answer.diagnostics.rank, 699);
  EXPECT_EQ(answer.message, "1 of 700 features left out, which depend on the others up to 1e-6");
}

}  // namespace
}  // namespace lazygap
