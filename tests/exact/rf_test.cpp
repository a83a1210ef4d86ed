#include "lazygap/exact/rf.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <vector>

#include "exact/problems.h"
#include "lazygap/core/error.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"
#include "reference/exact_quadratic.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::neurons;
using test::problems;

// The reference subtracts R0 - v^T K^+ v with an eigenvalue cut at 1e-12: about half of the digits are left
// in the worst of these small problems.
constexpr double kReferenceAccuracy = 1e-8;
// Risks as sums of squares of differences of O(1) matrices with errors of 1e-10 at most.
constexpr double kZeroRisk = 1e-18;

TEST(ExactRf, AgreesWithWickSums) {
  struct Size {
    Index d, N;
  };
  for (const Size size : {Size{1, 1}, Size{1, 3}, Size{2, 1}, Size{2, 3}, Size{2, 6}, Size{3, 2}, Size{3, 7},
                          Size{3, 12}, Size{4, 4}, Size{4, 10}, Size{4, 15}})
    for (const Problem& problem : test::quadratic_problems(size.d)) {
      const Matrix W = neurons(size.d, size.N, 0);
      const Answer risk = exact::rf(problem, {.W = W});
      EXPECT_EQ(risk.status, Status::ok);
      EXPECT_EQ(risk.diagnostics.rank, std::min(size.N, size.d * (size.d + 1) / 2 + 1));
      EXPECT_NEAR(risk.risk, reference::rf_risk(problem, W), kReferenceAccuracy * null_risk(problem))
          << "d = " << size.d << ", N = " << size.N << ", problem " << problem.index();
    }
}

TEST(ExactRf, LeavesTheOtherDegreesUnexplained) {
  const PolynomialTarget target = test::target_of_every_degree(5);
  const PolynomialTarget quadratic(target.eigenvalues(), target.offset());
  const Matrix W = neurons(5, 3, 1);
  EXPECT_NEAR(exact::rf(target, {.W = W}).risk, exact::rf(quadratic, {.W = W}).risk + target.rest_risk(),
              1e-12 * target.null_risk());
  Matrix cubic = Matrix::Zero(5, 3);
  cubic(2, 2) = 1.5;
  const PolynomialTarget unseen = PolynomialTarget::from_hermite(cubic);
  EXPECT_DOUBLE_EQ(exact::rf(unseen, {.W = W}).risk, unseen.null_risk());
}

TEST(ExactRf, AllQuadraticFormsAreReachedOnceThereAreEnoughNeurons) {
  for (const Index d : {1, 2, 5, 20}) {
    const Index all = d * (d + 1) / 2 + 1;
    const Matrix W = neurons(d, all + 30, 1);
    const PolynomialTarget qf = test::shifted_polynomial_target(d);
    const Answer fitted = exact::rf(qf, {.W = W});
    EXPECT_EQ(fitted.diagnostics.rank, all);
    EXPECT_GE(fitted.risk, 0);
    EXPECT_LT(fitted.risk, kZeroRisk * qf.null_risk());

    const GaussianMixture mg = test::scaled_mixture(d);
    const auto squares = mg.whitened_delta().array().square();
    EXPECT_NEAR(exact::rf(mg, {.W = W}).risk, 2 / (2 + (squares / (1 + squares)).sum()), 1e-12);
  }
}

TEST(ExactRf, RepeatedNeuronsChangeNothing) {
  for (const Problem& problem : problems(6)) {
    const Matrix W = neurons(6, 5, 2);
    Matrix repeated(6, 15);
    repeated << W, -W, W;
    const Answer once = exact::rf(problem, {.W = W}), thrice = exact::rf(problem, {.W = repeated});
    EXPECT_EQ(thrice.diagnostics.rank, 5);
    EXPECT_NEAR(thrice.risk, once.risk, 1e-12 * null_risk(problem));
  }
}

TEST(ExactRf, AVanishingNeuronIsAConstant) {
  // All of b0 + tr B beyond the quadratic part is the constant's; nothing else is fitted by it.
  const PolynomialTarget problem(Vector::LinSpaced(4, 1, 2), 3.0);
  EXPECT_NEAR(exact::rf(problem, {.W = Matrix::Zero(4, 1)}).risk, problem.null_risk(), 1e-12);
  const Answer risk = exact::rf(problem, {.W = Matrix::Zero(4, 3)});
  EXPECT_EQ(risk.diagnostics.rank, 1);
  EXPECT_NEAR(risk.risk, problem.null_risk(), 1e-12);
}

TEST(ExactRf, NeuronsOfVeryDifferentLengths) {
  for (const Problem& problem : problems(4)) {
    Matrix W = neurons(4, 8, 3);
    for (Index i = 0; i < 8; ++i) W.col(i) *= std::pow(10.0, static_cast<double>(i) - 2);
    const Answer risk = exact::rf(problem, {.W = W});
    EXPECT_EQ(risk.diagnostics.rank, 8);
    EXPECT_LT(risk.risk, null_risk(problem) + 1);
    // More neurons cannot do worse, whatever their length.
    EXPECT_LE(risk.risk, exact::rf(problem, {.W = W.leftCols(3)}).risk * (1 + 1e-10));
  }
}

TEST(ExactRf, MoreNeuronsNeverDoWorse) {
  for (const Problem& problem : problems(10)) {
    const Matrix W = neurons(10, 80, 4);
    double last = std::numeric_limits<double>::infinity();
    for (Index N = 1; N <= 80; ++N) {
      const double risk = exact::rf(problem, {.W = W.leftCols(N)}).risk;
      EXPECT_LE(risk, last + 1e-12) << N;
      last = risk;
    }
  }
}

TEST(ExactRf, PanelsOfTheGramMatrixFitTogether) {
  // Widths on both sides of the panel width, against the whole matrix at once.
  const GaussianMixture problem = test::scaled_mixture(40);
  const Matrix D = problem.delta().asDiagonal(), C = problem.sigma().asDiagonal();
  for (const Index N : {255, 256, 257, 520}) {
    const Matrix W = neurons(40, N, 5);
    const Matrix G = W.transpose() * C * W, H = W.transpose() * D * W;
    const Vector e = G.diagonal().array() - 1, h = H.diagonal();
    const Matrix K = 2 * (G.cwiseAbs2() + H.cwiseAbs2()) + e * e.transpose() + h * h.transpose();
    EXPECT_NEAR(exact::rf(problem, {.W = W}).risk, 1 - h.dot(K.llt().solve(h)), 1e-11) << N;
  }
}

/// Solutions with errors of 1e-16 times the inverse of the smallest pivot trusted, 1e6, and their risks.
constexpr double kSharedFactor = 1e-10;

void expect_the_single_risks(const Problem& problem, const Matrix& W, const std::vector<Index>& widths) {
  const std::vector<Answer> risks = exact::rf(problem, {.W = W}, widths);
  ASSERT_EQ(risks.size(), widths.size());
  for (std::size_t k = 0; k < widths.size(); ++k) {
    const Answer single = exact::rf(problem, {.W = W.leftCols(widths[k])});
    EXPECT_EQ(risks[k].status, Status::ok);
    EXPECT_EQ(risks[k].diagnostics.rank, single.diagnostics.rank) << widths[k];
    EXPECT_NEAR(risks[k].risk, single.risk, kSharedFactor * null_risk(problem)) << widths[k];
  }
}

TEST(ExactRf, NestedWidthsAreTheSingleOnes) {
  for (const Problem& problem : problems(30)) {
    const Matrix W = neurons(30, 300, 7);
    expect_the_single_risks(problem, W, {1});
    expect_the_single_risks(problem, W, {1, 2, 29, 30, 31, 255, 256, 257, 300});
    expect_the_single_risks(problem, W, {40, 90});  // the columns beyond are of no account
  }
}

TEST(ExactRf, NestedWidthsBeyondAllQuadraticForms) {
  // Rank 11: widths 12, 20 and 30 are singular.
  for (const Problem& problem : problems(4))
    expect_the_single_risks(problem, neurons(4, 30, 8), {3, 10, 11, 12, 20, 30});
  for (const Problem& problem : problems(1)) expect_the_single_risks(problem, neurons(1, 5, 8), {1, 2, 3, 5});
}

TEST(ExactRf, NestedWidthsWithRepeatedNeurons) {
  for (const Problem& problem : problems(6)) {
    Matrix W = neurons(6, 12, 9);
    W.col(5) = -W.col(2);
    W.col(9) = W.col(0);
    expect_the_single_risks(problem, W, {2, 5, 6, 9, 10, 12});
  }
}

TEST(ExactRf, LeastSquaresOnManySamplesTendsToIt) {
  constexpr Index kSamples = 200000;
  for (const Problem& problem : problems(3)) {
    const Matrix W = neurons(3, 4, 6);
    Matrix X(3, kSamples);
    Vector y(kSamples);
    draw_samples<double>(problem, {.seed = 5, .purpose = Purpose::fitting}, X, y);
    const Matrix features = (W.transpose() * X).array().square() - 1;
    const Vector a = (features * features.transpose()).ldlt().solve(features * y);
    const Vector squares = (y - features.transpose() * a).array().square();
    const double mean = squares.mean();
    const double se = std::sqrt((squares.array() - mean).square().mean() / kSamples);
    // Fitting four numbers lowers the mean by about 4 / kSamples of it, far below one standard error.
    EXPECT_LT(std::abs(mean - exact::rf(problem, {.W = W}).risk) / se, 4) << problem.index();
  }
}

TEST(ExactRf, FollowsTheorem4AndNotThePrintedEquation17) {
  // [GMMM19, eq. (17)] prints rho / (1 + 2 rho) where Theorem 4 gives rho / (1 + rho).
  constexpr Index d = 400;
  SpectrumLaw law{.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true};
  const GaussianMixture problem(draw_spectrum(law, d, 1));
  const double strength = std::pow(problem.delta().sum(), 2) / (2 * d);
  for (const double rho : {0.5, 1.0, 2.0}) {
    const auto N = static_cast<Index>(rho * d);
    const double risk = exact::rf(problem, {.W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0)}).risk;
    const double theorem = 1 / (1 + rho / (1 + rho) * strength);
    const double printed = 1 / (1 + rho / (1 + 2 * rho) * strength);
    EXPECT_LT(std::abs(risk - theorem), 0.01) << rho;  // fluctuations at d = 400 are about 0.003
    EXPECT_GT(std::abs(risk - printed), 0.04) << rho;
  }
}

TEST(ExactRf, RefusesWhatItCannotAnswer) {
  const auto message = [](const Matrix& W) -> std::string {
    try {
      static_cast<void>(exact::rf(test::polynomial_target(3), {.W = W}));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(Matrix::Ones(2, 4)),
            "exact::rf: a column of W has size 2, but must have the dimension d = 3");
  EXPECT_EQ(message(Matrix::Ones(3, 0)), "exact::rf: the number of neurons is 0, but must be at least 1");
  Matrix W = Matrix::Ones(3, 2);
  W(1, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message(W), "exact::rf: W[1,1] is nan, but must be finite");
  EXPECT_EQ(message(1e100 * Matrix::Ones(3, 2)),
            "solve_semidefinite: the diagonal of K[0] is inf, but must be finite");
  const auto widths = [](const std::vector<Index>& of) {
    return test::message(
        [&] { return exact::rf(test::polynomial_target(3), {.W = Matrix::Ones(3, 4)}, of); });
  };
  EXPECT_EQ(widths({}), "exact::rf: widths is empty, but must have at least one entry");
  EXPECT_EQ(widths({1, 5}), "exact::rf: widths has 5 after 1, but must be increasing, from 1 to 4");
  EXPECT_EQ(widths({2, 1}), "exact::rf: widths has 1 after 2, but must be increasing, from 1 to 4");
}

}  // namespace
}  // namespace lazygap
