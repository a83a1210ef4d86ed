#include "lazygap/data/stein_spectrum.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/gaussian_data.h"
#include "support/message.h"

namespace lazygap {
namespace {

using data::SteinSpectrum;
using data::Whitening;
using test::message;
using test::normals;

const Vector kVisible{{3, -2, 1.5, 1, 0.7}};

/// y = x^T B x - tr B, B diagonal with the eigenvalues above, then zeros.
Vector labels(const Matrix& X) { return (X.topRows(5).array().square() - 1).matrix().transpose() * kVisible; }

TEST(SteinSpectrum, FindsTheEigenvaluesThatShow) {
  // r = sigma_y sqrt(d / n) = 5.8 / 10: all five are beyond r/2. The mean over data sets, because one outlier
  // fluctuates by about r / 4; what is left is of the order of the fourth moments of y x x^T, 5 % of r.
  constexpr Index d = 100, n = 10000;
  constexpr int kSets = 6;
  for (const Whitening whitening : {Whitening::given, Whitening::samples}) {
    test::Means means;
    for (std::uint32_t set = 0; set < kSets; ++set) {
      const Matrix X = normals(d, n, set);
      const SteinSpectrum s = data::stein_spectrum(X, labels(X), whitening);
      EXPECT_NEAR(s.radius, std::sqrt(2 * kVisible.squaredNorm() / 100), 0.03);
      ASSERT_GE(s.visible, 5);
      EXPECT_LE(s.visible, 7);  // the false ones of heavy tails
      EXPECT_EQ(s.debiased.size(), s.visible);
      means.add(s.debiased.head(5));
      // The first direction is e_1 up to the noise, (r / 2b)^2 = 0.01 of its square.
      EXPECT_GT(std::pow(s.directions(0, 0), 2), 0.95);
    }
    EXPECT_LT((means.mean() - kVisible).cwiseAbs().maxCoeff(),
              0.1 * 0.58 + 4 * means.deviation().maxCoeff() / std::sqrt(double(kSets)))
        << means.mean().transpose();
  }
}

TEST(SteinSpectrum, DebiasingUndoesTheNoise) {
  // Outlier at b + (r/2)^2 / b: the debiased value is closer to b than the eigenvalue for the weaker ones.
  const Matrix X = normals(100, 10000, 10);
  const SteinSpectrum s = data::stein_spectrum(X, labels(X));
  for (Index i = 0; i < s.visible; ++i) {
    EXPECT_NEAR(s.debiased[i] + s.radius * s.radius / 4 / s.debiased[i], s.eigenvalues[i], 1e-12);
    EXPECT_GT(s.debiased[i] * s.eigenvalues[i], 0);
  }
  EXPECT_LT(std::abs(s.debiased[4] - 0.7), std::abs(s.eigenvalues[4] - 0.7));
}

TEST(SteinSpectrum, NoiseShowsNothing) {
  for (std::uint32_t set = 0; set < 5; ++set) {
    const SteinSpectrum s = data::stein_spectrum(normals(60, 3000, 20 + set), normals(3000, 1, 40 + set));
    EXPECT_EQ(s.visible, 0);
    // The bulk fills the semicircle, up to a few d^(-2/3) = 0.065.
    EXPECT_NEAR(std::abs(s.eigenvalues[0]) / s.radius, 1, 0.2);
  }
}

TEST(SteinSpectrum, TheFeaturesMayBeInAnyCoordinates) {
  const Matrix X = normals(20, 2000, 30), A = Vector::LinSpaced(20, 0.5, 3).asDiagonal();
  const SteinSpectrum once = data::stein_spectrum(X, labels(X)),
                      again = data::stein_spectrum(A * X, labels(X));
  EXPECT_TRUE(once.eigenvalues.isApprox(again.eigenvalues, 1e-10));
}

TEST(SteinSpectrum, RefusesWhatItCannotAnswer) {
  EXPECT_EQ(message([] { return data::stein_spectrum(normals(5, 40, 0), Vector::Zero(40)); }),
            "data::stein_spectrum: y is 0 for all samples, but must not be constant");
}

}  // namespace
}  // namespace lazygap
