#include "lazygap/curve/rf.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "curve/simulation.h"
#include "exact/problems.h"
#include "lazygap/exact/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"
#include "support/message.h"

namespace lazygap::curve {
namespace {

using test::neurons;

TEST(CurveRf, InfinitelyManySamplesGiveTheExactRisk) {
  // Both subtract from E y^2 what an eigen-decomposition or a factorisation of K explains.
  constexpr double kSame = 1e-10;
  for (const char* name : {"quadratic", "relu", "tanh"})
    for (const bool biased : {false, true})
      for (const bool centred : {true, false})
        for (const Problem& problem : test::problems(12)) {
          const Matrix W = neurons(12, 20, 0);
          const Vector biases = biased ? test::uniforms(20, -1, 1, 9) : Vector();
          const Options options{
              .activation = activation_from_name(name), .centred = centred, .leverage_samples = 40};
          const Model model = rf(problem, W, biases, options);
          EXPECT_EQ(model.status, Status::ok);
          EXPECT_EQ(model.rank(), 20);
          EXPECT_NEAR(predict(model, {kInfinitelyMany}).risk,
                      exact::rf(problem, {.activation = options.activation,
                                          .W = W,
                                          .biases = biases,
                                          .centred = centred})
                          .risk,
                      kSame * null_risk(problem))
              << name << " biases " << biased << " problem " << problem.index();
        }
}

TEST(CurveRf, SingularK) {
  // More neurons than quadratic forms, and repeated ones: the rank is that of the functions, and the risk is
  // right.
  const PolynomialTarget target = test::polynomial_target(5);
  const Model forms = rf(target, neurons(5, 40, 0), {}, {.leverage_samples = 100});
  EXPECT_EQ(forms.rank(), 16);  // d (d + 1)/2 + 1
  EXPECT_EQ(forms.residual_risk, 0);
  EXPECT_TRUE(forms.squared_residuals.isZero(0));
  EXPECT_NEAR(predict(forms, {100}).risk, 0, 1e-12);
  Matrix W = neurons(5, 8, 0);
  W.rightCols(4) = W.leftCols(4);
  const Options relu{.activation = activation_from_name("relu"), .leverage_samples = 100};
  const Model repeated = rf(target, W, {}, relu), once = rf(target, W.leftCols(4), {}, relu);
  EXPECT_EQ(repeated.rank(), 4);
  // The same functions; with a ridge the repeated ones are penalised half as much.
  EXPECT_NEAR(predict(repeated, {50}).risk / predict(once, {50}).risk, 1, 1e-9);
  EXPECT_NEAR(predict(repeated, {50, 0.2}).risk / predict(once, {50, 0.1}).risk, 1, 1e-9);
  // A network that sees nothing.
  const Model none = rf(target, Matrix::Zero(5, 3), {}, {.activation = activation_from_name("tanh")});
  EXPECT_EQ(none.rank(), 0);
  EXPECT_NEAR(predict(none, {10, 1}).risk, target.null_risk() + std::pow(target.mean(), 2), 1e-12);
}

TEST(CurveRf, LeverageAndResidualsAreThoseOfFreshSamples) {
  const PolynomialTarget target = test::polynomial_target(20);
  const Model model = rf(target, neurons(20, 30, 0), {}, {.leverage_samples = 20000});
  EXPECT_NEAR(model.leverage.mean(), 1, 1e-12);
  EXPECT_NEAR(model.squared_residuals.mean() / model.residual_risk, 1, 1e-12);
  // The spread falls like d^{-1/2} [docs/theory/curve.md].
  const Model wide = rf(test::polynomial_target(80), neurons(80, 120, 0));
  EXPECT_NEAR(model.leverage_spread() / wide.leverage_spread(), 2, 0.4);
  const Model again = rf(target, neurons(20, 30, 0), {}, {.leverage_samples = 20000});
  EXPECT_EQ(model.leverage, again.leverage);
  const Model other = rf(target, neurons(20, 30, 0), {}, {.leverage_samples = 20000, .draw = 1});
  EXPECT_NE(model.leverage, other.leverage);
}

struct Case {
  Problem problem;
  const char* activation;
  double tau, noise;
};

std::vector<Case> cases(Index d) {
  const PolynomialTarget qf(draw_spectrum({}, d, 1));
  const GaussianMixture mg(draw_spectrum(
      {.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, d, 1));
  return {{qf, "quadratic", 0, 0}, {mg, "quadratic", 0, 0}, {qf, "relu", 0, 3}, {qf, "tanh", 1, 0}};
}

TEST(CurveRf, RegressionsOnSamples) {
  // 4 standard errors, since there are 28 comparisons, or 3 % of the excess: what the equivalent is good to.
  constexpr Index d = 40, N = 60;
  constexpr double kSigmas = 4, kExcess = 0.03;
  const auto fit = [](const auto&... arguments) { return fit::rf(arguments...); };
  double gaussian = 0, elliptic = 0;
  for (const auto& [problem, name, tau, noise] : cases(d)) {
    const Activation activation = activation_from_name(name);
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0);
    const Vector biases = sample_biases(tau, N, 1, 0);
    const Model model = rf(problem, W, biases, {.activation = activation});
    for (const std::int64_t n : {30, 60, 120, 240})
      for (const double ridge : {0.0, 0.2}) {
        if (n == N && ridge == 0) continue;
        const Setting setting{n, ridge, noise};
        const Simulated simulated = simulate(fit, problem, W, biases, activation, setting, 25);
        const Prediction p = predict(model, setting);
        EXPECT_TRUE(agrees(p, simulated, model.residual_risk, kSigmas, kExcess))
            << name << " problem " << problem.index() << " n = " << n << " ridge = " << ridge;
        EXPECT_EQ(p.doubt, "");
        elliptic += std::pow(p.risk / simulated.mean - 1, 2);
        gaussian += std::pow(predict(model, setting, Equivalent::gaussian).risk / simulated.mean - 1, 2);
      }
  }
  EXPECT_LT(elliptic, 0.25 * gaussian) << "half the error of the Gaussian equivalent at least";
}

TEST(CurveRf, TrainingErrorAndGcvOfRegressions) {
  // Means over 200 sets of samples, features and solution written out. 4 standard errors, or 3 % for GCV,
  // which magnifies the error of the equivalent.
  constexpr Index d = 20, N = 30;
  constexpr double kSigmas = 4, kEquivalent = 0.03;
  constexpr std::uint32_t kDraws = 200;
  const PolynomialTarget target(draw_spectrum({}, d, 1));
  const Activation relu = activation_from_name("relu");
  const Matrix W = FirstLayerLaw::isotropic(target).sample(N, 1, 0);
  const Model model = rf(target, W, {}, {.activation = relu});
  for (const Setting& setting : {Setting{20, 0.1, 2}, Setting{60, 0, 0}, Setting{60, 0.3, 2}}) {
    const auto n = static_cast<double>(setting.samples);
    Eigen::ArrayXd train(kDraws), gcv(kDraws);
    for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
      Matrix X(d, setting.samples);
      Vector y(setting.samples);
      const RandomAddress address{.seed = 5, .purpose = Purpose::fitting, .index = draw};
      draw_samples<double>(target, address, X, y);
      add_label_noise<double>(setting.label_noise, address, y);
      const Matrix F =
          (W.transpose() * X).unaryExpr([&](double u) { return relu.value(u) - relu.hermite.lambda_0; });
      Matrix G = F * F.transpose() / n;
      const Matrix without = G;
      G.diagonal().array() += setting.ridge;
      const Vector a = G.ldlt().solve(F * y / n);
      train[draw] = (y - F.transpose() * a).squaredNorm() / n;
      gcv[draw] = train[draw] / std::pow(1 - G.ldlt().solve(without).trace() / n, 2);
    }
    const auto se = [](const Eigen::ArrayXd& values) {
      return std::sqrt((values - values.mean()).square().sum() / (kDraws - 1.0) / kDraws);
    };
    const Prediction p = predict(model, setting);
    EXPECT_NEAR(p.train, train.mean(), kSigmas * se(train)) << setting.samples << " " << setting.ridge;
    EXPECT_NEAR(p.gcv, gcv.mean(), std::max(kSigmas * se(gcv), kEquivalent * gcv.mean()))
        << setting.samples << " " << setting.ridge;
  }
}

TEST(CurveRf, HearsItsCaller) {
  const PolynomialTarget target = test::polynomial_target(6);
  std::vector<double> fractions;
  Control control{.progress = [&](double fraction) { fractions.push_back(fraction); }};
  EXPECT_EQ(rf(target, neurons(6, 5, 0), {}, {}, control).status, Status::ok);
  ASSERT_GT(fractions.size(), 3u);
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    EXPECT_GE(fractions[i], i == 0 ? 0 : fractions[i - 1]);
    EXPECT_LE(fractions[i], 1);
  }
  // Whenever it is told to stop there is no model.
  for (std::size_t heard = 0; heard < fractions.size(); ++heard) {
    std::size_t count = 0;
    control = {.stop = [&] { return count++ == heard; }};
    EXPECT_EQ(rf(target, neurons(6, 5, 0), {}, {}, control).status, Status::none);
    EXPECT_EQ(count, heard + 1);
  }
}

TEST(CurveRf, RefusesWhatMakesNoSense) {
  const PolynomialTarget target = test::polynomial_target(4);
  const Matrix W = neurons(4, 3, 0);
  using test::message;
  EXPECT_EQ(message([&] { return rf(target, neurons(5, 3, 0)); }),
            "curve::rf: a column of W has size 5, but must have the dimension d = 4");
  EXPECT_EQ(message([&] { return rf(target, W, Vector::Zero(2)); }),
            "curve::rf: biases has size 2, but must have the number of neurons = 3");
  EXPECT_EQ(message([&] { return rf(target, W, {}, {.leverage_samples = 1}); }),
            "curve::rf: leverage_samples is 1, but must be at least 2");
  EXPECT_EQ(message([&] { return rf(target, W, {}, {.memory_bytes = 100}); }),
            "curve::rf: 408 bytes are needed, but memory_bytes allows 100");
  EXPECT_EQ(message([&] { return rf_cost(0, 3); }), "curve::rf_cost: d is 0, but must be at least 1");
  EXPECT_NEAR(rf_cost(450, 4500).bytes / 5e8, 1, 0.05);  // three N x N matrices
}

}  // namespace
}  // namespace lazygap::curve
