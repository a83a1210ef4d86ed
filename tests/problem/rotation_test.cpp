#include "lazygap/problem/rotation.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

#include "support/message.h"

namespace lazygap {
namespace {

constexpr double kStandardErrors = 4;
constexpr double kRounding = 1e-13;

TEST(HaarRotation, IsOrthogonal) {
  for (const Index d : {1, 2, 3, 40}) {
    const Matrix Q = haar_rotation(d, 1);
    EXPECT_TRUE((Q.transpose() * Q).isIdentity(kRounding)) << d;
    EXPECT_EQ(Q, haar_rotation(d, 1));
    if (d > 1) {
      EXPECT_NE(Q, haar_rotation(d, 2));
    }
  }
}

TEST(HaarRotation, HasDeterminantsOfBothSigns) {
  constexpr int kDraws = 400;
  for (const Index d : {1, 3}) {
    int positive = 0;
    for (int seed = 0; seed < kDraws; ++seed)
      positive += haar_rotation(d, static_cast<std::uint64_t>(seed)).determinant() > 0;
    EXPECT_LT(std::abs(positive - kDraws / 2.0) / std::sqrt(kDraws / 4.0), kStandardErrors) << d;
  }
}

TEST(HaarRotation, HasEntriesOfUniformDirections) {
  // For a uniform direction u of R^d, E u_1 = 0, E u_1^2 = 1/d, E u_1^4 = 3/(d(d+2)), E u_1^8 =
  // 105/(d(d+2)(d+4)(d+6)).
  constexpr int kDraws = 4000;
  constexpr double d = 3;
  for (const auto& [row, column] : {std::pair{0, 0}, std::pair{2, 1}, std::pair{1, 2}}) {
    double mean = 0, square = 0, fourth = 0;
    for (int seed = 0; seed < kDraws; ++seed) {
      const double u = haar_rotation(3, static_cast<std::uint64_t>(seed))(row, column);
      mean += u / kDraws;
      square += u * u / kDraws;
      fourth += u * u * u * u / kDraws;
    }
    const double m2 = 1 / d, m4 = 3 / (d * (d + 2)), m8 = 105 / (d * (d + 2) * (d + 4) * (d + 6));
    EXPECT_LT(std::abs(mean) / std::sqrt(m2 / kDraws), kStandardErrors) << row << column;
    EXPECT_LT(std::abs(square - m2) / std::sqrt((m4 - m2 * m2) / kDraws), kStandardErrors) << row << column;
    EXPECT_LT(std::abs(fourth - m4) / std::sqrt((m8 - m4 * m4) / kDraws), kStandardErrors) << row << column;
  }
}

TEST(HaarRotation, RefusesBadArguments) {
  EXPECT_EQ(test::message([] { return haar_rotation(0, 1); }),
            "haar_rotation: d is 0, but must be at least 1");
}

}  // namespace
}  // namespace lazygap
