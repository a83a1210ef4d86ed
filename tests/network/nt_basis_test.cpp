#include "lazygap/network/nt_basis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lazygap/network/regime.h"
#include "lazygap/problem/rotation.h"
#include "lazygap/problem/spectrum.h"

namespace lazygap {
namespace {

Matrix weights(Index d, Index neurons) {
  return first_layer_law(Regime::nt, PolynomialTarget(draw_spectrum({}, d, 7))).sample(neurons, 3, 0);
}

TEST(NtBasis, DiagonalisesTheGramOfTheWeights) {
  constexpr double kTiny = 1e-12;
  for (const Index neurons : {1, 4, 6, 15}) {
    const Matrix W = weights(6, neurons);
    const NtBasis basis = nt_basis(W);
    EXPECT_LT((basis.U.transpose() * basis.U - Matrix::Identity(6, 6)).norm(), kTiny);
    EXPECT_LT((basis.U * basis.l.asDiagonal() * basis.U.transpose() - W * W.transpose()).norm(), kTiny);
    for (Index i = 0; i + 1 < 6; ++i) EXPECT_GE(basis.l[i], basis.l[i + 1]);
    EXPECT_EQ((basis.l.array() > 0).count(), std::min<Index>(neurons, 6));
  }
}

TEST(NtBasis, MakesAGivenDiagonalMatrixDiagonalOnTheNullSpace) {
  constexpr double kTiny = 1e-12;
  constexpr Index kDimension = 9;
  const Vector b = Vector::LinSpaced(kDimension, -1, 2);
  for (const Index neurons : {1, 4, 8, 9, 20}) {
    const Matrix W = weights(kDimension, neurons);
    const NtBasis basis = nt_basis(W, b), plain = nt_basis(W);
    EXPECT_EQ(basis.l, plain.l);
    EXPECT_LT((basis.U.transpose() * basis.U - Matrix::Identity(kDimension, kDimension)).norm(), kTiny);
    EXPECT_LT((basis.U * basis.l.asDiagonal() * basis.U.transpose() - W * W.transpose()).norm(), kTiny);
    const Matrix Z = basis.U.rightCols(std::max<Index>(0, kDimension - neurons));
    EXPECT_TRUE((Z.transpose() * b.asDiagonal() * Z).isDiagonal(kTiny));
  }
}

// Neurons that are rotated among themselves have the same W W^T but for rounding, as another BLAS would give
// it; of the null space rounding alone decides which basis the eigensolver returns.
TEST(NtBasis, DoesNotDependOnRounding) {
  // Rounding of 1e-16 divided by the gaps between eigenvalues, the smallest of which are about 1e-3.
  constexpr double kRounding = 1e-11;
  constexpr Index kDimension = 12;
  Vector low_rank = Vector::Zero(kDimension), paired(kDimension);
  low_rank.head(3).setOnes();
  for (Index i = 0; i < kDimension; ++i) paired[i] = i % 2 == 0 ? 1 : 2;
  for (const Vector& b :
       {Vector(Vector::LinSpaced(kDimension, -1, 2)), low_rank, paired, Vector(Vector::Ones(kDimension))})
    for (const Index neurons : {1, 4, 11, 12, 20}) {
      const Matrix W = weights(kDimension, neurons);
      const NtBasis basis = nt_basis(W, b), same = nt_basis(W * haar_rotation(neurons, 5), b);
      EXPECT_LT((basis.U - same.U).cwiseAbs().maxCoeff(), kRounding) << "N=" << neurons;
      EXPECT_LT((basis.U.transpose() * basis.U - Matrix::Identity(kDimension, kDimension)).norm(), kRounding);
    }
}

TEST(NtBasis, TheLargestEntryOfAColumnIsPositive) {
  constexpr Index kDimension = 9;
  for (const Index neurons : {1, 4, 9, 20}) {
    const Matrix U = nt_basis(weights(kDimension, neurons)).U;
    for (Index j = 0; j < kDimension; ++j) EXPECT_EQ(U.col(j).maxCoeff(), U.col(j).cwiseAbs().maxCoeff());
  }
  // A tie: the eigenvectors are (1, 1) and (1, -1), and the first entry decides.
  Matrix W(2, 2);
  W << 2, 1, 1, 2;
  EXPECT_GT(nt_basis(W).U(0, 1), 0);
  EXPECT_LT(nt_basis(W).U(1, 1), 0);
}

}  // namespace
}  // namespace lazygap
