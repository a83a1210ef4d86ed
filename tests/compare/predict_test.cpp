#include "lazygap/compare/predict.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compare/made_data.h"
#include "support/message.h"

namespace lazygap::compare {
namespace {

const Predicted& of(const Surrogate& surrogate, const std::string& model, Index N) {
  for (const Predicted& p : surrogate.predicted)
    if (p.model == model && p.neurons == N) return p;
  return surrogate.predicted.front();
}

// Linear power 1/2, quadratic power 1/2, all of it radial; noise 1/4 beside.
TEST(Predict, SaysWhatIsTrueOfGaussianData) {
  constexpr Index d = 10, n = 2000;
  const data::Table table = made(d, n, 0.5, [](const Vector& x) {
    return x.sum() / std::sqrt(10.0) + (x.squaredNorm() - 10) / std::sqrt(20.0);
  });
  const Surrogate surrogate = predict(table, {.widths = {10, 40}, .draws = 60});
  ASSERT_EQ(surrogate.status, Status::ok);
  EXPECT_TRUE(surrogate.believable) << surrogate.judgement;
  const double variance = 1.25;
  // Two standard errors of the statistics at this n and d.
  constexpr double kStatistics = 0.06;
  EXPECT_NEAR(of(surrogate, "linear", 0).surrogate.value, 1 - 0.5 / variance, kStatistics);
  EXPECT_NEAR(of(surrogate, "RF", 10).surrogate.value, 1 - 0.25 / variance, kStatistics);
  EXPECT_NEAR(of(surrogate, "NT", 10).surrogate.value, 1 - 0.5 / variance, kStatistics);
  for (const Predicted& p : surrogate.predicted) {
    EXPECT_LE(p.surrogate.lower, p.surrogate.value);
    EXPECT_GE(p.surrogate.upper, p.surrogate.value);
  }
  // The equivalent has no corrections in 1/d, and sees no part of degree 3 or more.
  constexpr double kEquivalent = 0.1;
  const Predicted& rf = of(surrogate, "RF", 40);
  EXPECT_NEAR(rf.at_n.value, rf.leave_one_out, kEquivalent);
  // Linear regression on n >> d samples reaches its limit up to d/n.
  EXPECT_NEAR(of(surrogate, "linear", 0).leave_one_out, 1 - 0.5 / variance, kStatistics);
}

TEST(Predict, ClassesWithMeans) {
  constexpr Index d = 10, n = 1500;
  Matrix X = normals(d, n, 1);
  std::vector<std::string> labels;
  for (Index j = 0; j < n; ++j) {
    const double sign = j % 2 == 0 ? 1 : -1;
    X.col(j).array() += 0.2 * sign;  // |delta|^2 = 0.4
    labels.push_back(j % 2 == 0 ? "a" : "b");
  }
  const Surrogate surrogate = predict(data::make_classes(X, labels), {.widths = {10}, .draws = 60});
  EXPECT_TRUE(surrogate.classes);
  constexpr double kStatistics = 0.04;
  EXPECT_NEAR(of(surrogate, "linear", 0).surrogate.value, 1 / 1.4, kStatistics);
  EXPECT_NEAR(of(surrogate, "linear", 0).leave_one_out, 1 / 1.4, kStatistics);
}

TEST(Predict, DoesNotBelieveHeavyTails) {
  const data::Table gaussian = made(6, 1000, 0.5, along);
  const Matrix cubes = gaussian.X.array().cube();
  const Surrogate surrogate = predict(data::make_table(cubes, gaussian.Y), {.widths = {10}});
  EXPECT_FALSE(surrogate.believable);
  EXPECT_NE(surrogate.judgement.find("Do not believe the surrogate"), std::string::npos);
}

TEST(Predict, RefusesWithASentence) {
  const data::Table one = made(4, 100, 0.1, along);
  EXPECT_EQ(test::message<UsageError>([&] { (void)predict(one, {.draws = 3}); }),
            "compare::predict: draws is 3, but must be at least 40");
  Matrix Y(2, 100);
  Y << one.Y, one.X.row(0);
  EXPECT_EQ(
      test::message<UsageError>([&] { (void)predict(data::make_table(one.X, Y)); }),
      "compare::predict: the target has 2 outputs, but the surrogate is for a regression with one output or "
      "two classes");
  EXPECT_EQ(predict(one, {}, {.stop = [] { return true; }}).status, Status::none);
}

}  // namespace
}  // namespace lazygap::compare
