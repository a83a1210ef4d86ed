#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <span>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/problem/problem.h"
#include "support/message.h"

namespace lazygap {
namespace {

constexpr RandomAddress kAddress{.seed = 5, .purpose = Purpose::training, .index = 2, .step = 9};
/// Standard errors within which an average must lie: about thirty averages, two-sided 6e-5 each.
constexpr double kStandardErrors = 4;

/// More features than one pass of the transforms works on, and more samples than one block has label bits.
Vector spectrum(Index d) { return Vector::LinSpaced(d, -0.6, 0.9); }

/// Sigma and Delta do not commute.
GaussianMixture full_mixture() {
  return GaussianMixture::from_matrices(Matrix{{2.0, 0.3, -0.4}, {0.3, 1.0, 0.2}, {-0.4, 0.2, 0.7}},
                                        Matrix{{0.5, -0.3, 0.1}, {-0.3, 0.2, 0.2}, {0.1, 0.2, -0.3}});
}

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

TEST(Sampling, HermiteTargetLabelsAreItsValues) {
  for (const Index d : {1, 7, 512, 601}) {
    const Vector b = spectrum(d);
    Matrix beta(d, 5);
    beta << b, -0.3 * b, 0.2 * b.reverse(), 0.1 * b, 0.02 * b.reverse();
    const auto [X, y] = draw<double>(PolynomialTarget::from_hermite(beta), 13);
    for (Index j = 0; j < y.size(); ++j) {
      double value = 0;
      for (Index i = 0; i < d; ++i) {
        double before = 1, He = X(i, j);
        for (Index k = 1; k <= 5; ++k) {
          value += beta(i, k - 1) * He;
          const double next = X(i, j) * He - static_cast<double>(k) * before;
          before = He;
          He = next;
        }
      }
      constexpr double kRounding = 1e-11;  // a few thousand terms, some of them of order 100
      EXPECT_NEAR(y[j], value, kRounding) << "d=" << d << " j=" << j;
    }
  }
}

TEST(Sampling, LabelsOfDrawnSamplesAreThoseSetLater) {
  const Matrix beta{{0.5, 1.0, -0.3}, {-1.0, 0.4, 0.2}};
  for (const PolynomialTarget& target :
       {PolynomialTarget(spectrum(601), 0.25), PolynomialTarget::from_hermite(beta)}) {
    const auto [X, y] = draw<float>(target, 13);
    VectorOf<float> again(13);
    set_labels<float>(target, X, again);
    EXPECT_EQ(again, y);
    set_labels<float>(target, 2 * X, again);
    EXPECT_NE(again, y);
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
    const Vector covariance = problem.class_covariance(label == 1 ? +1 : -1).diagonal();
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
  for (const Problem& problem : {Problem(PolynomialTarget(spectrum(601))),
                                 Problem(GaussianMixture(spectrum(601))), Problem(full_mixture())}) {
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

TEST_P(SamplingVectors, BothPrecisionsSeeTheSameNormalsBehindAFullMatrix) {
  const auto [X, y] = draw<float>(full_mixture(), 45);
  const auto [X_twice, y_twice] = draw<double>(full_mixture(), 45);
  EXPECT_EQ(y.cast<double>(), y_twice);
  // Three products of order 1, rounded to fp32.
  constexpr double kProducts = 4e-6;
  EXPECT_LT((X.cast<double>() - X_twice).cwiseAbs().maxCoeff(), kProducts);
}

TEST(Sampling, FullMixtureClassesHaveTheirCovariances) {
  const GaussianMixture problem = full_mixture();
  ASSERT_GT(
      (problem.sigma_matrix() * problem.delta_matrix() - problem.delta_matrix() * problem.sigma_matrix())
          .norm(),
      0.1);
  constexpr Index kCount = 40000;
  const auto [X, y] = draw<float>(problem, kCount);
  for (const int label : {+1, -1}) {
    const Vector chosen = (y.cast<double>().array() == label).cast<double>();
    const Matrix x = X.cast<double>() * chosen.asDiagonal();
    const double count = chosen.sum();
    const Matrix expected = problem.class_covariance(label), found = x * x.transpose() / count;
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 3; ++j) {
        const double variance = expected(i, i) * expected(j, j) + expected(i, j) * expected(i, j);
        EXPECT_LT(std::abs(found(i, j) - expected(i, j)) / std::sqrt(variance / count), kStandardErrors)
            << label << " " << i << " " << j;
      }
  }
}

TEST(Sampling, AMixtureGivenByDiagonalMatricesHasTheSameSamples) {
  const GaussianMixture diagonal(Vector{{2, 1, 3}}, Vector{{0.5, -0.5, 1}});
  const auto here = draw<float>(diagonal, 20);
  const auto there =
      draw<float>(GaussianMixture::from_matrices(diagonal.sigma_matrix(), diagonal.delta_matrix()), 20);
  EXPECT_EQ(here.X, there.X);
  EXPECT_EQ(here.y, there.y);
}

TEST(Sampling, HermiteTargetsHaveTheirCoefficients) {
  Matrix beta(2, 5);
  beta << 0.5, -0.2, 0.3, 0.1, 0.05, -0.4, 0.6, -0.1, 0.02, -0.03;
  const PolynomialTarget problem = PolynomialTarget::from_hermite(beta);
  constexpr Index kCount = 400000;
  const auto [X, y] = draw<double>(problem, kCount);
  const auto expect_mean = [&](const Vector& values, double expected, const std::string& what) {
    const double se = std::sqrt((values.array() - values.mean()).square().mean() / kCount);
    EXPECT_LT(std::abs(values.mean() - expected), kStandardErrors * se) << what;
  };
  expect_mean(y, 0, "mean");
  expect_mean(y.cwiseAbs2(), problem.null_risk(), "variance");
  constexpr double kFactorials[] = {1, 2, 6, 24, 120};
  for (Index i = 0; i < 2; ++i) {
    const Eigen::ArrayXd x = X.row(i).transpose();
    Eigen::ArrayXd before = Eigen::ArrayXd::Ones(kCount), He = x;
    for (Index k = 1; k <= 5; ++k) {
      expect_mean((y.array() * He).matrix(), kFactorials[k - 1] * beta(i, k - 1),
                  fmt::format("i={} k={}", i, k));
      const Eigen::ArrayXd next = x * He - static_cast<double>(k) * before;
      before = He;
      He = next;
    }
  }
}

TEST(LabelNoise, IsAddedAtItsOwnAddress) {
  constexpr Index kCount = 40000;
  constexpr double kDeviation = 0.7;
  Vector noise = Vector::Zero(kCount);
  add_label_noise<double>(kDeviation, kAddress, noise);
  EXPECT_LT(std::abs(noise.mean()) / (kDeviation / std::sqrt(kCount)), kStandardErrors);
  const double variance = noise.squaredNorm() / kCount;
  EXPECT_LT(
      std::abs(variance - kDeviation * kDeviation) / (kDeviation * kDeviation * std::sqrt(2.0 / kCount)),
      kStandardErrors);

  VectorOf<float> single = VectorOf<float>::Ones(9);
  add_label_noise<float>(kDeviation, kAddress, single);
  EXPECT_EQ(single, VectorOf<float>::Ones(9) + noise.head(9).cast<float>());  // also: a prefix

  auto elsewhere = kAddress;
  ++elsewhere.step;
  Vector other = Vector::Zero(9);
  add_label_noise<double>(kDeviation, elsewhere, other);
  EXPECT_NE(other, noise.head(9));
  elsewhere = kAddress;
  elsewhere.purpose = Purpose::fitting;  // whatever the samples are for
  other.setZero();
  add_label_noise<double>(kDeviation, elsewhere, other);
  EXPECT_EQ(other, noise.head(9));
}

TEST(LabelNoise, IsOneStream) {
  constexpr Index kCount = 601;  // several passes
  constexpr double kDeviation = 0.7;
  Vector noise = Vector::Zero(kCount), stream(kCount);
  add_label_noise<double>(kDeviation, kAddress, noise);
  auto address = kAddress;
  address.purpose = Purpose::label_noise;
  fill_normals(address, std::span<double>(stream.data(), static_cast<std::size_t>(kCount)));
  EXPECT_EQ(noise, kDeviation * stream);
}

TEST(LabelNoise, OfNoDeviationIsNone) {
  Vector y = Vector::LinSpaced(5, 0, 1);
  add_label_noise<double>(0, kAddress, y);
  EXPECT_EQ(y, Vector::LinSpaced(5, 0, 1));
  EXPECT_EQ(test::message([&] {
              add_label_noise<double>(-1, kAddress, y);
              return 0;
            }),
            "add_label_noise: standard_deviation is -1, but must be zero or positive, and finite");
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
  EXPECT_THROW(draw_normals<double>(kAddress, Matrix(5, 3).topRows(4)), UsageError);
  const PolynomialTarget& target = std::get<PolynomialTarget>(problem);
  EXPECT_THROW(set_labels<float>(target, tall, y), UsageError);
  EXPECT_THROW(set_labels<float>(target, X, few), UsageError);
}

}  // namespace
}  // namespace lazygap
