#include "lazygap/problem/spiked.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "lazygap/core/random.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "lazygap/limit/rf.h"
#include "lazygap/network/first_layer.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::message;

constexpr double kRounding = 1e-14;
constexpr double kStandardErrors = 4;

Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix X(rows, columns);
  fill_normals({.seed = 41, .purpose = Purpose::testing, .index = index},
               std::span<double>(X.data(), static_cast<std::size_t>(X.size())));
  return X;
}

TEST(Spiked, IsItsDefinition) {
  const SpikedCovariates spiked(5, 2, 3);
  EXPECT_EQ(spiked.covariance(), (Vector{{9, 9, 1, 1, 1}}));
  EXPECT_TRUE(spiked.gamma().isApprox(Vector{{9, 9, 1, 1, 1}} / 21, kRounding));
  EXPECT_NEAR(spiked.effective_dimension(), 2 + 3 / 9.0, kRounding);
  EXPECT_EQ(spiked.target(Vector{{1, 4}}).eigenvalues(), (Vector{{1, 4, 0, 0, 0}}));
  EXPECT_EQ(spiked.target(Vector{{1, 4}}).mean(), 0);
}

TEST(Spiked, EndsOfTheRange) {
  EXPECT_NEAR(SpikedCovariates(7, 3, 1).effective_dimension(), 7, kRounding);       // isotropic
  EXPECT_NEAR(SpikedCovariates(7, 7, 5).effective_dimension(), 7, kRounding);       // all signal
  EXPECT_NEAR(SpikedCovariates(7, 3, 1e4).effective_dimension(), 3, 1e-6);          // nothing but signal
  EXPECT_NEAR(SpikedCovariates(7, 3, 0.1).effective_dimension(), 4 + 0.03, 1e-14);  // weak signal
}

TEST(Spiked, RiskOfRFIsThatOfARegressionInTheCoordinatesOfTheData) {
  // Everything in x: samples N(0, Sigma), isotropic neurons w ~ N(0, I / tr Sigma), features <w,x>^2 - 1,
  // regression on n samples. The residuals have mean square R (1 - N/n) up to O(1/n^2).
  constexpr Index d = 6, N = 4, n = 200000;
  const SpikedCovariates spiked(d, 2, 2.5);
  const PolynomialTarget target = spiked.target(Vector{{1, 0.4}});
  const Vector deviations = spiked.covariance().cwiseSqrt();
  const Matrix X = deviations.asDiagonal() * normals(d, n, 0);
  const Matrix W = normals(d, N, 1) / std::sqrt(spiked.covariance().sum());
  const double r2 = 2.5 * 2.5;
  const Vector y = (X.row(0).array().square() / r2 - 1) + 0.4 * (X.row(1).array().square() / r2 - 1);
  const Matrix features = ((W.transpose() * X).array().square() - 1).matrix();
  const Vector a = (features * features.transpose()).ldlt().solve(features * y);
  const Vector squares = (y - features.transpose() * a).cwiseAbs2();
  const double mean = squares.mean() / (1 - double(N) / n);
  const double se = (squares.array() - squares.mean()).matrix().norm() / n;
  const double exact = exact::rf(target, {.W = deviations.asDiagonal() * W}).risk;
  EXPECT_LT(std::abs(mean - exact) / se, kStandardErrors);
  EXPECT_LT(se / exact, 0.01);  // the comparison is not empty
}

TEST(Spiked, NeuronsOfTheLawAreIsotropicInTheCoordinatesOfTheData) {
  constexpr Index N = 40000;
  const SpikedCovariates spiked(4, 1, 3);
  const FirstLayerLaw law = FirstLayerLaw::diagonal(spiked.target(Vector{{1}}), spiked.gamma());
  // Back from z to x: w = Sigma^{-1/2} w_z.
  const Matrix W = spiked.covariance().cwiseSqrt().cwiseInverse().asDiagonal() * law.sample(N, 1, 0);
  const double variance = 1 / spiked.covariance().sum();
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j <= i; ++j) {
      const double se = variance * std::sqrt((i == j ? 2.0 : 1.0) / N);
      EXPECT_LT(std::abs(W.row(i).dot(W.row(j)) / N - (i == j ? variance : 0)), kStandardErrors * se);
    }
}

TEST(Spiked, RFNeedsTheSpikeAndNNDoesNot) {
  constexpr Index d = 60, signals = 4, N = 60;
  const Vector b{{2, 1, 0.5, 0.3}};
  double last = 1;
  for (const double r : {1.0, 2.0, 4.0, 8.0}) {
    const SpikedCovariates spiked(d, signals, r);
    const PolynomialTarget target = spiked.target(b);
    const FirstLayerLaw law = FirstLayerLaw::diagonal(target, spiked.gamma());
    const double rf = exact::rf(target, {.W = law.sample(N, 3, 0)}).risk / target.null_risk();
    EXPECT_LT(rf, last) << r;
    last = rf;
    EXPECT_EQ(exact::nn(target, signals, SecondLayerSign::positive).risk, 0);
    EXPECT_GT(rf, 0);
  }
  // N = 60 is far beyond d_eff^2 = (4 + 56/64)^2 = 24.
  EXPECT_LT(last, 0.2);
}

TEST(Spiked, RefusesWhatIsNotOne) {
  EXPECT_EQ(message([] { return SpikedCovariates(0, 1, 1); }),
            "SpikedCovariates: d is 0, but must be at least 1");
  EXPECT_EQ(message([] { return SpikedCovariates(5, 6, 1); }),
            "SpikedCovariates: signals (d_s) is 6, but must be from 1 to d = 5");
  EXPECT_EQ(message([] { return SpikedCovariates(5, 0, 1); }),
            "SpikedCovariates: signals (d_s) is 0, but must be from 1 to d = 5");
  EXPECT_EQ(message([] { return SpikedCovariates(5, 2, 0); }),
            "SpikedCovariates: r is 0, but must be from 0.0001 to 10000");
  EXPECT_EQ(message([] { return SpikedCovariates(5, 2, std::numeric_limits<double>::quiet_NaN()); }),
            "SpikedCovariates: r is nan, but must be from 0.0001 to 10000");
  EXPECT_EQ(message([] {
              return SpikedCovariates(5, 2, 2).target(Vector{{1, 2, 3}});
            }),
            "SpikedCovariates: b has size 3, but must have d_s = 2");
}

}  // namespace
}  // namespace lazygap
