#include "lazygap/exact/nt.h"

#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "exact/problems.h"
#include "lazygap/core/error.h"
#include "reference/exact_quadratic.h"

namespace lazygap {
namespace {

using test::neurons;
using test::problems;

// The reference subtracts R0 - v^T K^+ v with an eigenvalue cut at 1e-12.
constexpr double kReferenceAccuracy = 1e-9;

TEST(ExactNt, AgreesWithWickSums) {
  struct Size {
    Index d, N;
  };
  for (const Size size : {Size{1, 1}, Size{1, 2}, Size{2, 1}, Size{2, 3}, Size{3, 1}, Size{3, 2}, Size{4, 1},
                          Size{4, 2}, Size{4, 3}})
    for (const Problem& problem : test::quadratic_problems(size.d)) {
      const Matrix W = neurons(size.d, size.N, 0);
      const Answer risk = exact::nt(problem, {.W = W});
      EXPECT_EQ(risk.status, Status::ok);
      EXPECT_EQ(risk.diagnostics.rank, std::min(size.N, size.d));
      EXPECT_NEAR(risk.risk, reference::nt_risk(problem, W), kReferenceAccuracy * null_risk(problem))
          << "d = " << size.d << ", N = " << size.N << ", problem " << problem.index();
    }
}

TEST(ExactNt, LeavesTheOtherDegreesUnexplained) {
  const PolynomialTarget target = test::target_of_every_degree(5);
  const PolynomialTarget quadratic(target.eigenvalues(), target.offset());
  const Matrix W = neurons(5, 3, 1);
  EXPECT_NEAR(exact::nt(target, {.W = W}).risk, exact::nt(quadratic, {.W = W}).risk + target.rest_risk(),
              1e-12 * target.null_risk());
  Matrix cubic = Matrix::Zero(5, 3);
  cubic(2, 2) = 1.5;
  const PolynomialTarget unseen = PolynomialTarget::from_hermite(cubic);
  EXPECT_DOUBLE_EQ(exact::nt(unseen, {.W = W}).risk, unseen.null_risk());
}

TEST(ExactNt, FullRankIsDirect) {
  for (const Index d : {1, 3, 30}) {
    const PolynomialTarget qf = test::polynomial_target(d);
    const GaussianMixture mg = test::scaled_mixture(d);
    const auto squares = mg.whitened_delta().array().square();
    for (const Index N : {d, d + 1, 5 * d}) {
      EXPECT_EQ(exact::nt(qf, {.W = neurons(d, N, 1)}).risk, 0);
      const Answer risk = exact::nt(mg, {.W = neurons(d, N, 1)});
      EXPECT_DOUBLE_EQ(risk.risk, 2 / (2 + (squares / (1 + squares)).sum()));
      EXPECT_EQ(risk.diagnostics.iterations, 0);
    }
  }
}

TEST(ExactNt, OnlyTheSpanMatters) {
  for (const Problem& problem : problems(9)) {
    const Matrix W = neurons(9, 4, 2);
    const Answer once = exact::nt(problem, {.W = W});
    Matrix more(9, 22);  // more neurons than dimensions, rank 4, lengths from 1e-200 to 1e200, two of them 0
    more << W, Matrix::Zero(9, 2), 1e-200 * W, W * neurons(4, 8, 3), 1e200 * W;
    const Answer again = exact::nt(problem, {.W = more});
    EXPECT_EQ(again.diagnostics.rank, 4);
    EXPECT_NEAR(again.risk, once.risk, 1e-12 * null_risk(problem));
  }
}

TEST(ExactNt, VanishingNeuronsFitNothing) {
  for (const Problem& problem : problems(3)) {
    const Answer risk = exact::nt(problem, {.W = Matrix::Zero(3, 2)});
    EXPECT_EQ(risk.status, Status::ok);
    EXPECT_EQ(risk.diagnostics.rank, 0);
    EXPECT_NEAR(risk.risk, null_risk(problem), 1e-14 * null_risk(problem));
  }
}

TEST(ExactNt, NoCancellationJustBelowFullRank) {
  constexpr Index d = 60;
  const PolynomialTarget problem = test::polynomial_target(d);
  const Matrix W = neurons(d, d - 1, 4);
  const Eigen::JacobiSVD<Matrix> svd(W, Eigen::ComputeFullU);
  const Vector p = svd.matrixU().col(d - 1);
  const double form = p.cwiseAbs2().dot(problem.eigenvalues());
  EXPECT_NEAR(exact::nt(problem, {.W = W}).risk / (2 * form * form), 1, 1e-10);
}

TEST(ExactNt, MoreNeuronsNeverDoWorse) {
  for (const Problem& problem : problems(12)) {
    const Matrix W = neurons(12, 14, 5);
    double last = null_risk(problem);
    for (Index N = 1; N <= 14; ++N) {
      const double risk = exact::nt(problem, {.W = W.leftCols(N)}).risk;
      EXPECT_LE(risk, last + 1e-12) << N;
      last = risk;
    }
  }
}

TEST(ExactNt, ConjugateGradientsNeedFewSteps) {
  // Spectrum of A in [1 - 0.81, 1 + 0.81]: the error falls by (sqrt(9.5) - 1)/(sqrt(9.5) + 1) = 0.51 a step,
  // so about 36 steps for 1e-10 at worst.
  const Answer risk = exact::nt(test::mixture(80), {.W = neurons(80, 30, 6)});
  EXPECT_EQ(risk.status, Status::ok);
  EXPECT_LE(risk.diagnostics.iterations, 40);
  EXPECT_LE(risk.diagnostics.residual, 1e-10);
}

TEST(ExactNt, AlmostSingularClassCovariances) {
  // |delta| = 1 - 1e-9 with both signs: the condition number of A is 1e9.
  Vector delta = test::uniforms(5, 0.9, 1, 7);
  delta[0] = 1 - 1e-9;
  delta[1] = -(1 - 1e-9);
  const GaussianMixture problem(delta);
  for (Index N = 1; N < 5; ++N) {
    const Matrix W = neurons(5, N, 8);
    const Answer risk = exact::nt(problem, {.W = W});
    EXPECT_EQ(risk.status, Status::ok) << N;
    EXPECT_NEAR(risk.risk, reference::nt_risk(problem, W), 1e-7) << N;
  }
}

TEST(ExactNt, MeanOverDrawsIsTheClosedForm) {
  constexpr int kDraws = 400;
  for (const Index d : {1, 2, 3, 10}) {
    const PolynomialTarget problem = test::polynomial_target(d);
    for (Index N = 1; N < d; N += 1 + d / 5) {
      double sum = 0, squares = 0;
      for (int draw = 0; draw < kDraws; ++draw) {
        const double risk =
            exact::nt(problem, {.W = neurons(d, N, 100 + static_cast<std::uint32_t>(draw))}).risk;
        sum += risk;
        squares += risk * risk;
      }
      const double mean = sum / kDraws;
      const double se = std::sqrt((squares / kDraws - mean * mean) / (kDraws - 1));
      EXPECT_LT(std::abs(mean - exact::nt_mean(problem, N)) / se, 4) << "d = " << d << ", N = " << N;
    }
    EXPECT_EQ(exact::nt_mean(problem, d), 0);
    EXPECT_EQ(exact::nt_mean(problem, d + 7), 0);
  }
}

TEST(ExactNt, MeanOverDrawsOfTheReferenceToo) {
  constexpr int kDraws = 200;
  const PolynomialTarget problem = test::polynomial_target(3);
  double sum = 0, squares = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const double risk = reference::nt_risk(problem, neurons(3, 1, 1000 + static_cast<std::uint32_t>(draw)));
    sum += risk;
    squares += risk * risk;
  }
  const double mean = sum / kDraws;
  const double se = std::sqrt((squares / kDraws - mean * mean) / (kDraws - 1));
  EXPECT_LT(std::abs(mean - exact::nt_mean(problem, 1)) / se, 4);
}

TEST(ExactNt, RefusesWhatItCannotAnswer) {
  const auto message = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  const auto nt = [](const Matrix& W) { return [W] { return exact::nt(test::mixture(3), {.W = W}); }; };
  EXPECT_EQ(message(nt(Matrix::Ones(2, 4))),
            "exact::nt: a column of W has size 2, but must have the dimension d = 3");
  EXPECT_EQ(message(nt(Matrix::Ones(3, 0))), "exact::nt: the number of neurons is 0, but must be at least 1");
  Matrix W = Matrix::Ones(3, 2);
  W(2, 0) = std::numeric_limits<double>::infinity();
  EXPECT_EQ(message(nt(W)), "exact::nt: W[2,0] is inf, but must be finite");
  EXPECT_EQ(message([] { return exact::nt_mean(test::polynomial_target(3), 0); }),
            "exact::nt_mean: N is 0, but must be at least 1");
}

}  // namespace
}  // namespace lazygap
