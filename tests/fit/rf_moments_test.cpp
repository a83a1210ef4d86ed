#include "reference/rf_moments.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lazygap/network/first_layer.h"

namespace lazygap::reference {
namespace {

constexpr double kStandardErrors = 4.5;  // the largest of some 100 z-scores
constexpr double kRounding = 1e-12;

const Vector kSpectrum{{0.9, -0.4, 0.2, 0.6}};
const Problem kProblems[] = {
    PolynomialTarget(kSpectrum),
    PolynomialTarget(kSpectrum, 0.7),
    GaussianMixture(kSpectrum),
    GaussianMixture(Vector{{1.5, 0.5, 2.0, 1.0}}, kSpectrum),
};

Matrix neurons(const Problem& problem) { return FirstLayerLaw::isotropic(problem).sample(5, 11, 0); }

TEST(RfMoments, MonteCarlo) {
  constexpr Index kSamples = 400000;
  for (const Problem& problem : kProblems) {
    const Matrix W = neurons(problem);
    Matrix X(4, kSamples);
    Vector y(kSamples);
    draw_samples<double>(problem, {.seed = 5, .purpose = Purpose::testing}, X, y);
    const Matrix F = (W.transpose() * X).array().square() - 1;
    const auto z = [](const Vector& values, double expected) {
      const double mean = values.mean();
      const double variance = (values.array() - mean).square().sum() / (kSamples - 1);
      return (mean - expected) / std::sqrt(variance / kSamples);
    };
    const Matrix K = rf_gram(problem, W);
    const Vector v = rf_target(problem, W);
    for (Index i = 0; i < 5; ++i) {
      EXPECT_LT(std::abs(z(F.row(i).transpose().cwiseProduct(y), v[i])), kStandardErrors) << "v " << i;
      for (Index j = 0; j < 5; ++j)
        EXPECT_LT(std::abs(z(F.row(i).cwiseProduct(F.row(j)), K(i, j))), kStandardErrors)
            << "K " << i << " " << j;
    }
  }
}

TEST(RfMoments, AgreeWithThePopulationRiskOfAQuadraticForm) {
  const Vector a{{0.3, -1.2, 0.8, 2.0, -0.1}};
  for (const Problem& problem : kProblems) {
    const Matrix W = neurons(problem);
    const double no_network = population_risk(problem, Matrix::Zero(4, 4), 0);
    const double by_moments = no_network - 2 * a.dot(rf_target(problem, W)) + a.dot(rf_gram(problem, W) * a);
    const double by_form = population_risk(problem, W * a.asDiagonal() * W.transpose(), -a.sum());
    EXPECT_NEAR(by_moments, by_form, kRounding * by_form);
  }
}

TEST(RfMoments, OneNeuronInOneDimension) {
  // sigma(w x) with x ~ N(0,1), w = 2: E (4 x^2 - 1)^2 = 48 - 8 + 1, E (3 x^2 - 3)(4 x^2 - 1) = 24.
  const PolynomialTarget problem(Vector{{3.0}});
  EXPECT_NEAR(rf_gram(problem, Matrix{{2.0}})(0, 0), 41, 41 * kRounding);
  EXPECT_NEAR(rf_target(problem, Matrix{{2.0}})[0], 24, 24 * kRounding);
}

}  // namespace
}  // namespace lazygap::reference
