#include "lazygap/limit/rf_biases.h"

#include <gtest/gtest.h>

#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/exact/rf.h"
#include "lazygap/limit/rf.h"
#include "lazygap/problem/spectrum.h"

namespace lazygap::limit {
namespace {

constexpr double kRounding = 1e-12;
// Fixed point, quadrature over the bias, coefficients from quadrature.
constexpr double kAccuracy = 1e-8;

Problem qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 1)); }
Problem mg(Index d) {
  return GaussianMixture(draw_spectrum(
      {.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, d, 1));
}
const char* const kActivations[] = {"relu", "tanh", "erf", "quadratic", "softplus", "cos"};

TEST(RfBiases, NoBiasesGiveTheTheorems) {
  for (const Problem& problem : {qf(20), mg(20)})
    for (const auto& law : {FirstLayerLaw::isotropic(problem), FirstLayerLaw::aligned(problem)})
      for (const char* name : kActivations)
        for (const double rho : {1e-4, 0.5, 5.0, 1e4}) {
          const Activation activation = activation_from_name(name);
          const double expected = rf_ratio(problem, law, activation.hermite, rho);
          EXPECT_NEAR(rf_ratio(problem, law, activation, 0, rho), expected, kRounding * expected)
              << name << " " << rho;
          if (rho == 5.0) {
            EXPECT_NEAR(rf_ratio_given_biases(problem, law, activation, Vector::Zero(100)), expected,
                        kRounding * expected)
                << name;
          }
        }
}

TEST(RfBiases, TendsToTheTheoremsForSmallBiases) {
  // lambda_k(b) is smooth: corrections of the order tau^2, times up to 1e2.
  constexpr double kTau = 1e-4, kCorrection = 1e2 * kTau * kTau;
  for (const Problem& problem : {qf(20), mg(20)}) {
    const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
    for (const char* name : kActivations) {
      const Activation activation = activation_from_name(name);
      EXPECT_NEAR(rf_ratio(problem, law, activation, kTau, 2), rf_ratio(problem, law, activation, 0, 2),
                  kCorrection)
          << name;
    }
  }
}

TEST(RfBiases, EqualBiasesAreAShiftedActivationWithAMean) {
  // psi by the theorem for u -> tanh(u + 0.7), whose mean m = lambda_0 is one more direction of weight
  // d psi m^2.
  const Activation tanh = activation_from_name("tanh");
  const HermiteSummary shifted = activation_from_expression("tanh(u + 0.7)").hermite;
  const Index d = 30;
  for (const Problem& problem : {qf(d), mg(d)}) {
    const FirstLayerLaw law = FirstLayerLaw::aligned(problem);
    const double psi = rf_psi(static_cast<double>(d) * law.gamma(), shifted, 2);
    const double m = shifted.lambda_0;
    const double strength =
        psi * shifted.lambda_2 * shifted.lambda_2 / (1 + static_cast<double>(d) * psi * m * m);
    const double expected =
        rf_ratio(problem, law, HermiteSummary{.lambda_2 = 1, .lambda_tilde = 1}, strength);
    EXPECT_NEAR(rf_ratio_given_biases(problem, law, tanh, Vector::Constant(2 * d, 0.7)), expected,
                kAccuracy * expected);
  }
}

TEST(RfBiases, TheLawOfTheBiasesIsTheLimitOfManyGivenOnes) {
  // The midpoint rule in the quantiles of N(0,1), 1 / N in accuracy for integrands that grow in the tails.
  constexpr Index kNeurons = 1000;
  constexpr double kTau = 0.5, kMidpointRule = 2e-3;
  Vector biases(kNeurons);
  for (Index i = 0; i < kNeurons; ++i)
    biases[i] = -kTau * std::sqrt(2.0) * boost::math::erfc_inv((2 * static_cast<double>(i) + 1) / kNeurons);
  for (const Problem& problem : {qf(500), mg(500)})
    for (const char* name : {"relu", "tanh", "quadratic"}) {
      const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
      const Activation activation = activation_from_name(name);
      EXPECT_NEAR(rf_ratio(problem, law, activation, kTau, 2),
                  rf_ratio_given_biases(problem, law, activation, biases), kMidpointRule)
          << name;
    }
}

TEST(RfBiases, ApproachesTheExactRisk) {
  // Finite-size differences, about 1/d, and fluctuations of the mean of kDraws draws: see
  // docs/theory/limit.md.
  constexpr std::uint32_t kDraws = 4;
  constexpr double kDifference = 0.02;
  const Index d = 150, N = 225;
  for (const Problem& problem : {qf(d), mg(d)}) {
    const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
    for (const char* name : {"relu", "tanh", "erf"})
      for (const double tau : {0.5, 1.0}) {
        const Activation activation = activation_from_name(name);
        double difference = 0;
        for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
          const Vector biases = sample_biases(tau, N, 1, draw);
          const double exact = exact::rf(problem, {.activation = activation, .W = law.sample(N, 1, draw), .biases = biases}).risk;
          difference += exact / null_risk(problem) - rf_ratio_given_biases(problem, law, activation, biases);
        }
        EXPECT_LT(std::abs(difference / kDraws), kDifference) << name << " " << tau;
      }
  }
}

TEST(RfBiases, BiasesLetAnOddActivationSee) {
  const Problem problem = qf(50);
  const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
  const Activation tanh = activation_from_name("tanh");
  EXPECT_EQ(rf_ratio(problem, law, tanh, 0, 2), 1);
  EXPECT_LT(rf_ratio(problem, law, tanh, 1, 2), 0.95);
}

TEST(RfBiases, NeuronsThatSaturateAreHarmless) {
  const Problem problem = mg(50);
  const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
  const Activation tanh = activation_from_name("tanh");
  double previous = 1;
  for (const double rho : {0.1, 10.0}) {
    const double ratio = rf_ratio(problem, law, tanh, 10, rho);
    EXPECT_GT(ratio, 0);
    EXPECT_LT(ratio, previous);
    previous = ratio;
  }
  EXPECT_EQ(rf_ratio_given_biases(problem, law, tanh, Vector::Constant(10, 40.0)), 1);
  EXPECT_EQ(rf_ratio_given_biases(problem, law, activation_from_name("relu"), Vector::Constant(10, -36.0)),
            1);
}

template <class Call>
std::string message(const Call& call) {
  try {
    (void)call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(RfBiases, RefusesBadArguments) {
  const Problem problem = qf(3);
  const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
  const Activation relu = activation_from_name("relu");
  EXPECT_EQ(message([&] { return rf_ratio(problem, law, relu, -1, 1); }),
            "limit::rf_ratio: tau is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message([&] { return rf_ratio(problem, law, relu, 1, 0); }),
            "limit::rf_ratio: rho is 0, but must be positive and finite");
  EXPECT_EQ(message([&] { return rf_ratio(qf(4), law, relu, 1, 1); }),
            "limit::rf_ratio: law has size 3, but must have the dimension d of the problem = 4");
  EXPECT_EQ(message([&] {
              return rf_ratio(PolynomialTarget(Vector{{1.0, 2.0, 3.0}}, 0), law, relu, 1, 1);
            }),
            "limit::rf_ratio: the mean of f* is 6, but must be 0 (centred)");
  EXPECT_EQ(message([&] { return rf_ratio_given_biases(problem, law, relu, Vector{{std::nan("")}}); }),
            "limit::rf_ratio_given_biases: biases[0] is nan, but must be finite");
  EXPECT_EQ(message([&] { return rf_ratio_given_biases(problem, law, relu, {}); }),
            "limit::rf_ratio_given_biases: biases is empty, but must have at least one entry");
}

}  // namespace
}  // namespace lazygap::limit
