#include "src/math/lanczos.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "lazygap/core/random.h"

namespace lazygap {
namespace {

/// Rounding of sums over some ten numbers of order one.
constexpr double kRounding = 1e-12;

Vector normals(Index size, std::uint32_t index) {
  Vector values(size);
  fill_normals({.seed = 1, .purpose = Purpose::testing, .index = index},
               std::span<double>(values.data(), static_cast<std::size_t>(size)));
  return values;
}

TEST(Lanczos, IsExactForPolynomialsUpToItsDegree) {
  const Vector values = Vector::LinSpaced(40, 0.1, 2), b = normals(40, 0);
  const LinearOperator apply = [&](const Vector& x, Vector& y) { y = values.cwiseProduct(x); };
  for (const Index steps : {1, 2, 5}) {
    const LanczosRule rule = lanczos_quadrature(apply, b, steps);
    ASSERT_EQ(rule.nodes.size(), steps);
    for (Index power = 0; power <= 2 * steps; ++power) {
      const auto k = static_cast<double>(power);
      const double exact = (b.array().square() * values.array().pow(k)).sum();
      const double error = std::abs((rule.weights.array() * rule.nodes.array().pow(k)).sum() / exact - 1);
      if (power < 2 * steps)
        EXPECT_LT(error, kRounding) << steps << " steps, power " << power;
      else
        EXPECT_GT(error, 1e-6) << "one degree more is not exact";  // far above rounding
    }
  }
}

TEST(Lanczos, EndsInAnInvariantSubspace) {
  // b has a part in three eigenspaces only, one of them the null space.
  Vector values = Vector::Constant(20, 3), b = normals(20, 1);
  values.head(5).setZero();
  values.tail(5).setConstant(7);
  const LinearOperator apply = [&](const Vector& x, Vector& y) { y = values.cwiseProduct(x); };
  const LanczosRule rule = lanczos_quadrature(apply, b, 20);
  ASSERT_EQ(rule.nodes.size(), 3);
  EXPECT_NEAR(rule.nodes[0], 0, kRounding);
  EXPECT_NEAR(rule.nodes[1], 3, kRounding);
  EXPECT_NEAR(rule.nodes[2], 7, kRounding);
  EXPECT_NEAR(rule.weights[0], b.head(5).squaredNorm(), 1e2 * kRounding);
  EXPECT_NEAR(rule.weights[2], b.tail(5).squaredNorm(), 1e2 * kRounding);
}

TEST(Lanczos, Stops) {
  int products = 0;
  const LinearOperator apply = [&](const Vector& x, Vector& y) {
    ++products;
    y = normals(10, 2).cwiseAbs().cwiseProduct(x);
  };
  const LanczosRule rule = lanczos_quadrature(apply, normals(10, 3), 10, [&] { return products == 4; });
  EXPECT_EQ(rule.nodes.size(), 0);
  EXPECT_EQ(products, 4);
}

}  // namespace
}  // namespace lazygap
