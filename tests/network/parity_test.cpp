#include "lazygap/network/parity.h"

#include <gtest/gtest.h>

namespace lazygap {
namespace {

/// sum_i He_k(x_i) in three dimensions.
Problem target_of_degree(Index k) {
  Matrix beta = Matrix::Zero(3, k);
  beta.col(k - 1).setOnes();
  return PolynomialTarget::from_hermite(beta);
}

bool blind(Regime regime, const char* activation, const Problem& problem, double bias_scale = 0) {
  return is_blind(regime, activation_from_name(activation), bias_scale, problem);
}

constexpr Regime kTrainable[] = {Regime::rf_isotropic, Regime::nt, Regime::nn};

TEST(Parity, OddActivationsSeeNoEvenTarget) {
  const Problem mg = GaussianMixture(Vector{{0.1, 0.2}});
  for (const char* activation : {"tanh", "erf", "sin"})
    for (const Regime regime : kTrainable) {
      EXPECT_TRUE(blind(regime, activation, target_of_degree(2))) << activation << to_string(regime);
      EXPECT_TRUE(blind(regime, activation, target_of_degree(4))) << activation << to_string(regime);
      EXPECT_TRUE(blind(regime, activation, mg)) << activation << to_string(regime);
      EXPECT_FALSE(blind(regime, activation, target_of_degree(1))) << activation << to_string(regime);
      EXPECT_FALSE(blind(regime, activation, target_of_degree(3))) << activation << to_string(regime);
      EXPECT_FALSE(blind(regime, activation, target_of_degree(2), 0.5)) << "biases break the parity";
    }
}

TEST(Parity, ReluSeesDegreeOneAndEvenDegreesOnly) {
  for (const Regime regime : kTrainable) {
    for (const Index k : {1, 2, 4}) EXPECT_FALSE(blind(regime, "relu", target_of_degree(k))) << k;
    for (const Index k : {3, 5}) EXPECT_TRUE(blind(regime, "relu", target_of_degree(k))) << k;
  }
}

TEST(Parity, LooksAtNeuronsOfSeveralLengths) {
  // He_4(s g) holds He_2(g), too, but for s = 1; the quadratic activation holds no degree beyond 2 at any s.
  const Problem quadratic = target_of_degree(2), quartic = target_of_degree(4);
  EXPECT_FALSE(blind(Regime::rf_isotropic, "hermite(4)", quadratic));
  EXPECT_TRUE(blind(Regime::rf_isotropic, "quadratic", quartic));
  EXPECT_TRUE(blind(Regime::nn, "quadratic", quartic));
  EXPECT_FALSE(blind(Regime::nn, "hermite(4)", quartic));
  EXPECT_TRUE(blind(Regime::nn, "quadratic", target_of_degree(3)));
}

TEST(Parity, OnePartThatIsSeenIsEnough) {
  Matrix beta = Matrix::Zero(3, 3);
  beta(0, 0) = 1;  // x_1
  beta(1, 2) = 1;  // He_3(x_2)
  EXPECT_FALSE(blind(Regime::rf_isotropic, "relu", PolynomialTarget::from_hermite(beta)));
}

TEST(Parity, BayesIsNotANetwork) {
  EXPECT_FALSE(blind(Regime::bayes, "tanh", GaussianMixture(Vector{{0.1, 0.2}})));
}

}  // namespace
}  // namespace lazygap
