#include "lazygap/math/pivoted_cholesky.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

/// Features as the columns of F (p x N), written into the lower triangle only; the upper one is poison.
auto gram(const Matrix& F) {
  return [F](Matrix& K) {
    K.setConstant(std::numeric_limits<double>::quiet_NaN());
    K.triangularView<Eigen::Lower>() = F.transpose() * F;
  };
}

Matrix features(Index p, Index N) {
  return Matrix::NullaryExpr(p, N, [](Index i, Index j) {
    return std::sin(1.0 + static_cast<double>(i * i + 3 * i * j) * 1.7 + static_cast<double>(j * j) * 0.9);
  });
}

TEST(SolveSemidefinite, RegularMatrix) {
  for (const Index N : {1, 2, 30}) {
    const Matrix F = features(N + 5, N);
    const Vector v = F.transpose() * Vector::LinSpaced(N + 5, -1, 1);
    const auto solution = solve_semidefinite(gram(F), v);
    EXPECT_EQ(solution.rank, N);
    EXPECT_LT((F.transpose() * (F * solution.a) - v).norm(), 1e-10 * v.norm());
  }
}

TEST(SolveSemidefinite, DependentFeatures) {
  constexpr Index p = 7;
  for (const Index N : {8, 20, 100}) {
    const Matrix F = features(p, N);
    const Vector target = Vector::LinSpaced(p, -1, 1);
    const auto solution = solve_semidefinite(gram(F), F.transpose() * target);
    EXPECT_EQ(solution.rank, p);
    EXPECT_EQ((solution.a.array() != 0).count(), p);
    // p independent features represent every target exactly.
    EXPECT_LT((F * solution.a - target).norm(), 1e-8);
  }
}

TEST(SolveSemidefinite, RepeatedAndVanishingFeatures) {
  Matrix F = features(6, 9);
  F.col(4) = F.col(0);
  F.col(7) = -3 * F.col(1);
  F.col(5).setZero();
  F.col(2) = F.col(0) + F.col(1);
  F.col(8).setZero();
  const Matrix independent = (Matrix(6, 4) << F.col(0), F.col(1), F.col(3), F.col(6)).finished();
  const Vector target = Vector::LinSpaced(6, 0, 1);
  const auto solution = solve_semidefinite(gram(F), F.transpose() * target);
  EXPECT_EQ(solution.rank, 4);
  const auto fewer = solve_semidefinite(gram(independent), independent.transpose() * target);
  EXPECT_LT((F * solution.a - independent * fewer.a).norm(), 1e-10);
}

TEST(SolveSemidefinite, RankDoesNotDependOnTheLengthsOfTheFeatures) {
  Matrix F = features(6, 6);
  const Vector target = Vector::LinSpaced(6, 0, 1);
  for (Index i = 0; i < 6; ++i) F.col(i) *= std::pow(10.0, 12.0 * static_cast<double>(i) - 30);
  Matrix twice(6, 12);
  twice << F, F;
  EXPECT_EQ(solve_semidefinite(gram(F), F.transpose() * target).rank, 6);
  const auto solution = solve_semidefinite(gram(twice), twice.transpose() * target);
  EXPECT_EQ(solution.rank, 6);
  EXPECT_LT((twice * solution.a - target).norm(), 1e-9);
}

TEST(SolveSemidefinite, ZeroMatrix) {
  const auto solution = solve_semidefinite([](Matrix& K) { K.setZero(); }, Vector::Zero(3));
  EXPECT_EQ(solution.rank, 0);
  EXPECT_EQ(solution.a.norm(), 0);
}

TEST(SolveSemidefinite, RefusesWhatIsNotFinite) {
  const auto infinite = [](Matrix& K) { K.setConstant(std::numeric_limits<double>::infinity()); };
  EXPECT_THROW(static_cast<void>(solve_semidefinite(infinite, Vector::Ones(2))), UsageError);
  EXPECT_THROW(static_cast<void>(solve_semidefinite([](Matrix&) {}, Vector(0))), UsageError);
  EXPECT_THROW(static_cast<void>(solve_semidefinite(
                   gram(features(2, 2)), Vector::Constant(2, std::numeric_limits<double>::quiet_NaN()))),
               UsageError);
}

}  // namespace
}  // namespace lazygap
