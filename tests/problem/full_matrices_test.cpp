#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lazygap/exact/bayes.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "lazygap/limit/limit.h"
#include "lazygap/problem/rotation.h"
#include "support/message.h"

/// Problems given by matrices that are not diagonal.
namespace lazygap {
namespace {

using test::message;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Sums of a few hundred products of numbers of order 1, some through a matrix inverse of condition 10.
constexpr double kRounding = 1e-12;
// Central differences of a quadratic function: rounding divided by the step 1e-3.
constexpr double kDifferences = 1e-9;
constexpr Index kDimension = 8;

const Matrix kSigma{{2.0, 0.3, -0.4}, {0.3, 1.0, 0.2}, {-0.4, 0.2, 0.7}};
const Matrix kDelta{{0.5, -0.3, 0.1}, {-0.3, 0.2, 0.2}, {0.1, 0.2, -0.3}};  // does not commute with Sigma
const Matrix kForm{{0.3, -0.2, 0.1}, {-0.2, 0.4, 0.3}, {0.1, 0.3, -0.5}};

const Vector kSpectrum = Vector::LinSpaced(kDimension, -0.5, 0.8);
const Vector kVariances = Vector::LinSpaced(kDimension, 0.6, 1.7);

/// The same problem in the coordinates of the data x and in the coordinates Q x.
struct Rotated {
  Matrix Q = haar_rotation(kDimension, 3);
  GaussianMixture problem{kVariances, kVariances.cwiseProduct(kSpectrum)};
  GaussianMixture rotated =
      GaussianMixture::from_matrices(turn(problem.sigma_matrix()), turn(problem.delta_matrix()));

  [[nodiscard]] Matrix turn(const Matrix& M) const { return Q * M * Q.transpose(); }
};

TEST(FullMixture, MixingTakesWhitenedCoordinatesToTheData) {
  const GaussianMixture problem = GaussianMixture::from_matrices(kSigma, kDelta);
  const Matrix& M = problem.mixing();
  EXPECT_FALSE(problem.is_diagonal());
  EXPECT_EQ(problem.dimension(), 3);
  EXPECT_TRUE((M * M.transpose()).isApprox(kSigma, kRounding));
  EXPECT_TRUE((M * problem.whitened_delta().asDiagonal() * M.transpose()).isApprox(kDelta, kRounding));
  EXPECT_EQ(problem.sigma_matrix(), kSigma);
  EXPECT_EQ(problem.delta_matrix(), kDelta);
  EXPECT_TRUE(problem.class_covariance(+1).isApprox(kSigma - kDelta));
  EXPECT_TRUE(problem.class_covariance(-1).isApprox(kSigma + kDelta));
  EXPECT_TRUE(problem.whiten_neurons(kForm).isApprox(M.transpose() * kForm));
  EXPECT_TRUE(problem.sigma_times(kForm).isApprox(kSigma * kForm));
  EXPECT_TRUE(problem.delta_times(kForm).isApprox(kDelta * kForm));
}

TEST(FullMixture, RiskIsItsFormula) {
  const GaussianMixture problem = GaussianMixture::from_matrices(kSigma, kDelta);
  const double with_delta = (kForm * kDelta).trace(), mean = 0.4 + (kForm * kSigma).trace();
  const double expected = (1 + with_delta) * (1 + with_delta) + mean * mean +
                          2 * (kForm * kSigma * kForm * kSigma + kForm * kDelta * kForm * kDelta).trace();
  EXPECT_NEAR(problem.population_risk(kForm, 0.4), expected, kRounding);
}

TEST(FullMixture, GradientAgreesWithDifferences) {
  constexpr double kStep = 1e-3;
  const GaussianMixture problem = GaussianMixture::from_matrices(kSigma, kDelta);
  double gradient_c = 0;
  const Matrix gradient = problem.population_gradient(kForm, 0.8, &gradient_c);
  const auto slope = [&](const Matrix& dS, double dc) {
    return (problem.population_risk(kForm + dS, 0.8 + dc) - problem.population_risk(kForm - dS, 0.8 - dc)) /
           (2 * kStep);
  };
  EXPECT_NEAR(gradient_c, slope(Matrix::Zero(3, 3), kStep), kDifferences);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j) {
      Matrix step = Matrix::Zero(3, 3);
      step(i, j) += kStep / 2;
      step(j, i) += kStep / 2;
      EXPECT_NEAR(gradient(i, j), slope(step, 0), kDifferences) << i << " " << j;
    }
}

TEST(FullMixture, DiagonalMatricesGiveTheDiagonalProblem) {
  const GaussianMixture diagonal(kVariances, kVariances.cwiseProduct(kSpectrum));
  const auto full = GaussianMixture::from_matrices(diagonal.sigma_matrix(), diagonal.delta_matrix());
  ASSERT_TRUE(full.is_diagonal());
  EXPECT_EQ(full.sigma(), diagonal.sigma());
  EXPECT_EQ(full.delta(), diagonal.delta());
  EXPECT_EQ(full.whitened_delta(), diagonal.whitened_delta());
  EXPECT_TRUE(GaussianMixture::from_matrices(Matrix{{2}}, Matrix{{-1}}).is_diagonal());
  // One of the two is enough to need the matrices.
  EXPECT_FALSE(GaussianMixture::from_matrices(Matrix::Identity(3, 3), kDelta).is_diagonal());
  EXPECT_FALSE(GaussianMixture::from_matrices(kSigma, 0.1 * Matrix::Identity(3, 3)).is_diagonal());
}

TEST(FullMixture, RisksDoNotDependOnTheCoordinates) {
  const Rotated pair;
  ASSERT_FALSE(pair.rotated.is_diagonal());
  EXPECT_TRUE(pair.rotated.whitened_delta().isApprox(kSpectrum, kRounding));
  const Vector gamma = Vector::LinSpaced(kDimension, 0, 2);
  const auto law = FirstLayerLaw::diagonal(pair.problem, gamma);
  const auto rotated_law = FirstLayerLaw::full(pair.rotated, pair.turn(gamma.asDiagonal()));
  const HermiteSummary relu = activation_from_name("relu").hermite;
  for (const double rho : {0.3, 2.0})
    EXPECT_NEAR(limit::rf_ratio(pair.rotated, rotated_law, relu, rho),
                limit::rf_ratio(pair.problem, law, relu, rho), kRounding);
  EXPECT_NEAR(limit::rf_ratio_wide(pair.rotated, rotated_law), limit::rf_ratio_wide(pair.problem, law),
              kRounding);
  EXPECT_NEAR(limit::rf_ratio(pair.rotated, FirstLayerLaw::isotropic(pair.rotated), relu, 1.0),
              limit::rf_ratio(pair.problem, FirstLayerLaw::isotropic(pair.problem), relu, 1.0), kRounding);
  EXPECT_NEAR(limit::bayes_ratio(pair.rotated), limit::bayes_ratio(pair.problem), kRounding);
  EXPECT_NEAR(exact::bayes(pair.rotated), exact::bayes(pair.problem), kRounding);
  for (const Index N : {1, 3, 11}) {
    const Matrix W = law.sample(N, 1, 0), rotated_W = pair.Q * W, S = W * W.transpose();
    EXPECT_NEAR(pair.rotated.population_risk(pair.turn(S), 0.2), pair.problem.population_risk(S, 0.2),
                kRounding);
    EXPECT_NEAR(exact::rf(pair.rotated, {.W = rotated_W}).risk, exact::rf(pair.problem, {.W = W}).risk,
                kRounding)
        << N;
    EXPECT_NEAR(exact::nt(pair.rotated, {.W = rotated_W}).risk, exact::nt(pair.problem, {.W = W}).risk,
                kRounding)
        << N;
    EXPECT_NEAR(limit::nt_ratio_given_weights(pair.rotated, rotated_W),
                limit::nt_ratio_given_weights(pair.problem, W), kRounding);
    EXPECT_NEAR(limit::nn_ratio(pair.rotated, N, SecondLayerSign::free),
                limit::nn_ratio(pair.problem, N, SecondLayerSign::free), kRounding);
    EXPECT_NEAR(exact::nn(pair.rotated, N, SecondLayerSign::free).risk,
                exact::nn(pair.problem, N, SecondLayerSign::free).risk, kRounding);
  }
}

TEST(FullMixture, TheRisksOfAnyActivationDoNotDependOnTheCoordinates) {
  // Conjugate gradients for NT stop at a relative residual of about 1e-10.
  constexpr double kSolved = 1e-8;
  const Rotated pair;
  const Activation softplus = activation_from_name("softplus");
  const Matrix W = FirstLayerLaw::isotropic(pair.problem).sample(5, 1, 0);
  const Vector biases = sample_biases(0.5, 5, 1, 0);
  EXPECT_NEAR(exact::rf(pair.rotated, {.activation = softplus, .W = pair.Q * W, .biases = biases}).risk,
              exact::rf(pair.problem, {.activation = softplus, .W = W, .biases = biases}).risk, kSolved);
  EXPECT_NEAR(exact::nt(pair.rotated, {.activation = softplus, .W = pair.Q * W, .biases = biases}).risk,
              exact::nt(pair.problem, {.activation = softplus, .W = W, .biases = biases}).risk, kSolved);
}

TEST(FullMixture, RoundingMakesNoEigenvalues) {
  // Delta of rank 2, and semidefinite, in coordinates that hide it.
  const Matrix Q = haar_rotation(kDimension, 4);
  Vector spectrum = Vector::Zero(kDimension);
  spectrum.head(2) << 0.5, 0.25;
  const auto problem = GaussianMixture::from_matrices(Matrix::Identity(kDimension, kDimension),
                                                      Q * spectrum.asDiagonal() * Q.transpose());
  EXPECT_EQ(problem.whitened_delta().head(kDimension - 2), Vector::Zero(kDimension - 2));
  EXPECT_TRUE(problem.sigma_is_identity());
  EXPECT_NO_THROW((void)FirstLayerLaw::aligned(problem));
}

TEST(FullMixture, RefusesBadArguments) {
  const auto from = [](const Matrix& sigma, const Matrix& delta) {
    return message([&] { return GaussianMixture::from_matrices(sigma, delta); });
  };
  EXPECT_EQ(from(Matrix(0, 0), kDelta),
            "GaussianMixture::from_matrices: sigma is empty, but must have at least one entry");
  EXPECT_EQ(from(Matrix::Ones(2, 3), kDelta),
            "GaussianMixture::from_matrices: sigma is 2 x 3, but must be square");
  EXPECT_EQ(from(kSigma, Matrix::Ones(2, 2)),
            "GaussianMixture::from_matrices: delta has size 2, but must have the size of sigma = 3");
  Matrix delta = kDelta;
  delta(2, 1) = kNan;
  EXPECT_EQ(from(kSigma, delta), "GaussianMixture::from_matrices: delta[2,1] is nan, but must be finite");
  delta(2, 1) = 0.25;
  EXPECT_EQ(from(kSigma, delta),
            "GaussianMixture::from_matrices: delta[1,2] is 0.2 and delta[2,1] is 0.25, but the matrix must "
            "be symmetric");
  delta(2, 1) = kDelta(2, 1) * (1 + 1e-13);  // rounding
  EXPECT_EQ(from(kSigma, delta), "no error");
  EXPECT_EQ(from(kSigma, Matrix::Zero(3, 3)),
            "GaussianMixture::from_matrices: delta is all 0, but at least one entry must differ from 0");
  EXPECT_EQ(from(Matrix{{1, 2}, {2, 1}}, Matrix{{0.1, 0}, {0, 0.1}}),
            "GaussianMixture::from_matrices: the smallest eigenvalue of sigma is -1, but sigma must be "
            "positive definite");
  EXPECT_EQ(from(Matrix{{2, 1}, {1, 2}} * 1e9, Matrix{{0.1, 0}, {0, 0.1}}),
            "GaussianMixture::from_matrices: the eigenvalues of sigma are from 1e+09 to 3e+09, but must be "
            "from 1e-08 to 100000000");
  const std::string needed =
      "GaussianMixture::from_matrices: the class covariances Sigma - Delta and Sigma + Delta must be "
      "positive "
      "definite, but the smallest eigenvalue of Sigma ";
  EXPECT_EQ(from(Matrix::Identity(2, 2), Matrix{{1, 1}, {1, 1}}), needed + "- Delta is -1");
  EXPECT_EQ(from(Matrix::Identity(2, 2), Matrix{{-1.5, 0.5}, {0.5, -1.5}}), needed + "+ Delta is -1");
  // Singular, whatever rounding makes of it.
  const Matrix Q = haar_rotation(kDimension, 5);
  Vector spectrum = kSpectrum;
  spectrum[0] = 1;
  EXPECT_NE(from(Matrix::Identity(kDimension, kDimension), Q * spectrum.asDiagonal() * Q.transpose()),
            "no error");

  const GaussianMixture problem = GaussianMixture::from_matrices(kSigma, kDelta);
  EXPECT_EQ(message([&] { return problem.sigma(); }),
            "GaussianMixture::sigma: the matrices are not diagonal; use sigma_matrix");
  EXPECT_EQ(message([&] { return problem.delta(); }),
            "GaussianMixture::delta: the matrices are not diagonal; use delta_matrix");
  EXPECT_EQ(message([&] { return problem.whiten_neurons(Matrix::Zero(2, 2)); }),
            "GaussianMixture::whiten_neurons: W has size 2, but must have the dimension d = 3");
  EXPECT_EQ(message([&] { return problem.population_risk(Matrix::Zero(2, 2), 0); }),
            "GaussianMixture::population_risk: S has size 2, but must have the dimension d = 3");
}

TEST(Diagonalise, GivesEigenvaluesAndTheirBasis) {
  const auto [target, basis] = diagonalise(kForm, 0.3);
  EXPECT_TRUE((basis * target.eigenvalues().asDiagonal() * basis.transpose()).isApprox(kForm, kRounding));
  EXPECT_TRUE((basis.transpose() * basis).isIdentity(kRounding));
  for (Index j = 0; j < 3; ++j) EXPECT_EQ(basis.col(j).maxCoeff(), basis.col(j).cwiseAbs().maxCoeff());
  EXPECT_EQ(target.offset(), 0.3);
  EXPECT_NEAR(diagonalise(kForm).target.mean(), 0, kRounding);
  EXPECT_TRUE(target.is_quadratic());
}

TEST(Diagonalise, KeepsADiagonalMatrix) {
  const Vector b{{2, -1, 0.5}};
  const auto [target, basis] = diagonalise(b.asDiagonal());
  EXPECT_EQ(target.eigenvalues(), b);
  EXPECT_EQ(basis, Matrix::Identity(3, 3));
  EXPECT_EQ(diagonalise(Matrix{{-3}}).target.eigenvalues(), Vector{{-3}});
}

TEST(Diagonalise, KeepsTheRankAndTheSemidefiniteness) {
  const Matrix Q = haar_rotation(kDimension, 6);
  const Matrix B = Q.leftCols(3) * Vector{{1, 2, 5}}.asDiagonal() * Q.leftCols(3).transpose();
  const PolynomialTarget target = diagonalise(B).target;
  EXPECT_EQ(target.eigenvalues().head(kDimension - 3), Vector::Zero(kDimension - 3));
  EXPECT_NEAR(limit::nn_ratio(target, 2, SecondLayerSign::free), 1.0 / 30, kRounding);
  EXPECT_EQ(limit::nn_ratio(target, 3, SecondLayerSign::free), 0);
}

TEST(Diagonalise, AGammaOfTheDataFollows) {
  // RF(Gamma = B) is RF(Gamma*), in whatever coordinates both were given.
  const Matrix Q = haar_rotation(kDimension, 7);
  const Vector b = Vector::LinSpaced(kDimension, 0.2, 3), gamma = Vector::LinSpaced(kDimension, 2, 1);
  const auto [target, basis] = diagonalise(Q * b.asDiagonal() * Q.transpose());
  const Matrix Gamma = basis.transpose() * (Q * gamma.asDiagonal() * Q.transpose()) * basis;
  const PolynomialTarget plain(b);
  const HermiteSummary relu = activation_from_name("relu").hermite;
  EXPECT_NEAR(limit::rf_ratio(target, FirstLayerLaw::full(target, Gamma), relu, 0.7),
              limit::rf_ratio(plain, FirstLayerLaw::diagonal(plain, gamma), relu, 0.7), kRounding);
}

TEST(Diagonalise, RefusesBadArguments) {
  EXPECT_EQ(message([] { return diagonalise(Matrix(0, 0)); }),
            "diagonalise: B is empty, but must have at least one entry");
  EXPECT_EQ(message([] { return diagonalise(Matrix::Ones(3, 1)); }),
            "diagonalise: B is 3 x 1, but must be square");
  EXPECT_EQ(message([] {
              return diagonalise(Matrix{{1, 2}, {3, 1}});
            }),
            "diagonalise: B[0,1] is 2 and B[1,0] is 3, but the matrix must be symmetric");
  EXPECT_EQ(message([] {
              return diagonalise(Matrix{{1, kNan}, {kNan, 1}});
            }),
            "diagonalise: B[1,0] is nan, but must be finite");
  EXPECT_EQ(message([] { return diagonalise(Matrix::Zero(2, 2)); }),
            "PolynomialTarget: eigenvalues are all 0, but at least one must differ from 0");
}

}  // namespace
}  // namespace lazygap
