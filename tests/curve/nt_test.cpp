#include "lazygap/curve/nt.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "curve/simulation.h"
#include "exact/problems.h"
#include "lazygap/exact/nt.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"
#include "src/network/tangent_moments.h"
#include "support/message.h"

namespace lazygap::curve {
namespace {

using test::neurons;

constexpr Index kMatrixFree = 0;  ///< dense_parameters that leave no dense way

Options options_for(const char* activation, Index dense_parameters = 3000) {
  return {.activation = activation_from_name(activation),
          .leverage_samples = 100,
          .dense_parameters = dense_parameters,
          .matrix_free_samples = 100};
}

TEST(CurveNt, ClosedFormIsTheSpectrumOfTheTangentMoments) {
  constexpr double kRounding = 1e-11;  // of eigenvalues of order one
  for (const Index N : {1, 4, 9, 12}) {
    constexpr Index d = 9;
    const PolynomialTarget target = test::shifted_polynomial_target(d);
    const Matrix W = neurons(d, N, 0);
    const TangentMoments moments(target, Activation::quadratic(), W, {});
    Matrix G(d * N, d * N);
    moments.gram(G);
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(G);
    const Model model = nt(target, W, {}, options_for("quadratic"));
    EXPECT_EQ(model.features, Features::nt_quadratic);
    EXPECT_EQ(model.message, "closed form");
    const auto rank = static_cast<Index>(model.rank());
    EXPECT_EQ(rank, N <= d ? N * d - N * (N - 1) / 2 : d * (d + 1) / 2);
    Vector values = model.power_values;
    std::sort(values.begin(), values.end());
    EXPECT_LT((values - eigen.eigenvalues().tail(rank)).cwiseAbs().maxCoeff(), kRounding) << N;
    EXPECT_LT(eigen.eigenvalues().head(d * N - rank).cwiseAbs().sum(), kRounding) << N;
    // The powers, as sums with a function of the eigenvalue: single ones are not unique.
    const Eigen::ArrayXd h =
        (eigen.eigenvectors().transpose() * moments.projections().reshaped()).tail(rank).array();
    const auto s = eigen.eigenvalues().tail(rank).array();
    for (const double kappa : {0.01, 1.0, 100.0})
      EXPECT_NEAR((model.powers.array() / (model.power_values.array() + kappa)).sum(),
                  (h.square() / s / (s + kappa)).sum(), 1e2 * kRounding / kappa)
          << N;
  }
}

TEST(CurveNt, ClosedFormAndDenseSeeTheSameSamples) {
  // A bias of 0 on every neuron is the same network by the other way.
  constexpr Index d = 8;
  for (const Problem& problem : test::problems(d)) {
    if (!std::holds_alternative<PolynomialTarget>(problem)) continue;
    const Matrix W = neurons(d, 3, 0);
    const Model closed = nt(problem, W, {}, options_for("quadratic"));
    const Model dense = nt(problem, W, Vector::Zero(3), options_for("quadratic"));
    EXPECT_EQ(dense.message, "eigenvalues of the (N d) x (N d) matrix");
    constexpr double kRounding = 1e-10;
    EXPECT_EQ(closed.rank(), dense.rank());
    EXPECT_NEAR(closed.residual_risk, dense.residual_risk, kRounding * null_risk(problem));
    EXPECT_LT((closed.leverage - dense.leverage).cwiseAbs().maxCoeff(), kRounding);
    EXPECT_LT((closed.squared_residuals - dense.squared_residuals).cwiseAbs().maxCoeff(),
              kRounding * closed.squared_residuals.maxCoeff());
    for (const std::int64_t n : {10, 18, 40})
      EXPECT_NEAR(predict(closed, {n, 0.1}).risk / predict(dense, {n, 0.1}).risk, 1, kRounding);
  }
}

TEST(CurveNt, InfinitelyManySamplesGiveTheExactRisk) {
  constexpr double kSame = 1e-10;
  constexpr Index d = 7, N = 6;
  for (const char* name : {"quadratic", "relu", "tanh"})
    for (const bool biased : {false, true})
      for (const Problem& problem : test::problems(d)) {
        const Matrix W = neurons(d, N, 0);
        const Vector biases = biased ? test::uniforms(N, -1, 1, 9) : Vector();
        const Answer exact = exact::nt(
            problem, {.activation = activation_from_name(name), .W = W, .biases = biases});
        if (exact.status != Status::ok) continue;
        for (const Index dense : {Index{3000}, kMatrixFree}) {
          const Model model = nt(problem, W, biases, options_for(name, dense));
          EXPECT_NEAR(predict(model, {kInfinitelyMany}).risk, exact.risk, kSame * null_risk(problem))
              << name << " biases " << biased << " problem " << problem.index() << " dense " << dense;
        }
      }
}

TEST(CurveNt, WithoutTheMatrixTheSameWithinTheErrorItStates) {
  constexpr double kSigmas = 4;  // of 12 comparisons
  constexpr Index d = 20, N = 15;
  for (const Problem& problem : {Problem(test::polynomial_target(d)), Problem(test::scaled_mixture(d))}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0);
    Options options = options_for("relu");
    options.leverage_samples = 4000;
    const Model dense = nt(problem, W, {}, options);
    options.dense_parameters = kMatrixFree;
    options.matrix_free_samples = 400;
    const Model free = nt(problem, W, {}, options);
    EXPECT_EQ(free.status, Status::ok);
    EXPECT_EQ(free.densities.size(), 30u);
    EXPECT_NEAR(free.rank(), dense.rank(), 1e-9 * dense.rank());
    EXPECT_NEAR(free.residual_risk, dense.residual_risk, 1e-10 * null_risk(problem));
    // The same fresh samples, to the tolerance of conjugate gradients.
    Vector same = dense.leverage.head(400) / dense.leverage.head(400).mean();
    EXPECT_LT((free.leverage - same).cwiseAbs().maxCoeff(), 1e-4);
    // Powers come from a quadrature that is exact here.
    for (const double kappa : {0.01, 0.1, 1.0})
      EXPECT_NEAR((free.powers.array() * (kappa / (free.power_values.array() + kappa)).square()).sum(),
                  (dense.powers.array() * (kappa / (dense.power_values.array() + kappa)).square()).sum(),
                  1e-6 * null_risk(problem));
    for (const std::int64_t n : {100, 250, 600})
      for (const double ridge : {0.0, 0.3}) {
        const Prediction a = predict(free, {n, ridge}), b = predict(dense, {n, ridge});
        EXPECT_LT(std::abs(a.risk - b.risk), kSigmas * std::hypot(a.risk_se, b.risk_se)) << n << " " << ridge;
        EXPECT_LT(a.risk_se, 0.05 * a.risk) << n << " " << ridge;
      }
  }
}

struct Case {
  Problem problem;
  const char* activation;
  Index N;
  double noise;
};

TEST(CurveNt, RegressionsOnSamples) {
  // 4 standard errors, since there are 24 comparisons, or 5 % of the excess. The mixture with Sigma != I
  // tells whether the ridge is that of the coordinates of the data.
  constexpr Index d = 20;
  constexpr double kSigmas = 4, kExcess = 0.05;
  const PolynomialTarget qf(draw_spectrum({}, d, 1));
  const auto fit = [](const auto&... arguments) { return fit::nt(arguments...); };
  for (const auto& [problem, name, N, noise] :
       {Case{qf, "quadratic", 10, 3}, Case{qf, "relu", 12, 0},
        Case{test::scaled_mixture(d), "quadratic", 8, 0}, Case{test::full_mixture(d), "relu", 10, 0}}) {
    const Activation activation = activation_from_name(name);
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0);
    Options options = options_for(name);
    options.leverage_samples = 4000;
    const Model model = nt(problem, W, {}, options);
    for (const double share : {0.5, 1.5, 3.0})
      for (const double ridge : {0.0, 0.2}) {
        const Setting setting{std::llround(share * model.rank()), ridge, noise};
        const Simulated simulated = simulate(fit, problem, W, {}, activation, setting, 20);
        const Prediction p = predict(model, setting);
        EXPECT_TRUE(agrees(p, simulated, model.residual_risk, kSigmas, kExcess))
            << name << " problem " << problem.index() << " n = " << setting.samples << " ridge = " << ridge;
      }
  }
}

TEST(CurveNt, HearsItsCaller) {
  const PolynomialTarget target = test::polynomial_target(6);
  const Matrix W = neurons(6, 5, 0);
  for (const Options& options :
       {options_for("quadratic"), options_for("relu"), options_for("relu", kMatrixFree)}) {
    std::vector<double> fractions;
    std::size_t asked = 0;
    Control control{.progress = [&](double fraction) { fractions.push_back(fraction); },
                    .stop =
                        [&] {
                          ++asked;
                          return false;
                        }};
    EXPECT_EQ(nt(target, W, {}, options, control).status, Status::ok);
    EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
    EXPECT_LE(fractions.back(), 1);
    for (std::size_t heard = 0; heard < asked; heard += 1 + asked / 10) {
      std::size_t count = 0;
      control = {.stop = [&] { return count++ >= heard; }};
      EXPECT_EQ(nt(target, W, {}, options, control).status, Status::none) << heard << " of " << asked;
    }
  }
}

TEST(CurveNt, CostIsSaidInAdvance) {
  // Closed form: nothing as large as N d. Dense: three matrices. Beyond: no (N d) x (N d) matrix.
  const PolynomialTarget target = test::polynomial_target(100);
  const auto bytes = [&](const char* name, Index N) {
    return nt_cost(target, N, false, options_for(name)).bytes;
  };
  EXPECT_LT(bytes("quadratic", 100), 1e6);
  EXPECT_NEAR(bytes("relu", 20) / (3 * 8 * 2000.0 * 2000), 1, 0.01);
  EXPECT_LT(bytes("relu", 100), 0.05 * 8 * 1e4 * 1e4);
  EXPECT_LT(nt_cost(target, 100, false, options_for("relu")).operations,
            0.1 * nt_cost(target, 100, false, options_for("relu", 10000)).operations);
}

TEST(CurveNt, RefusesWhatMakesNoSense) {
  const PolynomialTarget target = test::polynomial_target(4);
  using test::message;
  EXPECT_EQ(message([&] { return nt(target, neurons(5, 3, 0)); }),
            "curve::nt: a column of W has size 5, but must have the dimension d = 4");
  EXPECT_EQ(message([&] { return nt(target, neurons(4, 3, 0), {}, {.probes = 1}); }),
            "curve::nt: probes is 1, but must be at least 2");
  EXPECT_EQ(message([&] { return nt(target, neurons(4, 3, 0), {}, {.dense_parameters = -1}); }),
            "curve::nt: dense_parameters is -1, but must be at least 0");
  Options small = options_for("relu");
  small.memory_bytes = 1000;
  EXPECT_EQ(message([&] { return nt(target, neurons(4, 3, 0), {}, small); }),
            "curve::nt: 3.74e+03 bytes are needed, but memory_bytes allows 1e+03");
  Options no_derivative = options_for("relu");
  no_derivative.activation = activation_from_expression("max(u, 0)");
  EXPECT_EQ(message([&] { return nt(target, neurons(4, 3, 0), {}, no_derivative); }),
            "NT: activation 'max(u, 0)' has no derivative, but NT needs one");
  EXPECT_EQ(message([&] { return nt_cost(target, 0); }), "curve::nt_cost: N is 0, but must be at least 1");
}

}  // namespace
}  // namespace lazygap::curve
