#include "lazygap/math/ridge_path.h"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <array>
#include <cmath>

#include "lazygap/core/error.h"
#include "lazygap/core/random.h"
#include "support/message.h"

namespace lazygap {
namespace {

/// Condition numbers of some thousands, times the rounding of fp64.
constexpr double kExact = 1e-10;

Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix values(rows, columns);
  fill_normals({.seed = 1, .purpose = Purpose::testing, .index = index},
               std::span<double>(values.data(), static_cast<std::size_t>(values.size())));
  return values;
}

struct Fit {
  Matrix A;
  Vector c;
};

/// Least squares of least norm on sqrt(omega) z, centred, with sqrt(ridge) I below: an orthogonal
/// decomposition instead of eigenvalues. `omega` need not sum to 1.
Fit solve(const Matrix& Z, const Matrix& Y, const Vector& omega, double ridge, bool intercept) {
  const Vector mean = intercept ? Vector(Z * omega / omega.sum()) : Vector::Zero(Z.rows());
  const Vector mean_out = intercept ? Vector(Y * omega / omega.sum()) : Vector::Zero(Y.rows());
  const Index n = Z.cols(), p = Z.rows(), extra = ridge > 0 ? p : 0;
  Matrix design = Matrix::Zero(n + extra, p), right = Matrix::Zero(n + extra, Y.rows());
  design.topRows(n) = omega.cwiseSqrt().asDiagonal() * (Z.colwise() - mean).transpose();
  right.topRows(n) = omega.cwiseSqrt().asDiagonal() * (Y.colwise() - mean_out).transpose();
  if (ridge > 0) design.bottomRows(p) = std::sqrt(ridge) * Matrix::Identity(p, p);
  Eigen::CompleteOrthogonalDecomposition<Matrix> decomposition(n + extra, p);
  decomposition.setThreshold(1e-9);  // dependent columns are so to rounding, others to a thousandth
  decomposition.compute(design);
  const Matrix A = decomposition.solve(right);
  return {.A = A, .c = mean_out - A.transpose() * mean};
}

struct Case {
  const char* name;
  Index n, p;
  bool intercept, weights;
  Index rank;  // of the features, before centring
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class RidgePathOf : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto [name, n, p, intercept, weighted, rank] = GetParam();
    Z = rank < p ? Matrix(normals(p, rank, 3) * normals(rank, n, 0)) : normals(p, n, 0);
    Z.array() += 0.5;  // a mean
    if (rank < p && !intercept) Z.array() -= 0.5;
    Y = normals(2, n, 1);
    Y.row(0) += Z.row(0);
    omega = Vector::Constant(n, 1 / static_cast<double>(n));
    if (!weighted) return;
    weights = normals(n, 1, 2).col(0).cwiseAbs();
    weights[1] = weights[n - 1] = 0;
    omega = weights / weights.sum();
  }
  Matrix Z, Y;
  Vector weights, omega;
  std::array<double, 4> ridges{0, 1e-3, 0.1, 10};
};

TEST_P(RidgePathOf, SolvesEveryRidge) {
  const RidgePath path =
      ridge_path(ridge_samples(Z, Y, weights), ridges, {.intercept = GetParam().intercept});
  ASSERT_EQ(path.status, Status::ok);
  ASSERT_EQ(path.points.size(), ridges.size());
  for (std::size_t i = 0; i < ridges.size(); ++i) {
    const RidgePoint& point = path.points[i];
    const Fit fit = solve(Z, Y, omega, ridges[i], GetParam().intercept);
    EXPECT_EQ(point.ridge, ridges[i]);
    EXPECT_LT((point.coefficients - fit.A).norm(), kExact * (1 + fit.A.norm())) << ridges[i];
    EXPECT_LT((point.intercept - fit.c).norm(), kExact * (1 + fit.c.norm())) << ridges[i];
    const Matrix residuals = Y - ((fit.A.transpose() * Z).colwise() + fit.c);
    EXPECT_NEAR(point.train, residuals.colwise().squaredNorm().dot(omega), kExact) << ridges[i];
  }
}

TEST_P(RidgePathOf, LeavesOutEverySample) {
  const RidgePath path = ridge_path(ridge_samples(Z, Y, weights), ridges,
                                    {.intercept = GetParam().intercept, .predictions = true});
  for (const RidgePoint& point : path.points) {
    double error = 0;
    for (Index j = 0; j < Z.cols(); ++j) {
      if (omega[j] == 0) {
        EXPECT_TRUE(std::isnan(point.left_out(0, j)));
        continue;
      }
      Vector without = omega;
      without[j] = 0;
      const Fit fit = solve(Z, Y, without, point.ridge, GetParam().intercept);
      const Vector prediction = fit.A.transpose() * Z.col(j) + fit.c;
      EXPECT_LT((prediction - point.left_out.col(j)).norm(), kExact * (1 + prediction.norm()))
          << "sample " << j << ", ridge " << point.ridge;
      error += omega[j] * (Y.col(j) - prediction).squaredNorm();
    }
    EXPECT_NEAR(point.leave_one_out / error, 1, kExact) << point.ridge;
  }
}

TEST_P(RidgePathOf, HasTheGcvOfTheHatMatrix) {
  const bool intercept = GetParam().intercept;
  const RidgePath path = ridge_path(ridge_samples(Z, Y, weights), ridges, {.intercept = intercept});
  const auto n = static_cast<double>((omega.array() > 0).count());
  for (const RidgePoint& point : path.points) {
    double trace = 0;  // of the hat matrix: by how much a fitted value follows its output
    for (Index j = 0; j < Z.cols(); ++j) {
      if (omega[j] == 0) continue;
      const Fit fit = solve(Z, Vector::Unit(Z.cols(), j).transpose(), omega, point.ridge, intercept);
      trace += (fit.A.transpose() * Z.col(j) + fit.c)[0];
    }
    EXPECT_NEAR(point.degrees, trace, kExact * n) << point.ridge;
    if (n - trace > kExact * n) {
      EXPECT_NEAR(point.gcv / (point.train / std::pow(1 - trace / n, 2)), 1, kExact * n) << point.ridge;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, RidgePathOf,
                         testing::Values(Case{"ManySamples", 40, 7, true, false, 7},
                                         Case{"ManySamplesNoIntercept", 40, 7, false, true, 7},
                                         Case{"Weighted", 40, 7, true, true, 7},
                                         Case{"DependentFeatures", 30, 12, true, true, 5},
                                         Case{"FewSamples", 12, 30, true, false, 30},
                                         Case{"FewSamplesNoIntercept", 12, 30, false, false, 30},
                                         Case{"FewSamplesWeighted", 12, 30, true, true, 30},
                                         Case{"FewSamplesDependent", 12, 30, true, false, 4},
                                         Case{"AsManySamplesAsFeatures", 9, 9, true, false, 9}),
                         [](const auto& shape) { return shape.param.name; });

TEST(RidgePath, GcvOfInterpolationIsTheLimitOfSmallRidges) {
  const Matrix Z = normals(30, 12, 0), Y = normals(1, 12, 1);
  const RidgePath path = ridge_path(ridge_samples(Z, Y), std::array{0.0, 1e-7});
  EXPECT_EQ(path.points[0].train, 0);
  EXPECT_TRUE(path.dual);
  EXPECT_NEAR(path.points[0].gcv / path.points[1].gcv, 1, 1e-5);  // the ridge is 1e-7 of the eigenvalues
}

TEST(RidgePath, LeverageOne) {
  // A feature of one sample alone, and a second pair of samples: interpolated at the first only.
  Matrix Z = Matrix::Zero(3, 8);
  Z.row(0) = normals(1, 8, 0);
  Z(1, 3) = 1;
  const Matrix Y = normals(1, 8, 1);
  const RidgePath path =
      ridge_path(ridge_samples(Z, Y), std::array{0.0, 0.1}, {.intercept = false, .predictions = true});
  EXPECT_FALSE(path.dual);
  EXPECT_TRUE(std::isnan(path.points[0].leave_one_out)) << "not known on this side";
  EXPECT_TRUE(std::isfinite(path.points[0].gcv));
  EXPECT_TRUE(std::isfinite(path.points[1].leave_one_out));
}

TEST(RidgePath, BlocksDoNotMatter) {
  const Matrix Z = normals(5, 33, 0).array() + 1e6, Y = normals(2, 33, 1);
  const RidgePath whole = ridge_path(ridge_samples(Z, Y), std::array{0.5});
  RidgeSamples blocks = ridge_samples(Z, Y);
  blocks.for_each = [&](const RidgeSamples::Visit& visit) {
    for (Index j = 0; j < 33; j += 3) visit(Z.middleCols(j, 3), Y.middleCols(j, 3));
  };
  const RidgePath path = ridge_path(blocks, std::array{0.5});
  // A mean of 1e6 costs six digits of the features themselves, not of their squares.
  constexpr double kShifted = 1e-8;
  EXPECT_LT((path.points[0].coefficients - whole.points[0].coefficients).norm(), kShifted);
  EXPECT_NEAR(path.points[0].leave_one_out, whole.points[0].leave_one_out, kShifted);
}

TEST(RidgePath, Best) {
  const Matrix Z = normals(20, 60, 0), Y = Z.row(0) + 2 * normals(1, 60, 1);
  const std::array ridges{1e-3, 0.1, 1.0, 10.0, 100.0};
  const RidgePath path = ridge_path(ridge_samples(Z, Y), ridges);
  const auto& best = path.points[path.best(RidgeCriterion::leave_one_out)];
  for (const RidgePoint& point : path.points) EXPECT_LE(best.leave_one_out, point.leave_one_out);
  EXPECT_EQ(path.best(RidgeCriterion::gcv), path.best(RidgeCriterion::leave_one_out));
  EXPECT_NE(path.best(RidgeCriterion::gcv), 0U);
  const RidgePath without = ridge_path(ridge_samples(Z, Y), ridges, {.leave_one_out = false});
  EXPECT_EQ(test::message<UsageError>([&] { (void)without.best(RidgeCriterion::leave_one_out); }),
            "RidgePath::best: none of 5 points has a finite leave_one_out");
  EXPECT_EQ(without.best(RidgeCriterion::gcv), path.best(RidgeCriterion::gcv));
}

TEST(RidgePath, Stops) {
  const Matrix Z = normals(5, 33, 0), Y = normals(1, 33, 1);
  for (const bool dual : {false, true}) {
    const RidgePath path = ridge_path(dual ? ridge_samples(normals(50, 33, 0), Y) : ridge_samples(Z, Y),
                                      std::array{0.5}, {}, {.progress = {}, .stop = [] { return true; }});
    EXPECT_EQ(path.status, Status::none);
    EXPECT_TRUE(path.points.empty());
  }
}

TEST(RidgePath, FailsWhereFeaturesOverflow) {
  Matrix Z = normals(5, 33, 0);
  Z(2, 7) = std::numeric_limits<double>::infinity();
  const RidgePath path = ridge_path(ridge_samples(Z, normals(1, 33, 1)), std::array{0.5});
  EXPECT_EQ(path.status, Status::failed);
  EXPECT_EQ(path.message, "the features or outputs are not finite");
}

TEST(RidgePath, RefusesWhatMakesNoSense) {
  const Matrix Z = normals(5, 33, 0), Y = normals(1, 33, 1), few = normals(1, 32, 1);
  const auto refused = [&](const RidgeSamples& samples, std::span<const double> ridges) {
    return test::message<UsageError>([&] { (void)ridge_path(samples, ridges); });
  };
  EXPECT_EQ(refused(ridge_samples(Z, Y), std::array{-1.0}),
            "ridge_path: ridges is -1, but must be zero or positive, and finite");
  EXPECT_EQ(refused(ridge_samples(Z, few), std::array{1.0}),
            "ridge_path: Y (columns) has size 32, but must have the columns of Z = 33");
  EXPECT_EQ(refused(ridge_samples(Z, Y, Vector::Zero(33)), std::array{1.0}), "ridge_path: all weights are 0");
  EXPECT_EQ(refused(ridge_samples(Z, Y, Vector::Ones(3)), std::array{1.0}),
            "ridge_path: weights has size 3, but must have the number of samples = 33");
  RidgeSamples short_of = ridge_samples(Z, Y);
  short_of.samples = 34;
  EXPECT_EQ(refused(short_of, std::array{1.0}), "ridge_path: for_each visits 33 of 34 samples");
}

}  // namespace
}  // namespace lazygap
