#include "lazygap/limit/limit.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>
#include <string>

#include "lazygap/exact/nn.h"
#include "lazygap/problem/rotation.h"
#include "lazygap/problem/spectrum.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::message;

// Two formulas for one number, both in fp64 and well conditioned here.
constexpr double kRounding = 1e-13;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

HermiteSummary quadratic() { return Activation::quadratic().hermite; }

/// lambda_k of max(u, 0).
HermiteSummary relu() {
  const double pi = std::acos(-1.0);
  return {.lambda_0 = 1 / std::sqrt(2 * pi),
          .lambda_1 = 0.5,
          .lambda_2 = 1 / std::sqrt(2 * pi),
          .lambda_tilde = 0.25 - 1 / (2 * pi)};
}

PolynomialTarget function() { return PolynomialTarget(Vector{{1.3, 0.2, 0.7, 2.9, 0.05, 1.1}}); }
GaussianMixture mixture() { return GaussianMixture(Vector{{0.1, 0.25, 0.2, 0.45, 0.4, 0.3}}); }
GaussianMixture coloured_mixture() { return GaussianMixture(Vector{{1, 2, 0.5}}, Vector{{0.3, 1.9, -0.4}}); }

void expect_mentions(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(RfPsi, IsRhoOverTwoForTheQuadraticActivation) {
  for (const double rho : {1e-4, 0.3, 1.0, 7.0, 1e4})
    EXPECT_NEAR(limit::rf_psi(Vector::Ones(5), quadratic(), rho), rho / 2, kRounding * rho);
}

TEST(RfPsi, SolvesItsEquation) {
  const Vector spectrum{{0, 1e-6, 0.3, 1, 2.2, 40}};
  for (double log_rho = -4; log_rho <= 4; log_rho += 0.25) {
    const double rho = std::pow(10, log_rho);
    const double psi = limit::rf_psi(spectrum, relu(), rho);
    double mean = 0;
    for (const double t : spectrum) mean += 0.25 * t / (1 + 0.25 * t * psi) / 6;
    EXPECT_NEAR((rho / psi - mean) / relu().lambda_tilde, 1, 1e-12 * rho / psi / relu().lambda_tilde) << rho;
  }
}

TEST(RfPsi, GrowsWithRho) {
  const Vector spectrum{{0.1, 1, 1.9}};
  double last = 0;
  for (double rho = 1e-4; rho <= 1e4; rho *= 1.1) {
    const double psi = limit::rf_psi(spectrum, relu(), rho);
    EXPECT_GT(psi, last) << rho;
    last = psi;
  }
}

TEST(RfPsi, ConvergesForAlmostAffineActivations) {
  // Around rho = 1 psi runs through many orders of magnitude: Newton's slowest case.
  const HermiteSummary hermite{.lambda_1 = 1, .lambda_tilde = 1e-12};
  for (const double rho : {0.9, 1 - 1e-9, 1.0, 1 + 1e-9, 1.1}) {
    const double psi = limit::rf_psi(Vector::Ones(3), hermite, rho);
    // lt psi^2 + (lt - rho + 1) psi - rho = 0, its positive root without cancellation.
    const double half = (1 - rho + 1e-12) / 2;
    const double root = std::sqrt(half * half + 1e-12 * rho);
    const double expected = half > 0 ? rho / (half + root) : (root - half) / 1e-12;
    // Here psi depends on rho with a condition number up to 1e6.
    EXPECT_NEAR(psi / expected, 1, 1e-9) << rho;
  }
}

TEST(RfPsi, RefusesBadArguments) {
  const Vector ones = Vector::Ones(2);
  expect_mentions(message([&] { return limit::rf_psi(ones, {.lambda_1 = 1}, 1); }), "affine");
  expect_mentions(message([&] { return limit::rf_psi(ones, {.lambda_tilde = -1}, 1); }),
                  "lambda_tilde is -1");
  expect_mentions(message([&] { return limit::rf_psi(ones, {.lambda_tilde = kNaN}, 1); }),
                  "lambda_tilde is nan");
  expect_mentions(message([&] { return limit::rf_psi(ones, {.lambda_2 = 2, .lambda_tilde = 1}, 1); }),
                  "at least");
  expect_mentions(message([&] { return limit::rf_psi(ones, {.lambda_1 = kInfinity, .lambda_tilde = 1}, 1); }),
                  "lambda_1 is inf");
  for (const double rho : {0.0, -1.0, kNaN, kInfinity})
    expect_mentions(message([&] { return limit::rf_psi(ones, quadratic(), rho); }), "rho is");
  expect_mentions(message([&] { return limit::rf_psi(Vector(), quadratic(), 1); }), "spectrum is empty");
  expect_mentions(message([&] { return limit::rf_psi(Vector{{1, -1}}, quadratic(), 1); }), "spectrum is -1");
  expect_mentions(message([&] {
                    return limit::rf_psi(Vector{{1, kNaN}}, quadratic(), 1);
                  }),
                  "spectrum[1] is nan");
}

TEST(RfRatio, IsCorollaryOne) {
  const Problem problem = function();
  const Vector b = function().eigenvalues();
  for (const auto& law : {FirstLayerLaw::isotropic(problem), FirstLayerLaw::aligned(problem),
                          FirstLayerLaw::diagonal(problem, Vector{{6, 5, 4, 3, 2, 1}})}) {
    const Vector& g = law.gamma();
    for (const double rho : {0.01, 0.5, 1.0, 20.0}) {
      const double overlap = g.dot(b);
      const double expected =
          1 - rho * 6 * overlap * overlap / (b.squaredNorm() * (1 + rho * 6 * g.squaredNorm()));
      EXPECT_NEAR(limit::rf_ratio(problem, law, quadratic(), rho), expected, kRounding);
    }
  }
}

TEST(RfRatio, TendsToTheWideLimit) {
  for (const Problem& problem : {Problem(function()), Problem(mixture()), Problem(coloured_mixture())}) {
    const auto law = FirstLayerLaw::isotropic(problem);
    const double wide = limit::rf_ratio_wide(problem, law);
    double last = 1;
    for (double rho = 1e-3; rho < 1e9; rho *= 10) {
      const double ratio = limit::rf_ratio(problem, law, relu(), rho);
      EXPECT_LT(ratio, last) << rho;
      EXPECT_GT(ratio, wide) << rho;
      last = ratio;
    }
    // The distance falls as 1 / rho.
    EXPECT_NEAR(last, wide, 1e-6);
  }
}

TEST(RfRatio, AlignedFeaturesAreTheBestWideOnes) {
  const Problem problem = function();
  // 0 but for the rounding of Gamma*, squared.
  EXPECT_LT(limit::rf_ratio_wide(problem, FirstLayerLaw::aligned(problem)), 1e-30);
  const Problem coloured = GaussianMixture(Vector{{1, 2, 0.5}}, Vector{{0.3, 1.9, 0.4}});
  const double best = limit::rf_ratio_wide(coloured, FirstLayerLaw::aligned(coloured));
  EXPECT_LT(best, limit::rf_ratio_wide(coloured, FirstLayerLaw::isotropic(coloured)));
  EXPECT_LT(best, limit::rf_ratio_wide(coloured, FirstLayerLaw::diagonal(coloured, Vector{{1, 3, 2}})));
}

TEST(RfRatio, IsOneWhereTheActivationHasNoQuadraticPart) {
  const HermiteSummary odd{.lambda_1 = 0.6, .lambda_2 = 0, .lambda_tilde = 0.03};
  for (const Problem& problem : {Problem(function()), Problem(mixture())})
    EXPECT_EQ(limit::rf_ratio(problem, FirstLayerLaw::isotropic(problem), odd, 3.0), 1);
}

TEST(RfRatio, SeesOnlyTheWhitenedMixture) {
  const GaussianMixture problem = coloured_mixture();
  const GaussianMixture white(problem.whitened_delta());
  const Vector gamma{{3, 1, 2}};
  const auto law = FirstLayerLaw::diagonal(problem, gamma);
  const auto white_law = FirstLayerLaw::diagonal(white, gamma.cwiseProduct(problem.sigma()));
  EXPECT_NEAR(limit::rf_ratio(problem, law, relu(), 0.8), limit::rf_ratio(white, white_law, relu(), 0.8),
              kRounding);
}

TEST(RfRatio, OfAFullGammaIsTheoremOne) {
  // Diag(b) and Q diag(g) Q^T do not commute.
  const PolynomialTarget problem = function();
  const Matrix Q = haar_rotation(6, 1);
  const Vector g = Vector::LinSpaced(6, 0, 0.5) / 1.5;
  const Matrix Gamma = Q * g.asDiagonal() * Q.transpose(), B = problem.eigenvalues().asDiagonal();
  const auto law = FirstLayerLaw::full(problem, Gamma);
  const double overlap = (Gamma * B).trace(), norm = Gamma.squaredNorm();
  for (const double rho : {0.1, 1.0, 10.0}) {
    const double psi = limit::rf_psi(6 * g, relu(), rho), q = psi * relu().lambda_2 * relu().lambda_2 * 6;
    EXPECT_NEAR(limit::rf_ratio(problem, law, relu(), rho),
                1 - q * overlap * overlap / (B.squaredNorm() * (2 + q * norm)), kRounding);
  }
  EXPECT_NEAR(limit::rf_ratio_wide(problem, law), 1 - overlap * overlap / (norm * B.squaredNorm()),
              kRounding);
}

TEST(RfRatio, OfFullMatricesIsTheoremFour) {
  const Matrix Q = haar_rotation(3, 2);
  const GaussianMixture diagonal = coloured_mixture();
  const Matrix Sigma{{1.0, 0.3, 0.1}, {0.3, 2.0, -0.2}, {0.1, -0.2, 0.5}};
  const Matrix Delta{{0.3, 0.2, 0.0}, {0.2, 1.2, 0.1}, {0.0, 0.1, -0.2}};
  const Matrix shape = Q * Vector{{3, 1, 2}}.asDiagonal() * Q.transpose();
  for (const GaussianMixture& problem : {diagonal, GaussianMixture::from_matrices(Sigma, Delta)})
    for (const auto& law :
         {FirstLayerLaw::full(problem, shape), FirstLayerLaw::diagonal(problem, Vector{{3, 1, 2}})}) {
      const Matrix SG = problem.sigma_matrix() * law.covariance();
      const double z1 = 3 * (SG * SG).trace() / 2,
                   z2 = 3 * std::pow((problem.delta_matrix() * law.covariance()).trace(), 2) / 4;
      const Vector t = 3 * SG.eigenvalues().real();
      for (const double rho : {0.1, 1.0, 10.0}) {
        const double q = limit::rf_psi(t, relu(), rho) * relu().lambda_2 * relu().lambda_2;
        EXPECT_NEAR(limit::rf_ratio(problem, law, relu(), rho), (1 + z1 * q) / (1 + (z1 + z2) * q),
                    kRounding);
      }
      EXPECT_NEAR(limit::rf_ratio_wide(problem, law), z1 / (z1 + z2), kRounding);
    }
}

TEST(Limits, AreKnownForQuadraticFunctionsOnly) {
  const Problem cubic = PolynomialTarget::from_hermite(Matrix{{0, 1, 0.5}, {0, 1, 0}});
  const auto law = FirstLayerLaw::isotropic(cubic);
  for (const std::string& text : {message([&] { return limit::rf_ratio(cubic, law, relu(), 1); }),
                                  message([&] { return limit::rf_ratio_wide(cubic, law); }),
                                  message([&] { return limit::nt_ratio(cubic, 1); }),
                                  message([&] { return limit::nn_ratio(cubic, 1, SecondLayerSign::free); }),
                                  message([&] { return limit::comparison(cubic, 1); })})
    expect_mentions(text, "f* has parts of other degrees than 2, up to 3, and no limit is known for them");
}

TEST(NtRatio, NeedsNoMoreThanTheIdentityForSigma) {
  const Matrix Q = haar_rotation(6, 3);
  const Matrix Delta = Q * mixture().delta().asDiagonal() * Q.transpose();
  // Q Q^T is the identity but for rounding.
  for (const Matrix& Sigma : {Matrix(Matrix::Identity(6, 6)), Matrix(Q * Q.transpose())})
    for (const double rho : {0.3, 2.0})
      EXPECT_NEAR(limit::nt_ratio(GaussianMixture::from_matrices(Sigma, Delta), rho),
                  limit::nt_ratio(mixture(), rho), kRounding);
  const Matrix Sigma = 2 * Matrix::Identity(6, 6);
  expect_mentions(message([&] { return limit::nt_ratio(GaussianMixture::from_matrices(Sigma, Delta), 1); }),
                  "Sigma = I only");
}

TEST(RfRatio, RefusesALawOfAnotherDimension) {
  const auto law = FirstLayerLaw::isotropic(mixture());
  expect_mentions(message([&] { return limit::rf_ratio(coloured_mixture(), law, relu(), 1); }),
                  "law has size 6");
  expect_mentions(message([&] { return limit::rf_ratio_wide(coloured_mixture(), law); }), "law has size 6");
}

TEST(NtRatio, VanishesOnQfFromNEqualToD) {
  EXPECT_EQ(limit::nt_ratio(function(), 1.0), 0);
  EXPECT_EQ(limit::nt_ratio(function(), 5.0), 0);
  EXPECT_NEAR(limit::nt_ratio(mixture(), 1.0), 1 / (1 + mixture().delta().squaredNorm() / 2), kRounding);
  EXPECT_EQ(limit::nt_ratio(mixture(), 1.0), limit::nt_ratio(mixture(), 5.0));
}

TEST(NtRatio, IsTheNullRiskWithoutNeurons) {
  EXPECT_NEAR(limit::nt_ratio(function(), 1e-12), 1, 1e-11);
  EXPECT_NEAR(limit::nt_ratio(mixture(), 1e-12), 1, 1e-11);
}

TEST(NtRatio, IsRefusedWhereNotProved) {
  expect_mentions(message([] { return limit::nt_ratio(coloured_mixture(), 1); }), "Sigma = I only");
  for (const double rho : {0.0, -1.0, kNaN, kInfinity})
    expect_mentions(message([&] { return limit::nt_ratio(function(), rho); }), "rho is");
}

TEST(NtRatioGivenWeights, DependsOnTheSpanOnly) {
  const GaussianMixture problem = coloured_mixture();
  const Matrix W{{1, 2}, {-1, 0.5}, {3, 1}};
  const Matrix same_span = W * Matrix{{1, 2, 1, 1}, {0.5, -1, 0.5, 0.5}};
  EXPECT_NEAR(limit::nt_ratio_given_weights(problem, W), limit::nt_ratio_given_weights(problem, same_span),
              kRounding);
  EXPECT_NEAR(limit::nt_ratio_given_weights(problem, Matrix::Identity(3, 3)),
              2 / (2 + problem.whitened_delta().squaredNorm()), kRounding);
  EXPECT_EQ(limit::nt_ratio_given_weights(problem, Matrix::Zero(3, 2)), 1);
}

TEST(NtRatioGivenWeights, ConcentratesAroundTheIsotropicLimit) {
  constexpr Index d = 300;
  const GaussianMixture problem(draw_spectrum(
      {.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, d, 1));
  for (const Index N : {30, 150, 270}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0);
    // ||PDP||^2 fluctuates by O(1/d) times its size, which is of order 1.
    EXPECT_NEAR(limit::nt_ratio_given_weights(problem, W),
                limit::nt_ratio(problem, static_cast<double>(N) / d), 0.01);
  }
}

TEST(NtRatioGivenWeights, RefusesBadArguments) {
  const GaussianMixture problem = coloured_mixture();
  expect_mentions(message([&] { return limit::nt_ratio_given_weights(problem, Matrix::Ones(2, 2)); }),
                  "W has size 2");
  expect_mentions(message([&] { return limit::nt_ratio_given_weights(problem, Matrix(3, 0)); }),
                  "at least 1");
  expect_mentions(
      message([&] { return limit::nt_ratio_given_weights(problem, Matrix::Constant(3, 2, kNaN)); }),
      "W[0,0] is nan");
}

TEST(NnRatio, KeepsTheLargestDirections) {
  EXPECT_NEAR(limit::nn_ratio(PolynomialTarget(Vector{{1, 3, 2}}), 1, SecondLayerSign::free), 5.0 / 14,
              kRounding);
  EXPECT_EQ(limit::nn_ratio(PolynomialTarget(Vector{{1, 3, 2}}), 3, SecondLayerSign::free), 0);
  EXPECT_EQ(limit::nn_ratio(PolynomialTarget(Vector{{1, 3, 2}}), 1000, SecondLayerSign::free), 0);
  EXPECT_NEAR(limit::nn_ratio(GaussianMixture(Vector{{0.5, -0.75}}), 1, SecondLayerSign::free),
              2 / (2 + 0.5625), kRounding);
}

TEST(NnRatio, FitsTheSignsOfItsSecondLayer) {
  using enum SecondLayerSign;
  // The case of a report: the shared second layer was compared with the limit of a free one.
  const GaussianMixture mg(Vector{{0.6, 0.4, 0.2, -0.3, -0.5, -0.1}});
  const double made_by_positive = 0.09 + 0.25 + 0.01, made_by_negative = 0.36 + 0.16 + 0.04;
  EXPECT_NEAR(limit::nn_ratio(mg, 8, free), 2 / (2 + made_by_positive + made_by_negative), kRounding);
  EXPECT_NEAR(limit::nn_ratio(mg, 8, positive), 2 / (2 + made_by_positive), kRounding);
  EXPECT_NEAR(limit::nn_ratio(mg, 8, negative), 2 / (2 + made_by_negative), kRounding);
  EXPECT_NEAR(limit::nn_ratio(mg, 8, one_sign), 2 / (2 + made_by_negative), kRounding);
  EXPECT_NEAR(limit::nn_ratio(mg, 1, one_sign), 2 / 2.36, kRounding);
  const PolynomialTarget qf(Vector{{1, -3, 2}});
  EXPECT_NEAR(limit::nn_ratio(qf, 2, positive), 9.0 / 14, kRounding);
  EXPECT_NEAR(limit::nn_ratio(qf, 2, negative), 5.0 / 14, kRounding);
  EXPECT_NEAR(limit::nn_ratio(qf, 2, one_sign), 5.0 / 14, kRounding);
  EXPECT_NEAR(limit::nn_ratio(qf, 2, free), 1.0 / 14, kRounding);
}

TEST(NnRatio, IsTheExactRiskOnQf) {
  // Theorem 3 holds at every d; on mg the two differ by D S D, which vanishes as d grows.
  const PolynomialTarget qf(Vector{{0.6, 0.4, 0.2, -0.3, -0.5, -0.1}});
  for (const auto sign : {SecondLayerSign::positive, SecondLayerSign::negative, SecondLayerSign::one_sign,
                          SecondLayerSign::free})
    for (const Index N : {1, 2, 3, 8})
      EXPECT_NEAR(limit::nn_ratio(qf, N, sign), exact::nn(qf, N, sign).risk / qf.null_risk(), kRounding);
}

TEST(NnRatio, RefusesNoNeurons) {
  expect_mentions(message([] { return limit::nn_ratio(function(), 0, SecondLayerSign::free); }), "N is 0");
}

TEST(Comparison, IsEquation13) {
  const PolynomialTarget problem = function();
  const double tau = problem.trace_ratio();
  for (const Index N : {1, 3, 6, 14}) {
    const auto [rf, nt, nn] = limit::comparison(problem, N);
    const double rho = static_cast<double>(N) / 6;
    EXPECT_NEAR(rf, 1 - rho / (1 + rho) * tau, kRounding);
    const double missing = std::max(1 - rho, 0.0);
    EXPECT_NEAR(nt, missing * missing * (1 - tau) + missing * tau, kRounding);
    EXPECT_EQ(nn, limit::nn_ratio(problem, N, SecondLayerSign::free));
  }
}

/// Eq. (17), RF line, with either factor: rho/(1+rho) follows from Theorem 4, rho/(1+2 rho) is what the paper
/// prints.
double rf_of_equation_17(const GaussianMixture& problem, double factor) {
  const double trace = problem.delta().sum();
  return 1 / (1 + factor * trace * trace / (2 * static_cast<double>(problem.dimension())));
}

TEST(Comparison, IsEquation17Corrected) {
  const GaussianMixture problem = mixture();
  for (const Index N : {1, 3, 6, 60}) {
    const double rho = static_cast<double>(N) / 6;
    const auto [rf, nt, nn] = limit::comparison(problem, N);
    EXPECT_NEAR(rf, rf_of_equation_17(problem, rho / (1 + rho)), kRounding);
    const double missing = std::max(1 - rho, 0.0);
    const double kappa =
        1 - missing * missing * (1 - problem.trace_ratio()) - missing * problem.trace_ratio();
    EXPECT_NEAR(nt, 1 / (1 + kappa * problem.delta().squaredNorm() / 2), kRounding);
    EXPECT_EQ(nn, limit::nn_ratio(problem, N, SecondLayerSign::free));
  }
}

TEST(Comparison, PrintedEquation17ContradictsTheorem4) {
  // Delta_i uniform on {1, 1.5, 2}/sqrt(d), replaced by equal shares: tr(Delta)^2/(2d) = 1.125.
  constexpr Index d = 450;
  const Vector delta = Vector::NullaryExpr(
      d, [](Index i) { return (1 + 0.5 * static_cast<double>(i % 3)) / std::sqrt(450.0); });
  const GaussianMixture problem(delta);
  const double theorem_4 = limit::rf_ratio(problem, FirstLayerLaw::isotropic(problem), quadratic(), 1.0);
  EXPECT_NEAR(theorem_4, rf_of_equation_17(problem, 1.0 / 2), kRounding);
  EXPECT_NEAR(theorem_4, 0.640, 5e-4);
  EXPECT_NEAR(rf_of_equation_17(problem, 1.0 / 3), 0.727, 5e-4);
  // As rho -> infinity the printed form keeps half of what eq. (16) says is explained.
  const double wide = limit::rf_ratio_wide(problem, FirstLayerLaw::isotropic(problem));
  EXPECT_NEAR(wide, rf_of_equation_17(problem, 1), kRounding);
  EXPECT_GT(rf_of_equation_17(problem, 1.0 / 2), wide + 0.1);
}

TEST(Comparison, OrdersTheRegimes) {
  // For these two targets RF(I) > NT(I) > NN at every N below d.
  for (const Problem& problem : {Problem(function()), Problem(mixture())})
    for (Index N = 2; N < 6; ++N) {
      const auto [rf, nt, nn] = limit::comparison(problem, N);
      EXPECT_GT(rf, nt) << N;
      EXPECT_GT(nt, nn) << N;
    }
}

TEST(BayesRatio, BoundsEveryNetworkFromBelow) {
  EXPECT_LT(limit::bayes_ratio(mixture()), limit::nn_ratio(mixture(), 6, SecondLayerSign::free));
  // mu = ||Delta||_F^2 = 2e-4: 1 - mu/2 + mu^2/4 and a third order below 1e-11.
  const GaussianMixture faint(Vector{{1e-2, 1e-2}});
  EXPECT_NEAR(limit::bayes_ratio(faint), 1 - 1e-4 + 1e-8, 1e-11);
}

}  // namespace
}  // namespace lazygap
