#include "lazygap/math/pivoted_cholesky.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "support/message.h"

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

/// Leading blocks of the Gram matrix of F; `calls` counts them.
auto leading_gram(const Matrix& F, int& calls) {
  return [F, &calls](Matrix& K) {
    ++calls;
    gram(F.leftCols(K.cols()))(K);
  };
}

/// Solutions for nested widths make the same predictions F a as one by one; returns how many matrices it
/// took.
int expect_the_single_solutions(const Matrix& F, const std::vector<Index>& widths) {
  // Backward errors of 1e-16, enlarged by the inverse of the smallest pivot that is trusted, 1e6.
  constexpr double kRounding = 1e-9;
  const Vector target = Vector::LinSpaced(F.rows(), -1, 1), v = F.transpose() * target;
  int calls = 0;
  const auto solutions = solve_semidefinite(leading_gram(F, calls), v, widths);
  EXPECT_EQ(solutions.size(), widths.size());
  for (std::size_t k = 0; k < widths.size(); ++k) {
    const Matrix leading = F.leftCols(widths[k]);
    const auto single = solve_semidefinite(gram(leading), v.head(widths[k]));
    EXPECT_EQ(solutions[k].rank, single.rank) << widths[k];
    EXPECT_EQ(solutions[k].a.size(), widths[k]);
    EXPECT_LT((leading * (solutions[k].a - single.a)).norm(), kRounding * target.norm()) << widths[k];
  }
  return calls;
}

TEST(SolveSemidefiniteNested, RegularWidthsShareOneMatrix) {
  const Matrix F = features(40, 30);
  EXPECT_EQ(expect_the_single_solutions(F, {1}), 1);
  EXPECT_EQ(expect_the_single_solutions(F, {30}), 1);
  EXPECT_EQ(expect_the_single_solutions(F, {1, 2, 17, 29, 30}), 1);
  EXPECT_EQ(expect_the_single_solutions(F, {3, 20}), 1);  // fewer than there are features
}

TEST(SolveSemidefiniteNested, SingularWidthsAreSolvedOneByOne) {
  // Rank 7; the pivot that ends a singular matrix may have either sign, so that the shared factor may need a
  // second attempt.
  EXPECT_LE(expect_the_single_solutions(features(7, 30), {2, 5, 7, 8, 20, 30}), 2 + 3);
  EXPECT_LE(expect_the_single_solutions(features(7, 30), {8, 20, 30}), 2 + 3);
  // From the copy of a feature on, although features that follow it are new.
  Matrix F = features(40, 12);
  F.col(5) = F.col(1);
  EXPECT_LE(expect_the_single_solutions(F, {1, 5, 6, 12}), 2 + 2);
  // A pivot that is positive but not safe.
  F.col(5) += 1e-4 * features(40, 13).col(12);
  EXPECT_EQ(expect_the_single_solutions(F, {1, 5, 6, 12}), 1 + 2);
}

TEST(SolveSemidefiniteNested, RefusesWidthsThatAreNotIncreasing) {
  const auto message = [](const std::vector<Index>& widths) {
    int calls = 0;
    return test::message(
        [&] { return solve_semidefinite(leading_gram(features(9, 5), calls), Vector::Ones(5), widths); });
  };
  EXPECT_EQ(message({2, 6}), "solve_semidefinite: widths has 6 after 2, but must be increasing, from 1 to 5");
  EXPECT_EQ(message({0, 2}), "solve_semidefinite: widths has 0 after 0, but must be increasing, from 1 to 5");
  EXPECT_EQ(message({3, 3}), "solve_semidefinite: widths has 3 after 3, but must be increasing, from 1 to 5");
  EXPECT_EQ(message({}), "solve_semidefinite: widths is empty, but must have at least one entry");
  EXPECT_EQ(message({1, 5}), "no error");
}

}  // namespace
}  // namespace lazygap
