#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/problem/problem.h"

namespace lazygap {
namespace {

constexpr RandomAddress kAddress{.seed = 5, .purpose = Purpose::training, .index = 2, .step = 9};
/// Standard errors within which an average must lie: about thirty averages, two-sided 6e-5 each.
constexpr double kStandardErrors = 4;

/// More features than one pass of the transforms works on, and more samples than one block has label bits.
Vector spectrum(Index d) { return Vector::LinSpaced(d, -0.6, 0.9); }

template <class Real>
struct Batch {
  MatrixOf<Real> X;
  VectorOf<Real> y;
};

template <class Real>
Batch<Real> draw(const Problem& problem, Index b, const RandomAddress& address = kAddress) {
  Batch<Real> batch{MatrixOf<Real>(dimension(problem), b), VectorOf<Real>(b)};
  draw_samples<Real>(problem, address, batch.X, batch.y);
  return batch;
}

TEST(Sampling, PolynomialTargetLabelsAreItsValues) {
  for (const Index d : {1, 7, 16, 31, 512, 601}) {
    const Vector b = spectrum(d);
    const auto [X, y] = draw<double>(PolynomialTarget(b, 0.25), 13);
    for (Index j = 0; j < y.size(); ++j) {
      double value = 0.25;
      for (Index k = 0; k < d; ++k) value += b[k] * X(k, j) * X(k, j);
      constexpr double kRounding = 1e-12;  // a few hundred terms of order 1
      EXPECT_NEAR(y[j], value, kRounding) << "d=" << d << " j=" << j;
    }
  }
}

TEST(Sampling, PolynomialTargetHasItsNullRisk) {
  const PolynomialTarget problem(spectrum(9));
  constexpr Index kCount = 40000;
  const auto [X, y] = draw<float>(problem, kCount);
  const Vector squares = y.cast<double>().cwiseAbs2();
  const double variance = squares.mean();
  const double se = std::sqrt((squares.cwiseAbs2().mean() - variance * variance) / kCount);
  EXPECT_LT(std::abs(variance - problem.null_risk()) / se, kStandardErrors);
  EXPECT_LT(std::abs(y.cast<double>().mean()) / std::sqrt(variance / kCount), kStandardErrors);
}

TEST(Sampling, MixtureClassesHaveTheirCovariances) {
  const Vector delta = spectrum(5), sigma = Vector::LinSpaced(5, 1, 2);
  const GaussianMixture problem(sigma, delta);
  constexpr Index kCount = 40000;
  const auto [X, y] = draw<float>(problem, kCount);
  Index positive = 0;
  Vector sum[2] = {Vector::Zero(5), Vector::Zero(5)}, squares[2] = {Vector::Zero(5), Vector::Zero(5)};
  for (Index j = 0; j < kCount; ++j) {
    ASSERT_TRUE(y[j] == 1 || y[j] == -1);
    positive += y[j] > 0;
    sum[y[j] > 0] += X.col(j).cast<double>();
    squares[y[j] > 0] += X.col(j).cast<double>().cwiseAbs2();
  }
  EXPECT_LT(std::abs(static_cast<double>(positive) - kCount / 2.0) / std::sqrt(kCount / 4.0),
            kStandardErrors);
  for (const int label : {0, 1}) {
    const double count = static_cast<double>(label == 1 ? positive : kCount - positive);
    const Vector covariance = problem.class_covariance(label == 1 ? +1 : -1);
    for (Index k = 0; k < 5; ++k) {
      EXPECT_LT(std::abs(sum[label][k]) / std::sqrt(count * covariance[k]), kStandardErrors);
      EXPECT_LT(std::abs(squares[label][k] / count - covariance[k]) / (covariance[k] * std::sqrt(2 / count)),
                kStandardErrors);
    }
  }
}

TEST(Sampling, MixtureLabelsAlternateIndependently) {
  constexpr Index kCount = 40000;
  const auto y = draw<float>(GaussianMixture(spectrum(1)), kCount).y;
  // Lags within a word, to the next word and to the next block of label bits.
  for (const Index lag : {1, 2, 31, 32, 33, 128}) {
    const double products = y.head(kCount - lag).cast<double>().dot(y.tail(kCount - lag).cast<double>());
    EXPECT_LT(std::abs(products) / std::sqrt(static_cast<double>(kCount - lag)), kStandardErrors)
        << "lag " << lag;
  }
}

TEST(Sampling, FewerSamplesAreAPrefix) {
  for (const Problem& problem :
       {Problem(PolynomialTarget(spectrum(601))), Problem(GaussianMixture(spectrum(601)))}) {
    const auto few = draw<float>(problem, 17), many = draw<float>(problem, 150);
    EXPECT_EQ(few.X, many.X.leftCols(17));
    EXPECT_EQ(few.y, many.y.head(17));
  }
}

class SamplingVectors : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};
INSTANTIATE_TEST_SUITE_P(Sampling, SamplingVectors, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& parameter) { return std::string(hwy::TargetName(parameter.param)); });

TEST_P(SamplingVectors, BothPrecisionsSeeTheSameNormals) {
  for (const Index d : {1, 9, 40, 601}) {
    const Problem qf = PolynomialTarget(spectrum(d)), mg = GaussianMixture(spectrum(d));
    const auto single = draw<float>(qf, 11);
    const auto twice = draw<double>(qf, 11);
    EXPECT_EQ(single.X.cast<double>(), twice.X);
    // fp32 sums of up to 601 squares.
    constexpr double kSum = 1e-4;
    EXPECT_LT((single.y.cast<double>() - twice.y).cwiseAbs().maxCoeff(), kSum) << d;

    const auto mixed = draw<float>(mg, 11);
    const auto mixed_twice = draw<double>(mg, 11);
    EXPECT_EQ(mixed.y.cast<double>(), mixed_twice.y);
    // Factor and product are rounded to fp32.
    constexpr double kProduct = 2e-7;
    EXPECT_LT((mixed.X.cast<double>() - mixed_twice.X).cwiseQuotient(mixed_twice.X).cwiseAbs().maxCoeff(),
              kProduct);
  }
}

TEST(Sampling, AddressesDiffer) {
  const Problem problem = GaussianMixture(spectrum(30));
  const auto here = draw<float>(problem, 40);
  auto next = kAddress;
  ++next.step;
  const auto there = draw<float>(problem, 40, next);
  EXPECT_NE(here.X, there.X);
  EXPECT_NE(here.y, there.y);
}

TEST(Sampling, WrongShapesAreErrors) {
  const Problem problem = PolynomialTarget(spectrum(4));
  MatrixOf<float> X(4, 3), tall(5, 3);
  VectorOf<float> y(3), few(2);
  EXPECT_THROW(draw_samples<float>(problem, kAddress, tall, y), UsageError);
  EXPECT_THROW(draw_samples<float>(problem, kAddress, X, few), UsageError);
  EXPECT_THROW(draw_samples<float>(problem, kAddress, tall.topRows(4), y), UsageError);
}

}  // namespace
}  // namespace lazygap
