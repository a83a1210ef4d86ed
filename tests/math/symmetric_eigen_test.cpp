#include "src/math/symmetric_eigen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "lazygap/core/random.h"

namespace lazygap {
namespace {

/// Above it the steps of LAPACK are made one by one, and the tridiagonal matrix is halved twice.
constexpr Index kLarge = 1600;
/// Rounding of an orthogonal matrix of that order.
constexpr double kRounding = 1e-13;

/// An eigenvalue of multiplicity 400, 0, and a spectrum over six decades.
Matrix matrix(Index n) {
  Matrix F(n, n - 400);
  fill_normals({.seed = 1, .purpose = Purpose::testing},
               std::span<double>(F.data(), static_cast<std::size_t>(F.size())));
  F *= Vector::LinSpaced(F.cols(), -3, 0).unaryExpr([](double x) { return std::pow(10, x); }).asDiagonal();
  return F * F.transpose();
}

TEST(DecomposeSymmetric, GivesAnOrthogonalDecomposition) {
  for (const Index n : {Index{500}, kLarge}) {
    const Matrix M = matrix(n);
    Matrix V = M.triangularView<Eigen::Lower>();  // nothing else is read
    const Vector values = decompose_symmetric(V, {});
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    EXPECT_LT((V.transpose() * V - Matrix::Identity(n, n)).cwiseAbs().maxCoeff(), kRounding) << n;
    EXPECT_LT((M * V - V * values.asDiagonal()).cwiseAbs().maxCoeff(), kRounding * values[n - 1]) << n;
    EXPECT_NEAR(values.sum() / M.trace(), 1, kRounding) << n;
  }
}

TEST(DecomposeSymmetric, DiagonalAndZero) {
  const Vector diagonal = Vector::LinSpaced(kLarge, 3, -1);
  Matrix V = diagonal.asDiagonal();
  EXPECT_LT((decompose_symmetric(V, {}) - diagonal.reverse()).cwiseAbs().maxCoeff(), kRounding);
  EXPECT_LT((V.transpose() * diagonal.asDiagonal() * V - Matrix(diagonal.reverse().asDiagonal()))
                .cwiseAbs()
                .maxCoeff(),
            kRounding);
  V.setZero();
  EXPECT_EQ(decompose_symmetric(V, {}), Vector::Zero(kLarge));
  EXPECT_EQ(V, Matrix::Identity(kLarge, kLarge));
}

TEST(DecomposeSymmetric, HearsStopThroughoutAndReportsProgress) {
  int heard = 0;
  double last = 0;
  const Control counting{.progress =
                             [&](double fraction) {
                               EXPECT_GE(fraction, last);
                               last = fraction;
                             },
                         .stop = [&] { return ++heard < 0; }};
  Matrix V = matrix(kLarge);
  (void)decompose_symmetric(V, Stage(counting));
  EXPECT_GT(last, 0.9);
  const int all = heard;
  EXPECT_GE(all, 42 + 7) << "panels of the reduction, and of the way back";
  for (const int at : {1, all / 2}) {
    int left = at;
    const Control stopping{.progress = {}, .stop = [&] { return --left == 0; }};
    Matrix M = matrix(kLarge);
    EXPECT_THROW((void)decompose_symmetric(M, Stage(stopping)), Stopped);
  }
}

TEST(DecomposeSymmetric, RefusesWhatIsNotFinite) {
  Matrix M = Matrix::Identity(kLarge, kLarge);
  M(5, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW((void)decompose_symmetric(M, {}), std::runtime_error);
}

}  // namespace
}  // namespace lazygap
