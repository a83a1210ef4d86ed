#include "lazygap/network/tangent_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lazygap/core/random.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::message;

constexpr double kRounding = 1e-13;  // sums of d^2 = 25 products

Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix X(rows, columns);
  fill_normals({.seed = 31, .purpose = Purpose::testing, .index = index},
               std::span<double>(X.data(), static_cast<std::size_t>(X.size())));
  return X;
}

Matrix gram(Index d, Index N, std::uint32_t index) {
  const Matrix W = normals(d, N, index);
  return W * W.transpose();
}

TEST(TangentKernel, MultiplesHaveCosineOne) {
  const Matrix M = gram(5, 3, 0);
  EXPECT_NEAR(tangent_kernel_cosine(M, M), 1, kRounding);
  EXPECT_NEAR(tangent_kernel_cosine(M, 1e200 * M), 1, kRounding);
  EXPECT_NEAR(tangent_kernel_cosine(1e-200 * M, M), 1, kRounding);
}

TEST(TangentKernel, AgreesWithSamples) {
  // E[K K'] as the mean over independent pairs of samples, K from the features sigma'(u_i) x themselves.
  constexpr Index d = 4, kPairs = 400000;
  constexpr double kStandardErrors = 4;  // three z-scores
  const Matrix W = normals(d, 2, 1), V = normals(d, 3, 2);
  const Matrix X = normals(d, kPairs, 3), Y = normals(d, kPairs, 4);
  const auto kernel = [](const Matrix& weights, const auto& x, const auto& y) {
    const Vector u = 2 * weights.transpose() * x, v = 2 * weights.transpose() * y;
    return u.dot(v) * x.dot(y);
  };
  // The mean of K K' less cosine sqrt(E K^2 E K'^2) is 0; its error is that of the mean of the linearised
  // quotient.
  Matrix products(3, kPairs);
  for (Index j = 0; j < kPairs; ++j) {
    const double k = kernel(W, X.col(j), Y.col(j)), l = kernel(V, X.col(j), Y.col(j));
    products.col(j) << k * l, k * k, l * l;
  }
  const Vector mean = products.rowwise().mean();
  const double cosine = mean[0] / std::sqrt(mean[1] * mean[2]);
  const Vector slopes{{cosine / mean[0], -0.5 * cosine / mean[1], -0.5 * cosine / mean[2]}};
  const Matrix deviations = products.colwise() - mean;
  const double se = (slopes.transpose() * deviations).norm() / kPairs;
  EXPECT_LT(std::abs(cosine - tangent_kernel_cosine(W * W.transpose(), V * V.transpose())) / se,
            kStandardErrors);
  // The mean of K^2 itself, not only the quotient.
  const Matrix M = W * W.transpose();
  const double square = 16 * ((d + 6) * M.squaredNorm() + 2 * M.trace() * M.trace());
  const double se_square = deviations.row(1).norm() / kPairs;
  EXPECT_LT(std::abs(mean[1] - square) / se_square, kStandardErrors);
  EXPECT_LT(se / cosine, 0.02);  // the comparison is not empty
}

TEST(TangentKernel, OrthogonalNeuronsStillShareTheirScale) {
  // M = e_1 e_1^T, M' = e_2 e_2^T: only the traces are left, 2 / ((d + 6) + 2).
  const Matrix M = Vector{{1, 0, 0}}.asDiagonal(), other = Vector{{0, 1, 0}}.asDiagonal();
  EXPECT_NEAR(tangent_kernel_cosine(M, other), 2.0 / 11, kRounding);
}

TEST(TangentKernel, HasNoAnswerForTheZeroNetwork) {
  EXPECT_TRUE(std::isnan(tangent_kernel_cosine(Matrix::Zero(3, 3), Matrix::Identity(3, 3))));
}

TEST(TangentKernel, RefusesWhatItCannotAnswer) {
  const auto cosine = [](const Matrix& M, const Matrix& other) {
    return message([&] { return tangent_kernel_cosine(M, other); });
  };
  const Matrix I = Matrix::Identity(3, 3);
  EXPECT_EQ(cosine(Matrix(0, 0), I), "tangent_kernel_cosine: M is empty, but must have at least one entry");
  EXPECT_EQ(cosine(Matrix::Ones(3, 2), I),
            "tangent_kernel_cosine: a column of M has size 3, but must have the number of columns of M = 2");
  EXPECT_EQ(cosine(I, Matrix::Ones(3, 2)),
            "tangent_kernel_cosine: a row of other has size 2, but must have the dimension d = 3");
  EXPECT_EQ(cosine(I, Matrix::Ones(2, 3)),
            "tangent_kernel_cosine: a column of other has size 2, but must have the dimension d = 3");
  Matrix bad = I;
  bad(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(cosine(I, bad), "tangent_kernel_cosine: other[1,2] is nan, but must be finite");
}

}  // namespace
}  // namespace lazygap
