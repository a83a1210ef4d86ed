#include "lazygap/network/first_layer.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <limits>
#include <string>

#include "lazygap/network/regime.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::message;

constexpr double kStandardErrors = 4.5;  // the largest of some 20 z-scores
constexpr double kRounding = 1e-14;

const Problem kQf = PolynomialTarget(Vector{{1.0, 2.0, 5.0}});
const Problem kMg = GaussianMixture(Vector{{2.0, 0.5, 1.0}}, Vector{{1.0, 0.2, 0.4}});

TEST(FirstLayer, LawsAreNormalised) {
  // tr(Gamma) = 1 on qf, tr(Gamma Sigma) = 1 on mg.
  for (const auto& law : {FirstLayerLaw::isotropic(kQf), FirstLayerLaw::aligned(kQf),
                          FirstLayerLaw::diagonal(kQf, Vector{{0, 3, 1}})})
    EXPECT_NEAR(law.gamma().sum(), 1, kRounding);
  const Vector sigma{{2.0, 0.5, 1.0}};
  for (const auto& law : {FirstLayerLaw::isotropic(kMg), FirstLayerLaw::aligned(kMg),
                          FirstLayerLaw::diagonal(kMg, Vector{{0, 3, 1}})})
    EXPECT_NEAR(law.gamma().dot(sigma), 1, kRounding);
}

TEST(FirstLayer, LawsAreProportionalToWhatTheySay) {
  EXPECT_TRUE(FirstLayerLaw::isotropic(kQf).gamma().isApprox(Vector::Constant(3, 1.0 / 3)));
  EXPECT_TRUE(FirstLayerLaw::aligned(kQf).gamma().isApprox(Vector{{1, 2, 5}} / 8));
  EXPECT_TRUE(FirstLayerLaw::isotropic(kMg).gamma().isApprox(Vector::Constant(3, 1 / 3.5)));
  // Sigma^{-1/2} D Sigma^{-1/2} / tr D = Delta Sigma^{-2} / tr D.
  EXPECT_TRUE(FirstLayerLaw::aligned(kMg).gamma().isApprox(Vector{{0.25, 0.8, 0.4}} / (0.5 + 0.4 + 0.4)));
}

TEST(FirstLayer, NeuronsHaveTheCovarianceGamma) {
  constexpr Index N = 40000;
  const FirstLayerLaw law = FirstLayerLaw::aligned(kQf);
  const Matrix W = law.sample(N, 1, 0);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j) {
      const double expected = i == j ? law.gamma()[i] : 0;
      const double se = std::sqrt(law.gamma()[i] * law.gamma()[j] * (i == j ? 2.0 : 1.0) / N);
      EXPECT_LT(std::abs(W.row(i).dot(W.row(j)) / N - expected), kStandardErrors * se) << i << " " << j;
    }
}

TEST(FirstLayer, ANarrowNetworkIsThePartOfAWideOne) {
  const FirstLayerLaw law = FirstLayerLaw::isotropic(kQf);
  const Matrix wide = law.sample(7, 1, 2);
  EXPECT_EQ(law.sample(3, 1, 2), wide.leftCols(3));
  EXPECT_NE(law.sample(7, 1, 3), wide);
  EXPECT_NE(law.sample(7, 2, 2), wide);
  EXPECT_NE(law.sample(7, 1, 2, Purpose::initial_weights), wide);
}

// Not diagonal, and singular.
const Matrix kGamma =
    Vector{{1, 2, 0}} * Vector{{1, 2, 0}}.transpose() + Vector{{0, 1, -1}} * Vector{{0, 1, -1}}.transpose();
const Problem kFullMg =
    GaussianMixture::from_matrices(Matrix{{2.0, 0.3, -0.4}, {0.3, 1.0, 0.2}, {-0.4, 0.2, 0.7}},
                                   Matrix{{0.5, 0.1, 0}, {0.1, 0.3, 0.1}, {0, 0.1, 0.2}});

TEST(FirstLayer, AlignedIsThatOfTheQuadraticPart) {
  Matrix beta(3, 3);
  beta << 1, 1, 0, 0, 2, 0, 0, 5, 1;
  EXPECT_EQ(FirstLayerLaw::aligned(PolynomialTarget::from_hermite(beta)).gamma(),
            FirstLayerLaw::aligned(kQf).gamma());
}

TEST(FullFirstLayer, LawsAreNormalised) {
  for (const Problem& problem : {kQf, kMg, kFullMg}) {
    const auto* mg = std::get_if<GaussianMixture>(&problem);
    const Matrix Sigma = mg == nullptr ? Matrix(Matrix::Identity(3, 3)) : mg->sigma_matrix();
    for (const auto& law :
         {FirstLayerLaw::isotropic(problem), FirstLayerLaw::aligned(problem),
          FirstLayerLaw::diagonal(problem, Vector{{0, 3, 1}}), FirstLayerLaw::full(problem, kGamma)}) {
      EXPECT_NEAR((law.covariance() * Sigma).trace(), 1, kRounding * 10);
      EXPECT_EQ(law.dimension(), 3);
    }
    const Matrix Gamma = FirstLayerLaw::full(problem, kGamma).covariance();
    EXPECT_TRUE(Gamma.isApprox(kGamma * (Gamma(1, 1) / kGamma(1, 1)), kRounding));
  }
}

TEST(FullFirstLayer, AlignedIsItsFormula) {
  const auto& mg = std::get<GaussianMixture>(kFullMg);
  // Sigma^{-1/2} D Sigma^{-1/2} = Sigma^{-1} Delta Sigma^{-1}, tr D = tr(Delta Sigma^{-1}).
  const Matrix inverse = mg.sigma_matrix().inverse();
  const Matrix expected = inverse * mg.delta_matrix() * inverse / (mg.delta_matrix() * inverse).trace();
  EXPECT_TRUE(FirstLayerLaw::aligned(kFullMg).covariance().isApprox(expected, 1e-12));
}

TEST(FullFirstLayer, NeuronsHaveTheCovarianceGamma) {
  constexpr Index N = 40000;
  const FirstLayerLaw law = FirstLayerLaw::full(kFullMg, kGamma);
  const Matrix W = law.sample(N, 1, 0), Gamma = law.covariance();
  EXPECT_FALSE(law.is_diagonal());
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j) {
      const double se = std::sqrt((Gamma(i, i) * Gamma(j, j) + Gamma(i, j) * Gamma(i, j)) / N);
      EXPECT_LT(std::abs(W.row(i).dot(W.row(j)) / N - Gamma(i, j)), kStandardErrors * se) << i << " " << j;
    }
  EXPECT_EQ(law.sample(37, 1, 0), W.leftCols(37));
  // Singular: Gamma (2, -1, -1)^T = 0.
  EXPECT_LT((W.transpose() * Vector{{2, -1, -1}}).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(FullFirstLayer, ADiagonalMatrixIsTheDiagonalLaw) {
  const Vector gamma{{2, 0, 1}};
  for (const Problem& problem : {kQf, kMg}) {
    const auto full = FirstLayerLaw::full(problem, gamma.asDiagonal()),
               diagonal = FirstLayerLaw::diagonal(problem, gamma);
    EXPECT_TRUE(full.is_diagonal());
    EXPECT_EQ(full.sample(5, 1, 0), diagonal.sample(5, 1, 0));
    EXPECT_EQ(full.covariance(), diagonal.covariance());
  }
}

TEST(FullFirstLayer, TheSymmetricRootTurnsWithGamma) {
  // (Q Gamma Q^T)^{1/2} = Q Gamma^{1/2} Q^T, which no other root obeys: W of the turned law is Q Gamma^{1/2}
  // Q^T Z.
  const Matrix Q{{0.6, 0.8, 0}, {-0.8, 0.6, 0}, {0, 0, 1}};
  const Vector gamma{{0.5, 0.3, 0.2}};
  const Matrix Z = FirstLayerLaw::diagonal(kQf, Vector::Ones(3)).sample(4, 1, 0) * std::sqrt(3.0);
  const Matrix W = FirstLayerLaw::full(kQf, Q * gamma.asDiagonal() * Q.transpose()).sample(4, 1, 0);
  EXPECT_TRUE(W.isApprox(Q * gamma.cwiseSqrt().asDiagonal() * Q.transpose() * Z, 1e-12));
}

TEST(FullFirstLayer, RefusesBadArguments) {
  const auto full = [](const Matrix& gamma) {
    return message([&] { return FirstLayerLaw::full(kQf, gamma); });
  };
  EXPECT_EQ(full(Matrix::Ones(3, 2)), "FirstLayerLaw::full: gamma is 3 x 2, but must be square");
  EXPECT_EQ(full(Matrix::Ones(2, 2)),
            "FirstLayerLaw::full: gamma has size 2, but must have the dimension d = 3");
  Matrix gamma = kGamma;
  gamma(0, 1) += 1;
  EXPECT_EQ(full(gamma),
            "FirstLayerLaw::full: gamma[0,1] is 3 and gamma[1,0] is 2, but the matrix must be symmetric");
  gamma(0, 1) = std::numeric_limits<double>::infinity();
  EXPECT_EQ(full(gamma), "FirstLayerLaw::full: gamma[0,1] is inf, but must be finite");
  EXPECT_EQ(
      full(Matrix{{0, 2, 0}, {2, 3, 0}, {0, 0, 1}}),
      "FirstLayerLaw::full: the smallest eigenvalue of gamma is -1, but gamma must be positive semidefinite");
  EXPECT_EQ(full(Matrix::Zero(3, 3)),
            "FirstLayerLaw::diagonal: the trace of Gamma is 0, but must be positive and finite");
  EXPECT_EQ(message([] { return FirstLayerLaw::full(kQf, kGamma).gamma(); }),
            "FirstLayerLaw::gamma: Gamma is not diagonal; use covariance");
  EXPECT_EQ(
      message([] {
        return FirstLayerLaw::aligned(PolynomialTarget::from_hermite(Matrix{{1, 0, 1}}));
      }),
      "FirstLayerLaw::aligned: RF(Gamma*) needs a quadratic part of f*, but its only parts are of other "
      "degrees, up to 3");
}

TEST(Biases, AreNormalOfTheirOwn) {
  constexpr Index N = 40000;
  const Vector b = sample_biases(0.5, N, 1, 0);
  EXPECT_LT(std::abs(b.mean()) / (0.5 / std::sqrt(N)), kStandardErrors);
  EXPECT_LT(std::abs(b.squaredNorm() / N - 0.25) / (0.25 * std::sqrt(2.0 / N)), kStandardErrors);
  EXPECT_EQ(sample_biases(0.5, 7, 1, 0), b.head(7));
  EXPECT_EQ(sample_biases(1, 7, 1, 0), 2 * b.head(7));
  EXPECT_NE(sample_biases(0.5, 7, 1, 1), b.head(7));
  EXPECT_NE(sample_biases(0.5, 7, 2, 0), b.head(7));
  // Not the numbers of the weights.
  EXPECT_NE(FirstLayerLaw::isotropic(PolynomialTarget(Vector{{1}})).sample(7, 1, 0).transpose() / 2,
            b.head(7));
}

TEST(Biases, OfNoVarianceAreNone) {
  EXPECT_EQ(sample_biases(0, 5, 1, 0).size(), 0);
  EXPECT_EQ(message([] { return sample_biases(-1, 5, 1, 0); }),
            "sample_biases: tau is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message([] { return sample_biases(1, 0, 1, 0); }),
            "sample_biases: neurons is 0, but must be at least 1");
}

TEST(FirstLayer, RefusesBadArguments) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto diagonal = [](Vector gamma) {
    return message([&] { return FirstLayerLaw::diagonal(kQf, gamma); });
  };
  EXPECT_EQ(diagonal(Vector{{1, 1}}),
            "FirstLayerLaw::diagonal: gamma has size 2, but must have the dimension d = 3");
  EXPECT_EQ(diagonal(Vector{{1, kNan, 1}}), "FirstLayerLaw::diagonal: gamma[1] is nan, but must be finite");
  EXPECT_EQ(diagonal(Vector{{1, 1, -2}}),
            "FirstLayerLaw::diagonal: gamma[2] is -2, but must be zero or positive");
  EXPECT_EQ(diagonal(Vector::Zero(3)),
            "FirstLayerLaw::diagonal: the trace of Gamma is 0, but must be positive and finite");
  EXPECT_EQ(message([] { return FirstLayerLaw::isotropic(kQf).sample(0, 1, 0); }),
            "FirstLayerLaw::sample: neurons is 0, but must be at least 1");
  const std::string indefinite = message([] {
    return FirstLayerLaw::aligned(PolynomialTarget(Vector{{1.0, -0.5}}));
  });
  EXPECT_NE(indefinite.find("RF(Gamma*) needs a positive semidefinite B"), std::string::npos) << indefinite;
  EXPECT_NE(indefinite.find("-0.5"), std::string::npos) << indefinite;
}

TEST(Regime, NamesGoBothWays) {
  for (const Regime regime :
       {Regime::rf_isotropic, Regime::rf_aligned, Regime::rf, Regime::nt, Regime::nn, Regime::bayes})
    EXPECT_EQ(regime_from_string(to_string(regime)), regime);
  EXPECT_EQ(regime_from_string("NT(I)"), Regime::nt);
  EXPECT_EQ(message([] { return regime_from_string("NTK"); }),
            "'NTK' is not a regime; accepted are RF(I), RF(Gamma*), RF, NT, NN, Bayes");
}

TEST(Regime, ChoosesTheLawOfTheFirstLayer) {
  EXPECT_TRUE(is_rf(Regime::rf) && is_rf(Regime::rf_isotropic) && is_rf(Regime::rf_aligned));
  EXPECT_FALSE(is_rf(Regime::nt) || is_rf(Regime::nn) || is_rf(Regime::bayes));
  EXPECT_EQ(first_layer_law(Regime::rf_aligned, kQf).gamma(), FirstLayerLaw::aligned(kQf).gamma());
  EXPECT_EQ(first_layer_law(Regime::nt, kQf).gamma(), FirstLayerLaw::isotropic(kQf).gamma());
  EXPECT_TRUE(
      first_layer_law(Regime::rf, kQf, Vector{{2, 1, 1}}).gamma().isApprox(Vector{{0.5, 0.25, 0.25}}));
  EXPECT_EQ(first_layer_law(Regime::rf, kQf, kGamma).covariance(),
            FirstLayerLaw::full(kQf, kGamma).covariance());
}

}  // namespace
}  // namespace lazygap
