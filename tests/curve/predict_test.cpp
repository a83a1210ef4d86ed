#include "lazygap/curve/predict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lazygap/core/random.h"
#include "support/message.h"

namespace lazygap::curve {
namespace {

/// Two solutions of the same equation by different root finders.
constexpr double kSameRoot = 1e-9;

/// A made-up model of D features, their eigenvalues from 1e-6 to 1.
Model make_model(Index D, double residual_risk, Features features = Features::rf) {
  Model model{.features = features, .neurons = 100, .residual_risk = residual_risk, .status = Status::ok};
  model.power_values =
      Vector::LinSpaced(D, -6, 0).array().unaryExpr([](double x) { return std::pow(10, x); });
  model.powers = model.power_values.cwiseSqrt() / static_cast<double>(D);
  model.densities = {{.values = model.power_values, .counts = Vector::Ones(D)}};
  return model;
}

/// Leverages uniform on (1 - spread, 1 + spread), squared residuals that grow with them.
Model with_pairs(Model model, double spread) {
  constexpr Index kPairs = 1000;
  model.leverage = Vector::LinSpaced(kPairs, 1 - spread, 1 + spread);
  model.squared_residuals = model.leverage.cwiseAbs2();
  model.squared_residuals *= model.residual_risk / model.squared_residuals.mean();
  return model;
}

struct Direct {
  double risk, train, kappa;
};

/// theory in its usual form: kappa by bisection of n (1 - ridge/kappa) = sum s/(s + kappa).
Direct gaussian_equivalent(const Model& model, double n, double ridge, double noise) {
  const auto s = model.power_values.array();
  double low = std::log(std::max(ridge, 1e-300)), high = std::log(ridge + s.sum() / n) + 1e-9;
  for (int i = 0; i < 300; ++i) {
    const double middle = (low + high) / 2, kappa = std::exp(middle);
    (n * (kappa - ridge) / kappa < (s / (s + kappa)).sum() ? low : high) = middle;
  }
  const double kappa = std::exp(high);
  const double gamma = (s / (s + kappa)).square().sum() / n;
  const double bias = (model.powers.array() * (kappa / (s + kappa)).square()).sum();
  const double total = (bias + model.residual_risk + noise) / (1 - gamma);
  return {.risk = total - noise, .train = std::pow(ridge / kappa, 2) * total, .kappa = kappa};
}

TEST(CurvePredict, GaussianEquivalentAgreesWithItsUsualForm) {
  const Model model = make_model(50, 0.3);
  for (const std::int64_t n : {1L, 10L, 49L, 50L, 51L, 200L, 1000000L, 1000000000L})
    for (const double ridge : {1e-9, 1e-3, 1.0, 1e6})
      for (const double tau : {0.0, 0.7}) {
        const Direct direct = gaussian_equivalent(model, static_cast<double>(n), ridge, tau * tau);
        const Prediction p = predict(model, {n, ridge, tau}, Equivalent::gaussian);
        EXPECT_NEAR(p.kappa / direct.kappa, 1, kSameRoot) << n << " " << ridge;
        // The usual form cancels where 1 - ridge/kappa and 1 - gamma do.
        EXPECT_NEAR(p.risk / direct.risk, 1, 1e3 * kSameRoot) << n << " " << ridge;
        EXPECT_NEAR(p.train / direct.train, 1, 1e3 * kSameRoot) << n << " " << ridge;
        EXPECT_NEAR(p.gcv, p.risk + tau * tau, kSameRoot * p.gcv) << "GCV is unbiased for Gaussian features";
        EXPECT_EQ(p.risk_se, 0);
      }
}

TEST(CurvePredict, EqualLeveragesGiveTheGaussianEquivalent) {
  Model model = with_pairs(make_model(50, 0.3), 0);
  model.squared_residuals.setConstant(0.3);
  for (const Features features : {Features::rf, Features::nt_quadratic}) {
    model.features = features;
    for (const std::int64_t n : {2L, 30L, 60L, 100L, 100000L})
      for (const double ridge : {0.0, 1e-3, 1.0}) {
        const Prediction e = predict(model, {n, ridge, 0.4}),
                         g = predict(model, {n, ridge, 0.4}, Equivalent::gaussian);
        EXPECT_NEAR(e.risk / g.risk, 1, kSameRoot) << n << " " << ridge;
        EXPECT_NEAR(e.train, g.train, kSameRoot);
        EXPECT_NEAR(e.gcv / g.gcv, 1, kSameRoot) << n << " " << ridge;
        EXPECT_NEAR(e.degrees, g.degrees, kSameRoot * 50);
        EXPECT_LT(e.risk_se, kSameRoot) << "every part of the pairs says the same";
      }
  }
}

TEST(CurvePredict, LeastSquaresHasItsTextbookRisk) {
  // Gaussian features and noise: (R_inf + tau^2) (n - 1)/(n - D - 1), and with an offset D + 1 coefficients
  // and (n - 1) in the place of n, times 1 + 1/n.
  const double total = 0.3 + 0.25;
  for (const std::int64_t n : {60L, 100L, 5000L}) {
    const auto m = static_cast<double>(n);
    const Prediction rf = predict(make_model(50, 0.3), {n, 0, 0.5}, Equivalent::gaussian);
    EXPECT_NEAR(rf.risk, total * (m - 1) / (m - 51) - 0.25, kSameRoot);
    EXPECT_NEAR(rf.train, total * (m - 50) / m, kSameRoot);
    EXPECT_EQ(rf.kappa, 0);
    const Prediction nt =
        predict(make_model(50, 0.3, Features::nt_quadratic), {n, 0, 0.5}, Equivalent::gaussian);
    EXPECT_NEAR(nt.risk, total * (m - 2) / (m - 52) * (1 + 1 / m) - 0.25, kSameRoot);
    EXPECT_NEAR(nt.train, total * (m - 51) / m, kSameRoot);
    EXPECT_NEAR(nt.gcv, total / (1 - 51 / m), kSameRoot);
  }
}

TEST(CurvePredict, NoRidgeIsTheLimitOfALittle) {
  // Above the threshold the two differ by the factor (n - D)/(n - D - 1) of the excess, see
  // docs/theory/curve.md.
  const Model model = with_pairs(make_model(50, 0.3), 0.6);
  constexpr double kLittle = 1e-14, kFirstOrder = 1e-5;  // the least eigenvalue is 1e-6
  for (const std::int64_t n : {10L, 40L, 70L, 200L}) {
    const Prediction without = predict(model, {n, 0, 0.5}), with = predict(model, {n, kLittle, 0.5});
    const double factor = n > 50 ? static_cast<double>(n - 50) / static_cast<double>(n - 51) : 1;
    EXPECT_NEAR((without.risk - 0.3) / factor / (with.risk - 0.3), 1, kFirstOrder) << n;
    EXPECT_NEAR(without.train, with.train, kFirstOrder) << n;
    EXPECT_NEAR(without.gcv / with.gcv, 1, kFirstOrder) << n;
    EXPECT_NEAR(without.degrees / with.degrees, 1, kFirstOrder) << n;
  }
}

TEST(CurvePredict, ManySamplesGiveTheSandwichAndThenTheExactRisk) {
  const Model model = with_pairs(make_model(50, 0.3), 0.6);
  constexpr std::int64_t kMany = 100'000'000;
  const double sandwich =
      model.squared_residuals.cwiseProduct(model.leverage).mean() * 50 / static_cast<double>(kMany);
  constexpr double kSecondOrder = 1e-5;  // D/n = 5e-7
  EXPECT_NEAR((predict(model, {kMany}).risk - 0.3) / sandwich, 1, kSecondOrder);
  EXPECT_NEAR(predict(model, {kInfinitelyMany}).risk, 0.3, 1e-15);
  // With a ridge the exact risk at this ridge.
  const auto s = model.power_values.array();
  const double bias = (model.powers.array() * (0.1 / (s + 0.1)).square()).sum();
  EXPECT_NEAR(predict(model, {kInfinitelyMany, 0.1}).risk, 0.3 + bias, kSameRoot);
}

TEST(CurvePredict, AnswersEverywhere) {
  // n from 1 to 1e9 and ridge from 0 to 1e6, K singular (20 of 50 features), degrees between 0 and D and
  // decreasing.
  Model model = with_pairs(make_model(30, 0.3), 0.9);
  for (const Features features : {Features::rf, Features::nt_quadratic}) {
    model.features = features;
    for (std::int64_t n = 1; n <= 1'000'000'000; n = n * 3 + 1) {
      double degrees = std::numeric_limits<double>::infinity();
      for (const double ridge : {0.0, 1e-300, 1e-12, 1e-6, 1.0, 1e6}) {
        const Prediction p = predict(model, {n, ridge, 0.1});
        EXPECT_TRUE(std::isfinite(p.risk) && p.risk >= 0.3) << n << " " << ridge << " " << p.risk;
        EXPECT_TRUE(p.train >= 0) << n << " " << ridge;
        EXPECT_TRUE(p.degrees <= degrees * (1 + kSameRoot) && p.degrees >= 0) << n << " " << ridge;
        EXPECT_LE(p.degrees, 30 * (1 + kSameRoot));
        degrees = p.degrees;
      }
    }
  }
  EXPECT_TRUE(std::isinf(predict(with_pairs(make_model(30, 0.3), 0.5), {30}).risk));
  // Nothing to learn from: no features at all.
  Model empty{.residual_risk = 2, .status = Status::ok};
  EXPECT_EQ(predict(empty, {10}).risk, 2);
  EXPECT_EQ(predict(empty, {10, 1}).risk, 2);
}

TEST(CurvePredict, UnequalLeveragesBiasGcvDownwards) {
  const Model model = with_pairs(make_model(50, 0.3), 0.9);
  for (const std::int64_t n : {30L, 75L, 100L}) {
    const Prediction p = predict(model, {n, 1e-3});
    EXPECT_LT(p.gcv, p.risk) << n;
  }
}

TEST(CurvePredict, StandardErrorIsThatOfOtherSamples) {
  // Models whose pairs are independent draws scatter by what the jackknife says. 40 of them: the standard
  // deviation is known to 11 %, and 4 of these are allowed.
  constexpr int kModels = 40;
  Eigen::ArrayXd risks(kModels), errors(kModels);
  for (int i = 0; i < kModels; ++i) {
    Model model = make_model(50, 0.3);
    Vector normals(2 * 400);
    fill_normals({.seed = 3, .purpose = Purpose::leverage, .index = static_cast<std::uint32_t>(i)},
                 std::span<double>(normals.data(), 800));
    model.leverage = (0.4 * normals.head(400)).array().exp();
    model.leverage /= model.leverage.mean();
    model.squared_residuals = model.leverage.cwiseProduct(normals.tail(400).cwiseAbs2());
    model.squared_residuals *= 0.3 / model.squared_residuals.mean();
    const Prediction p = predict(model, {75, 1e-3});
    risks[i] = p.risk;
    errors[i] = p.risk_se;
  }
  const double scatter = std::sqrt((risks - risks.mean()).square().sum() / (kModels - 1));
  EXPECT_NEAR(scatter / std::sqrt(errors.square().mean()), 1, 0.44);
}

TEST(CurvePredict, SpreadOfTheProbesIsAnError) {
  Model model = make_model(50, 0.3);
  model.densities.push_back({.values = 1.1 * model.power_values, .counts = Vector::Ones(50)});
  const Prediction p = predict(model, {30, 1e-3}, Equivalent::gaussian);
  EXPECT_GT(p.risk_se, 0);
  // Two probes: half of the difference of the answers with one of them each, to leading order.
  Model first = model, second = model;
  first.densities.resize(1);
  second.densities.erase(second.densities.begin());
  const double difference = predict(first, {30, 1e-3}, Equivalent::gaussian).risk -
                            predict(second, {30, 1e-3}, Equivalent::gaussian).risk;
  EXPECT_NEAR(p.risk_se, std::abs(difference) / 2, kSameRoot);
}

TEST(CurveBestRidge, IsBelowEveryOtherAndHasNoPeak) {
  const Model model = with_pairs(make_model(50, 0.3), 0.6);
  double last = std::numeric_limits<double>::infinity();
  for (const std::int64_t n : {5L, 20L, 40L, 48L, 50L, 52L, 60L, 100L, 1000L, 100000L}) {
    const BestRidge best = best_ridge(model, {.samples = n, .label_noise = 0.5});
    for (double ridge = 1e-10; ridge < 1e5; ridge *= 1.5)
      // The minimum is flat: position to 1e-3 means value to 1e-6.
      EXPECT_LE(best.prediction.risk, predict(model, {n, ridge, 0.5}).risk * (1 + 1e-5)) << n << " " << ridge;
    EXPECT_LE(best.prediction.risk, predict(model, {n, 0, 0.5}).risk) << n;
    EXPECT_LT(best.prediction.risk, last) << "more samples never hurt";
    last = best.prediction.risk;
  }
  EXPECT_GT(predict(model, {49, 0, 0.5}).risk, 10 * last) << "without ridge there is a peak";
}

TEST(CurvePredict, SaysWhereItMayNotBeTrusted) {
  Model rf = with_pairs(make_model(50, 0.3), 0.5);
  EXPECT_EQ(predict(rf, {46}).doubt, "");
  EXPECT_EQ(
      predict(rf, {47}).doubt,
      "n is within 3 of the interpolation threshold 50, where the mean risk without ridge need not exist");
  EXPECT_EQ(predict(rf, {50, 0.1}).doubt, "");
  Model quadratic = rf;
  quadratic.features = Features::nt_quadratic;
  EXPECT_EQ(predict(quadratic, {16}).doubt,
            "n is below a third of the interpolation threshold 51, where risks are predicted too low");
  EXPECT_EQ(predict(quadratic, {17}).doubt, "");
  Model nt = rf;
  nt.features = Features::nt;
  EXPECT_EQ(predict(nt, {20}).doubt, "");
  nt.neurons = 7;
  EXPECT_EQ(predict(nt, {20}).doubt,
            "NT features of 7 neurons (fewer than 8) are not near the law that is assumed");
  nt.neurons = 8;
  EXPECT_EQ(predict(with_pairs(nt, 0.9), {20}).doubt,
            "the leverage of NT features spreads by 0.52 of its mean, more than 0.5");
  rf.kernel_error = 1e-3;
  EXPECT_EQ(predict(rf, {20}).doubt, "the moments of the features are known to 1.0e-03 only");
}

TEST(CurvePredict, RefusesWhatMakesNoSense) {
  const Model model = make_model(50, 0.3);
  using test::message;
  EXPECT_EQ(message([&] { return predict(model, {0}); }),
            "curve::predict: samples is 0, but must be at least 1");
  EXPECT_EQ(message([&] {
              return predict(model, {10, -1});
            }),
            "curve::predict: ridge is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message([&] {
              return predict(model, {10, 0, -1});
            }),
            "curve::predict: label_noise is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message([&] { return best_ridge(model, {-3}); }),
            "curve::best_ridge: samples is -3, but must be at least 1");
  EXPECT_EQ(message([&] { return predict(Model(), {10}); }),
            "curve::predict: the model is empty, because it was not made or stopped");
}

}  // namespace
}  // namespace lazygap::curve
