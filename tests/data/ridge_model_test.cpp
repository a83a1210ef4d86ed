#include "lazygap/data/ridge_model.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "lazygap/core/random.h"
#include "support/message.h"

/// Ridge models against the normal equations, written out, and refits without each sample.
namespace lazygap::data {
namespace {

using test::message;

/// Condition numbers of the test problems times the rounding of fp64.
constexpr double kRounding = 1e-9;
/// fp32 products of features of order 1.
constexpr double kSingle = 1e-3;

Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix M(rows, columns);
  fill_normals({.seed = 7, .purpose = Purpose::testing, .index = index},
               {M.data(), static_cast<std::size_t>(M.size())});
  return M;
}

struct Sample {
  Matrix X, Y;
  Vector weights;
  Sample(Index d, Index n, Index k, bool weighted)
      : X(3 * normals(d, n, 1)),
        Y(normals(k, n, 2)),
        weights(weighted ? Vector(normals(n, 1, 3).cwiseAbs()) : Vector()) {
    X.row(0).array() += 5;
    Y.row(0) += X.row(0).cwiseAbs2() / 10 + X.row(d - 1);
    if (weighted) weights[2] = 0;
  }
  [[nodiscard]] DataSet set() const { return {view(X), view(Y), view(weights)}; }
};

/// a, c by the normal equations with a column of ones; penalty: the ridge times the sum of all weights.
struct Explicit {
  Matrix a;
  Vector c;
};
Explicit solve(const Matrix& F, const Matrix& Y, const Vector& weights, double penalty) {
  Matrix G(F.rows() + 1, F.cols());
  G << F, Eigen::RowVectorXd::Ones(F.cols());
  Matrix normal = G * weights.asDiagonal() * G.transpose();
  normal.diagonal().head(F.rows()).array() += penalty;
  const Matrix all = normal.ldlt().solve(G * weights.asDiagonal() * Y.transpose());
  return {all.topRows(F.rows()), all.bottomRows(1).transpose()};
}

struct Case {
  FeatureKind kind;
  RidgeSide side;
  bool weighted;
};

void PrintTo(const Case& c, std::ostream* out) {
  constexpr const char* kKinds[] = {"linear", "random", "tangent"};
  *out << kKinds[static_cast<int>(c.kind)] << (c.side == RidgeSide::primal ? " primal" : " dual")
       << (c.weighted ? " weighted" : "");
}

class Ridge : public testing::TestWithParam<Case> {
 protected:
  static constexpr Index d = 4, n = 40, k = 2, N = 7;
  Sample sample{d, n, k, GetParam().weighted};
  std::vector<Index> rows = all_rows(n);
  FeatureMap map = make_feature_map(
      {.kind = GetParam().kind, .activation = activation_from_name("tanh"), .neurons = N, .bias_scale = 0.5},
      standardisation(sample.set(), rows));
  Vector weights = sample.weights.size() > 0 ? sample.weights : Vector(Vector::Ones(n));
  RidgeModel fitted(RidgeChoice choice, std::vector<double> ridges, Index block = 16) const {
    return fit_ridge(
        sample.set(), rows, rows, map,
        {.choice = choice, .ridges = std::move(ridges), .side = GetParam().side, .block = block});
  }
};

TEST_P(Ridge, SolvesTheNormalEquations) {
  const RidgeModel model = fitted(RidgeChoice::fixed, {0.03});
  ASSERT_EQ(model.status, Status::ok);
  EXPECT_EQ(model.side, GetParam().side);
  const Matrix F = features(map, sample.set().X, rows);
  const Explicit expected = solve(F, sample.Y, weights, 0.03 * weights.sum());
  EXPECT_LT((model.coefficients - expected.a).cwiseAbs().maxCoeff(), kRounding);
  EXPECT_LT((model.intercept - expected.c).cwiseAbs().maxCoeff(), kRounding);
  const Matrix values = (expected.a.transpose() * F).colwise() + expected.c;
  EXPECT_LT((predict(model, sample.set().X, rows) - values).cwiseAbs().maxCoeff(), kRounding);
}

TEST_P(Ridge, LeaveOneOutIsThatOfRefits) {
  const std::vector<double> ridges{0.01, 0.1, 1};
  const RidgeModel model = fitted(RidgeChoice::loo, ridges);
  const Matrix F = features(map, sample.set().X, rows);
  for (Index l = 0; l < 3; ++l) {
    double error = 0;
    for (Index j = 0; j < n; ++j) {
      Vector without = weights;
      without[j] = 0;
      const Explicit refit = solve(F, sample.Y, without, ridges[static_cast<std::size_t>(l)] * weights.sum());
      error += weights[j] * (sample.Y.col(j) - refit.a.transpose() * F.col(j) - refit.c).squaredNorm();
    }
    EXPECT_NEAR(model.errors[l], error / weights.sum(), kRounding * error);
  }
  Index best = 0;
  model.errors.minCoeff(&best);
  EXPECT_EQ(model.ridge, ridges[static_cast<std::size_t>(best)]);
}

TEST_P(Ridge, GcvAndValidationAreTheirDefinitions) {
  const Matrix F = features(map, sample.set().X, rows);
  const double ridge = 0.1;
  const Explicit fit = solve(F, sample.Y, weights, ridge * weights.sum());
  double loss = 0;
  for (Index j = 0; j < n; ++j)
    loss += weights[j] * (sample.Y.col(j) - fit.a.transpose() * F.col(j) - fit.c).squaredNorm();
  loss /= weights.sum();
  const RidgeModel gcv = fitted(RidgeChoice::gcv, {ridge});
  const double left = 1 - gcv.degrees_of_freedom / static_cast<double>((weights.array() > 0).count());
  EXPECT_NEAR(gcv.errors[0], loss / (left * left), kRounding * gcv.errors[0]);
  EXPECT_NEAR(fitted(RidgeChoice::validation, {ridge}).errors[0], loss, kRounding * loss);
}

TEST_P(Ridge, BlocksChangeRoundingOnly) {
  const RidgeModel one = fitted(RidgeChoice::loo, {}, 1000), many = fitted(RidgeChoice::loo, {}, 3);
  EXPECT_EQ(one.ridges.size(), 34);
  EXPECT_LT((one.coefficients - many.coefficients).norm(), kRounding * (1 + one.coefficients.norm()));
}

INSTANTIATE_TEST_SUITE_P(All, Ridge,
                         testing::Values(Case{FeatureKind::linear, RidgeSide::primal, false},
                                         Case{FeatureKind::linear, RidgeSide::dual, true},
                                         Case{FeatureKind::random, RidgeSide::primal, true},
                                         Case{FeatureKind::random, RidgeSide::dual, true},
                                         Case{FeatureKind::tangent, RidgeSide::primal, true},
                                         Case{FeatureKind::tangent, RidgeSide::dual, false},
                                         Case{FeatureKind::tangent, RidgeSide::dual, true}));

TEST(RidgeModel, SidesAgreeAndTheSmallerOneIsTaken) {
  const Sample sample(5, 60, 1, false);
  const std::vector<Index> rows = all_rows(60);
  const auto model = [&](FeatureKind kind, Index neurons, RidgeSide side, bool fp32 = false) {
    const FeatureMap map =
        make_feature_map({.kind = kind, .neurons = neurons}, standardisation(sample.set(), rows));
    return fit_ridge(sample.set(), rows, {}, map, {.side = side, .fp32 = fp32});
  };
  EXPECT_EQ(model(FeatureKind::random, 20, RidgeSide::automatic).side, RidgeSide::primal);
  EXPECT_EQ(model(FeatureKind::tangent, 20, RidgeSide::automatic).side, RidgeSide::dual);
  const RidgeModel primal = model(FeatureKind::tangent, 20, RidgeSide::primal),
                   dual = model(FeatureKind::tangent, 20, RidgeSide::dual);
  EXPECT_NEAR(primal.errors.minCoeff(), dual.errors.minCoeff(), kRounding * dual.errors.minCoeff());
  const RidgeModel single = model(FeatureKind::random, 20, RidgeSide::primal, true),
                   full = model(FeatureKind::random, 20, RidgeSide::primal);
  EXPECT_NEAR(single.errors.minCoeff(), full.errors.minCoeff(), kSingle * full.errors.minCoeff());
}

TEST(RidgeModel, WideKeepsNeuronsOfNarrow) {
  const FeatureMap narrow = make_feature_map({.neurons = 3}, Standardisation::none(4)),
                   wide = make_feature_map({.neurons = 9}, Standardisation::none(4));
  EXPECT_EQ(narrow.network.W, wide.network.W.leftCols(3));
}

TEST(RidgeModel, StoppedFitsAreEmpty) {
  const Sample sample(5, 60, 1, false);
  const FeatureMap map = make_feature_map({}, Standardisation::none(5));
  const RidgeModel model = fit_ridge(sample.set(), all_rows(60), {}, map, {}, {.stop = [] { return true; }});
  EXPECT_EQ(model.status, Status::none);
  EXPECT_EQ(model.coefficients.size(), 0);
}

TEST(RidgeModel, RefusesWithASentence) {
  Sample sample(5, 60, 1, false);
  const FeatureMap map = make_feature_map({}, Standardisation::none(5));
  const auto refusal = [&](const std::vector<Index>& rows, const RidgeOptions& options = {}) {
    return message<UsageError>([&] { (void)fit_ridge(sample.set(), rows, {}, map, options); });
  };
  EXPECT_EQ(refusal({0}),
            "data::fit_ridge: the number of samples of the training part is 1, but must be at least 2");
  EXPECT_EQ(refusal({0, 60}),
            "data::fit_ridge: the training part names sample 60, but there are the samples 0 to 59");
  EXPECT_EQ(refusal({0, 1}, {.choice = RidgeChoice::fixed}),
            "data::fit_ridge: there are 0 ridges, but a fixed ridge is one");
  EXPECT_EQ(refusal({0, 1}, {.ridges = {-1}}),
            "data::fit_ridge: a ridge is -1, but must be zero or positive, and finite");
  sample.X(2, 7) = std::nan("");
  EXPECT_EQ(refusal({0, 1}), "data::fit_ridge: feature 2 of sample 7 of X is nan, but must be finite");
}

}  // namespace
}  // namespace lazygap::data
