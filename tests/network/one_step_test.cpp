#include "lazygap/network/one_step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lazygap/exact/rf.h"
#include "lazygap/limit/rf.h"
#include "lazygap/problem/spectrum.h"
#include "support/message.h"

namespace lazygap {
namespace {

using test::message;

constexpr double kRounding = 1e-12;
constexpr double kStandardErrors = 4.5;  // the largest of some hundred z-scores

const Problem kQf = PolynomialTarget(Vector{{1.0, -0.5, 2.0, 0.0}}, 0.7);
const Problem kMg = GaussianMixture(Vector{{2.0, 0.5, 1.0, 1.5}}, Vector{{1.0, 0.2, -0.4, 0.3}});
const Problem kFullMg = GaussianMixture::from_matrices(
    Matrix{{2.0, 0.3, -0.4, 0}, {0.3, 1.0, 0.2, 0.1}, {-0.4, 0.2, 0.7, 0}, {0, 0.1, 0, 1.0}},
    Matrix{{0.5, 0.1, 0, 0}, {0.1, 0.3, 0.1, 0}, {0, 0.1, -0.2, 0}, {0, 0, 0, 0.2}});
Problem every_degree() {
  Matrix beta(4, 4);
  beta << 1, 1, 0, 0.1, 0, 2, 0.2, 0, 0, 0.5, 0.1, 0, -1, -0.3, 0, 0;
  return PolynomialTarget::from_hermite(beta);
}

Matrix start(const Problem& problem, Index N) { return FirstLayerLaw::isotropic(problem).sample(N, 7, 0); }

/// Largest z-score of the entries of the mean of `sampled(draw)` over draws, against `population`.
template <class Sampled>
double largest_z(const Sampled& sampled, const Matrix& population) {
  constexpr std::uint32_t kDraws = 30;
  Matrix sum = Matrix::Zero(population.rows(), population.cols()), squares = sum;
  for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
    const Matrix sample = sampled(draw);
    sum += sample;
    squares += sample.cwiseAbs2();
  }
  const Matrix mean = sum / kDraws;
  const Matrix se = ((squares / kDraws - mean.cwiseAbs2()) / (kDraws - 1)).cwiseSqrt();
  return ((mean - population).array() / se.array()).abs().maxCoeff();
}

TEST(OneStep, PopulationStepIsThatOfManySamples) {
  // 30 draws of 20000 samples, 6e5 in all.
  for (const Problem& problem : {kQf, kMg, kFullMg, every_degree()}) {
    const Matrix population = one_step_map(problem, {.eta = 1.5});
    const auto sampled = [&](std::uint32_t draw) {
      return one_step_map(problem, {.eta = 1.5, .samples = 20000, .seed = 3, .draw = draw});
    };
    EXPECT_LT(largest_z(sampled, population), kStandardErrors) << problem.index();
  }
}

TEST(OneStep, PopulationStepIsItsFormula) {
  const auto& qf = std::get<PolynomialTarget>(kQf);
  const Matrix B = qf.eigenvalues().asDiagonal();
  EXPECT_TRUE(one_step_map(kQf, {.eta = 3}).isApprox(Matrix::Identity(4, 4) + 6 * B / B.norm(), kRounding));
  const auto& mg = std::get<GaussianMixture>(kFullMg);
  const Matrix Delta = mg.delta_matrix();
  EXPECT_TRUE(one_step_map(kFullMg, {.eta = -3})
                  .isApprox(Matrix::Identity(4, 4) + 3 * Delta / Delta.norm(), kRounding));
}

TEST(OneStep, AnyActivationAgainstManySamples) {
  // The rescaling is a smooth function of the mean over samples, whose curvature adds a bias of the order of
  // the variance, 1/20000: below a tenth of the standard error of 30 draws.
  const Vector a{{1, -0.5, 2}}, biases{{0.3, 0, -0.4}};
  for (const Problem& problem : {kQf, kMg, kFullMg, every_degree()})
    for (const char* name : {"relu", "tanh", "quadratic"}) {
      const Activation activation = activation_from_name(name);
      const Matrix W_0 = start(problem, 3);
      const Matrix population = one_step(problem, activation, W_0, {.eta = 0.8}, a, biases);
      const auto sampled = [&](std::uint32_t draw) {
        return one_step(problem, activation, W_0, {.eta = 0.8, .samples = 20000, .seed = 4, .draw = draw}, a,
                        biases);
      };
      EXPECT_LT(largest_z(sampled, population), kStandardErrors) << problem.index() << " " << name;
    }
}

TEST(OneStep, TheQuadraticActivationIsACaseOfTheGeneralOne) {
  for (const Problem& problem : {kQf, kMg, kFullMg, every_degree()})
    for (const OneStep& step : {OneStep{.eta = 2}, OneStep{.eta = -1, .samples = 3000}}) {
      const Matrix W_0 = start(problem, 5);
      EXPECT_TRUE(one_step(problem, Activation::quadratic(), W_0, step)
                      .isApprox(one_step(problem, W_0, step), 1e-10));  // a Hermite series and a closed form
    }
}

TEST(OneStep, NoStepLeavesTheLayer) {
  for (const Problem& problem : {kQf, kMg, kFullMg})
    for (const std::optional<Index> samples : {std::optional<Index>{}, std::optional<Index>{50}}) {
      const Matrix W_0 = start(problem, 6);
      const Matrix W_1 = one_step(problem, W_0, {.eta = 0, .samples = samples});
      EXPECT_TRUE(W_1.isApprox(W_0 * (W_1(0, 0) / W_0(0, 0)), kRounding));
      EXPECT_TRUE(one_step(problem, activation_from_name("relu"), W_0, {.eta = 0, .samples = samples})
                      .isApprox(W_1, kRounding));
    }
  // One sample says nothing about a correlation.
  EXPECT_TRUE(one_step_map(kQf, {.eta = 5, .samples = 1}).isApprox(Matrix::Identity(4, 4), kRounding));
}

TEST(OneStep, TheLayerIsNormalised) {
  for (const Problem& problem : {kQf, kMg, kFullMg})
    for (const double eta : {-3.0, 0.5, 1e150}) {
      const Matrix W_1 = one_step(problem, start(problem, 6), {.eta = eta, .samples = 100});
      const auto* mg = std::get_if<GaussianMixture>(&problem);
      const Matrix Sigma = mg == nullptr ? Matrix(Matrix::Identity(4, 4)) : mg->sigma_matrix();
      EXPECT_NEAR((W_1.transpose() * Sigma * W_1).trace(), 6, kRounding);
    }
}

TEST(OneStep, SamplesAreSharedByAllSteps) {
  // A - I is linear in eta for the same seed, draw and n1.
  const auto change = [](double eta, std::uint64_t seed, std::uint32_t draw) -> Matrix {
    return one_step_map(kQf, {.eta = eta, .samples = 2000, .seed = seed, .draw = draw}) -
           Matrix::Identity(4, 4);
  };
  EXPECT_TRUE(change(2, 1, 0).isApprox(2 * change(1, 1, 0), kRounding));
  EXPECT_FALSE(change(1, 1, 1).isApprox(change(1, 1, 0), 1e-3));
  EXPECT_FALSE(change(1, 2, 0).isApprox(change(1, 1, 0), 1e-3));
}

TEST(OneStep, TheLawIsThatOfTheLayer) {
  // Gamma_1 of the population step from Gamma_0 = I / d is (I + 2 eta B / ||B||)^2 over its trace.
  const auto& qf = std::get<PolynomialTarget>(kQf);
  const Vector root = 1 + 6 * qf.eigenvalues().array() / qf.eigenvalues().norm();
  const FirstLayerLaw law = one_step_law(kQf, FirstLayerLaw::isotropic(kQf), {.eta = 3});
  ASSERT_TRUE(law.is_diagonal());
  EXPECT_TRUE(law.gamma().isApprox(root.cwiseAbs2() / root.squaredNorm(), kRounding));
  // Any law and problem: the second moment of many neurons.
  constexpr Index N = 40000;
  for (const Problem& problem : {kQf, kFullMg}) {
    const FirstLayerLaw initial = FirstLayerLaw::diagonal(problem, Vector{{1, 2, 0, 3}});
    const OneStep step{.eta = 2, .samples = 300};
    const Matrix W_1 = one_step(problem, initial.sample(N, 5, 0), step);
    const Matrix Gamma = one_step_law(problem, initial, step).covariance();
    for (Index i = 0; i < 4; ++i)
      for (Index j = 0; j < 4; ++j) {
        // The rescaling by the sample's own trace only lowers the fluctuations.
        const double se = std::sqrt((Gamma(i, i) * Gamma(j, j) + Gamma(i, j) * Gamma(i, j)) / N);
        EXPECT_LT(std::abs(W_1.row(i).dot(W_1.row(j)) / N - Gamma(i, j)), kStandardErrors * se);
      }
  }
}

TEST(OneStep, ExactRiskTendsToTheoremOneWithItsLaw) {
  constexpr Index d = 150, N = 150;
  // Theorem 1 at this d: 2 to 4 % off, with the broad laws of large steps and few samples more than with I /
  // d.
  constexpr double kFiniteSize = 0.06;
  const Problem problem = PolynomialTarget(draw_spectrum({}, d, 2));
  const FirstLayerLaw initial = FirstLayerLaw::isotropic(problem);
  for (const std::optional<Index> samples :
       {std::optional<Index>{}, std::optional<Index>{20 * d}, std::optional<Index>{4 * d}})
    for (const double eta : {0.0, 1.0, 3.0}) {
      const OneStep step{.eta = eta, .samples = samples, .seed = 2};
      const Matrix W_1 = one_step(problem, initial.sample(N, 2, 0), step);
      const double exact = exact::rf(problem, {.W = W_1}).risk / null_risk(problem);
      const double limit = limit::rf_ratio(problem, one_step_law(problem, initial, step),
                                           Activation::quadratic().hermite, double(N) / d);
      EXPECT_NEAR(exact / limit, 1, kFiniteSize) << eta << " " << samples.value_or(0);
    }
}

TEST(OneStep, RefusesWhatItCannotDo) {
  const Matrix W_0 = Matrix::Ones(4, 2);
  const auto step = [&](const OneStep& options) {
    return message([&] { return one_step(kQf, W_0, options); });
  };
  EXPECT_EQ(step({.eta = 1, .samples = 0}), "one_step_map: samples (n1) is 0, but must be at least 1");
  EXPECT_EQ(step({.eta = std::numeric_limits<double>::quiet_NaN()}),
            "one_step_map: eta is nan, but must be finite");
  EXPECT_EQ(step({.eta = std::numeric_limits<double>::max()}),
            "one_step_map: eta is 1.7976931348623157e+308, but the neurons after the step must be finite");
  EXPECT_EQ(message([&] { return one_step(kQf, Matrix::Zero(4, 2), {.eta = 1}); }),
            "one_step: eta is 1, but at least one neuron must be different from 0 after the step");
  const Activation relu = activation_from_name("relu");
  EXPECT_EQ(message([&] { return one_step(kQf, relu, W_0, {.eta = 1, .samples = -3}); }),
            "one_step: samples (n1) is -3, but must be at least 1");
  EXPECT_EQ(message([&] { return one_step(kQf, relu, W_0, {.eta = 1}, Vector::Ones(3)); }),
            "one_step: a has size 3, but must have the number of neurons = 2");
  EXPECT_EQ(message([&] { return one_step(kQf, Matrix::Ones(3, 2), {.eta = 1}); }),
            "one_step: a column of W has size 3, but must have the dimension d = 4");
  EXPECT_EQ(message([&] { return one_step(kQf, activation_from_expression("max(u,0)^2"), W_0, {.eta = 1}); }),
            "one_step: the activation 'max(u,0)^2' has no derivative, but the step needs one");
}

}  // namespace
}  // namespace lazygap
