#include "lazygap/exact/nn.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "exact/problems.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

Matrix gradient(const Problem& problem, const Matrix& S, double c, double* gradient_c) {
  return std::visit([&](const auto& p) { return p.population_gradient(S, c, gradient_c); }, problem);
}

/// Smallest risk that gradient descent finds over W (d x N) and c for the given signs of the second layer,
/// from several starting points.
double descend(const Problem& problem, const Vector& signs) {
  double best = std::numeric_limits<double>::infinity();
  for (std::uint32_t start = 0; start < 6; ++start) {
    Matrix W = test::normals(dimension(problem), signs.size(), 50 + start);
    double c = 0, step = 0.05;
    const auto form = [&](const Matrix& V) -> Matrix { return V * signs.asDiagonal() * V.transpose(); };
    double risk = population_risk(problem, form(W), c);
    for (int k = 0; k < 6000 && step > 1e-12; ++k) {
      double gradient_c = 0;
      const Matrix gradient_W = 2 * gradient(problem, form(W), c, &gradient_c) * W * signs.asDiagonal();
      const Matrix next = W - step * gradient_W;
      const double next_c = c - step * gradient_c;
      const double next_risk = population_risk(problem, form(next), next_c);
      if (next_risk <= risk) {
        W = next;
        c = next_c;
        risk = next_risk;
        step *= 1.2;
      } else {
        step /= 2;
      }
    }
    best = std::min(best, risk);
  }
  return best;
}

double descend(const Problem& problem, Index N, SecondLayerSign sign) {
  const Vector plus = Vector::Ones(N);
  if (sign == SecondLayerSign::positive) return descend(problem, plus);
  if (sign == SecondLayerSign::one_sign) return std::min(descend(problem, plus), descend(problem, -plus));
  double best = std::numeric_limits<double>::infinity();
  for (Index negative = 0; negative <= N; ++negative) {
    Vector signs = plus;
    signs.head(negative).setConstant(-1);
    best = std::min(best, descend(problem, signs));
  }
  return best;
}

TEST(ExactNn, GradientDescentReachesItAndGoesNoLower) {
  // Descent gets this close in 6000 steps; the differences between the cases are above 0.01.
  constexpr double kDescent = 1e-4;
  const Vector mixed = (Vector(4) << 0.8, -0.7, 0.5, -0.3).finished();
  const std::vector<Problem> problems{PolynomialTarget(mixed), PolynomialTarget(mixed.cwiseAbs(), 0.4),
                                      GaussianMixture(mixed), GaussianMixture(mixed.cwiseAbs()),
                                      GaussianMixture((Vector(4) << 1, 2, 0.5, 1.5).finished(), 0.5 * mixed)};
  for (std::size_t i = 0; i < problems.size(); ++i)
    for (const SecondLayerSign sign :
         {SecondLayerSign::positive, SecondLayerSign::one_sign, SecondLayerSign::free})
      for (const Index N : {1, 2, 3}) {
        const Answer risk = exact::nn(problems[i], N, sign);
        const double found = descend(problems[i], N, sign);
        EXPECT_GE(found, risk.risk * (1 - 1e-12)) << i << " " << N << " " << static_cast<int>(sign);
        EXPECT_NEAR(found, risk.risk, kDescent) << i << " " << N << " " << static_cast<int>(sign);
      }
}

TEST(ExactNn, Theorem3) {
  const PolynomialTarget problem((Vector(5) << 1, 5, 2, 4, 3).finished());
  const double expected[] = {0, 60, 28, 10, 2, 0, 0};  // 2 (1 + 4 + 9 + 16), ...
  for (Index N = 1; N <= 6; ++N) {
    for (const SecondLayerSign sign :
         {SecondLayerSign::positive, SecondLayerSign::one_sign, SecondLayerSign::free}) {
      const Answer risk = exact::nn(problem, N, sign);
      EXPECT_EQ(risk.risk, expected[N]);
      EXPECT_EQ(risk.status, Status::ok);
      EXPECT_EQ(risk.diagnostics.rank, std::min<Index>(N, 5));
    }
  }
}

TEST(ExactNn, SignsDecideWhatIsFitted) {
  const Vector values = (Vector(4) << 0.1, -0.6, 0.5, -0.4).finished();
  const auto fit = [](double v) { return v * v / (1 + v * v); };
  const PolynomialTarget qf(values);
  const GaussianMixture mg(values);
  EXPECT_DOUBLE_EQ(exact::nn(qf, 2, SecondLayerSign::positive).risk, 2 * (0.36 + 0.16));
  EXPECT_DOUBLE_EQ(exact::nn(qf, 2, SecondLayerSign::one_sign).risk, 2 * (0.25 + 0.01));
  EXPECT_DOUBLE_EQ(exact::nn(qf, 2, SecondLayerSign::free).risk, 2 * (0.16 + 0.01));
  EXPECT_DOUBLE_EQ(exact::nn(mg, 2, SecondLayerSign::positive).risk, 2 / (2 + fit(0.6) + fit(0.4)));
  EXPECT_DOUBLE_EQ(exact::nn(mg, 2, SecondLayerSign::one_sign).risk, 2 / (2 + fit(0.6) + fit(0.4)));
  EXPECT_DOUBLE_EQ(exact::nn(mg, 2, SecondLayerSign::free).risk, 2 / (2 + fit(0.6) + fit(0.5)));
  // The paper's Delta >= 0 needs a negative second layer: with a = 1 nothing can be fitted.
  const GaussianMixture positive(values.cwiseAbs());
  EXPECT_EQ(exact::nn(positive, 4, SecondLayerSign::positive).risk, 1);
  EXPECT_LT(exact::nn(positive, 4, SecondLayerSign::one_sign).risk, 1);
}

TEST(ExactNn, OneDimension) {
  EXPECT_EQ(exact::nn(PolynomialTarget(Vector::Constant(1, -2)), 1, SecondLayerSign::positive).risk, 8);
  EXPECT_EQ(exact::nn(PolynomialTarget(Vector::Constant(1, -2)), 3, SecondLayerSign::one_sign).risk, 0);
  EXPECT_DOUBLE_EQ(exact::nn(GaussianMixture(Vector::Constant(1, 0.5)), 1, SecondLayerSign::free).risk,
                   2 / 2.2);
}

TEST(ExactNn, RefusesNoNeurons) {
  EXPECT_THROW(static_cast<void>(exact::nn(test::mixture(2), 0, SecondLayerSign::free)), UsageError);
}

TEST(ExactNn, LeavesTheOtherDegreesUnexplained) {
  const PolynomialTarget target = test::target_of_every_degree(5);
  const PolynomialTarget quadratic(target.eigenvalues(), target.offset());
  EXPECT_NEAR(exact::nn(target, 2, SecondLayerSign::free).risk,
              exact::nn(quadratic, 2, SecondLayerSign::free).risk + target.rest_risk(),
              1e-12 * target.null_risk());
  Matrix cubic = Matrix::Zero(5, 3);
  cubic(2, 2) = 1.5;
  const PolynomialTarget unseen = PolynomialTarget::from_hermite(cubic);
  const Answer risk = exact::nn(unseen, 2, SecondLayerSign::free);
  EXPECT_EQ(risk.risk, unseen.null_risk());
  EXPECT_EQ(risk.diagnostics.rank, 0);
}

}  // namespace
}  // namespace lazygap
