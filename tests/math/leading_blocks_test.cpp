#include "math/leading_blocks.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace lazygap {
namespace {

/// Larger than two panels and a tile, so that every kind of tile is there.
constexpr Index kOrder = 1700;
/// Relative to the entries of K, of order 1: rounding of sums of kOrder products.
constexpr double kRounding = 1e-12;

/// Positive definite, with entries that all differ.
Matrix positive_definite() {
  Matrix K(kOrder, kOrder);
  for (Index j = 0; j < kOrder; ++j)
    for (Index i = 0; i < kOrder; ++i) K(i, j) = 1.0 / (1.0 + std::abs(static_cast<double>(i - j)));
  K.diagonal().array() += 20;
  return K;
}

TEST(LeadingBlocks, TheFactorIsRightAndWhatIsAboveTheDiagonalStays) {
  const Matrix original = positive_definite();
  Matrix K = original;
  K.triangularView<Eigen::StrictlyUpper>().setConstant(7);  // the caller's
  const std::array widths{Index(500), kOrder};
  EXPECT_EQ(factorise_leading(K, widths, [](Index) {}), kOrder);
  for (Index j = 0; j < kOrder; ++j) EXPECT_TRUE((K.col(j).head(j).array() == 7).all()) << "column " << j;
  const Matrix L = K.triangularView<Eigen::Lower>();
  EXPECT_LT((L * L.transpose() - original).cwiseAbs().maxCoeff(), kRounding * original.diagonal().maxCoeff());
}

TEST(LeadingBlocks, TheLargestPositiveDefiniteOneIsFactorised) {
  const Matrix original = positive_definite();
  const std::array widths{Index(100), Index(900), kOrder};
  Matrix K = original;
  const auto fill = [&](Index N) {
    K.topLeftCorner(N, N) = original.topLeftCorner(N, N);
    if (N > 1200) K(1200, 1200) = -1;
  };
  EXPECT_EQ(factorise_leading(K, widths, fill), 900);
  const Matrix L = K.topLeftCorner(900, 900).triangularView<Eigen::Lower>();
  EXPECT_LT((L * L.transpose() - original.topLeftCorner(900, 900)).cwiseAbs().maxCoeff(),
            kRounding * original.diagonal().maxCoeff());
}

}  // namespace
}  // namespace lazygap
