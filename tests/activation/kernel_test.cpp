#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/random.h"
#include "reference/gaussian_kernel.h"

namespace lazygap {
namespace {

const std::vector<const char*> kWithKernels{"quadratic",
                                            "relu",
                                            "leaky_relu(0.2)",
                                            "abs",
                                            "erf",
                                            "gelu",
                                            "sin",
                                            "cos",
                                            "sign",
                                            "hermite(5)",
                                            "polynomial(1, -0.5, 0, 0.25, 0.125)"};

struct Case {
  double s_1, s_2, r;
  [[nodiscard]] double operator()(const GaussianKernel& kernel) const {
    return kernel(s_1 * s_1, s_2 * s_2, r * s_1 * s_2);
  }
  [[nodiscard]] std::string text() const {
    return " s_1=" + std::to_string(s_1) + " s_2=" + std::to_string(s_2) + " r=" + std::to_string(r);
  }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& [s_1, s_2] : {std::pair{0.3, 0.3}, {0.3, 3.0}, {1.0, 1.7}, {3.0, 3.0}})
    for (const double r : {-1.0, -0.99, -0.6, 0.0, 0.25, 0.9, 0.999, 1.0}) all.push_back({s_1, s_2, r});
  return all;
}

/// sqrt(E f(u_1)^2 E f(u_2)^2): what the kernel is to be accurate relative to.
double scale(const GaussianKernel& kernel, const Case& c) {
  return std::sqrt(Case{c.s_1, c.s_1, 1}(kernel)*Case{c.s_2, c.s_2, 1}(kernel));
}

// Where f jumps (sign, relu', abs') the kernel behaves as sqrt(1 - |r|) near |r| = 1, so that the rounding of
// the covariance, 1e-16, becomes an error of 1e-8; at all other points here it is 1e-10 or better.
constexpr double kSmooth = 1e-10;
constexpr double kJumpNearOne = 3e-8;

void expect_kernel(const std::string& name, const std::function<double(double)>& f,
                   const std::vector<double>& kinks, const GaussianKernel& kernel, bool jumps) {
  for (const Case& c : cases()) {
    const double tolerance = (jumps && std::abs(c.r) == 1 ? kJumpNearOne : kSmooth) * scale(kernel, c);
    EXPECT_NEAR(c(kernel), reference::gaussian_kernel(f, kinks, c.s_1, c.s_2, c.r), tolerance)
        << name << c.text();
  }
}

TEST(Kernel, AgreesWithQuadrature) {
  for (const char* name : kWithKernels) {
    const Activation a = activation_from_name(name);
    const bool jumps = a.name == "sign";
    expect_kernel(name, a.value, a.kinks, a.kernel, jumps);
    if (a.derivative_kernel)
      expect_kernel(a.name + "'", a.derivative, a.kinks, a.derivative_kernel, !a.kinks.empty());
  }
}

TEST(Kernel, AgreesWithTheHermiteSeries) {
  constexpr Index kTerms = 400;
  for (const char* name : kWithKernels) {
    const Activation a = activation_from_name(name);
    for (const Case& c : cases()) {
      const Vector mu_1 = normalised_hermite_coefficients(a, kTerms, c.s_1);
      const Vector mu_2 = normalised_hermite_coefficients(a, kTerms, c.s_2);
      double series = 0;
      for (Index k = kTerms; k-- > 0;) series = series * c.r + mu_1[k] * mu_2[k];
      // By Cauchy-Schwarz the rest is at most r^400 times what the two norms have beyond 400 terms.
      const auto beyond = [&](const Vector& mu, double s) {
        return std::max(a.kernel(s * s, s * s, s * s) - mu.squaredNorm(), 0.0);
      };
      const double rest =
          std::pow(std::abs(c.r), kTerms) * std::sqrt(beyond(mu_1, c.s_1) * beyond(mu_2, c.s_2));
      EXPECT_NEAR(c(a.kernel), series, rest + kSmooth * scale(a.kernel, c)) << name << c.text();
    }
  }
}

TEST(Kernel, AgreesWithSimulation) {
  constexpr std::size_t kSamples = 100000;
  std::vector<double> g_1(kSamples), g_2(kSamples);
  fill_normals({.seed = 11, .purpose = Purpose::testing, .step = 1}, std::span<double>(g_1));
  fill_normals({.seed = 11, .purpose = Purpose::testing, .step = 2}, std::span<double>(g_2));
  const auto z_score = [&](const std::function<double(double)>& f, const GaussianKernel& kernel,
                           const Case& c) {
    double sum = 0, sum_of_squares = 0;
    for (std::size_t j = 0; j < kSamples; ++j) {
      const double product =
          f(c.s_1 * g_1[j]) * f(c.s_2 * (c.r * g_1[j] + std::sqrt(1 - c.r * c.r) * g_2[j]));
      sum += product;
      sum_of_squares += product * product;
    }
    const double mean = sum / kSamples;
    const double error = std::sqrt((sum_of_squares / kSamples - mean * mean) / kSamples);
    return (mean - c(kernel)) / error;
  };
  for (const char* name : kWithKernels) {
    // Fifth powers of normals: the mean of 1e5 products is not Gaussian enough for a z-score.
    if (std::string(name) == "hermite(5)") continue;
    const Activation a = activation_from_name(name);
    for (const Case& c : {Case{0.5, 1.2, -0.7}, Case{1, 1, 0.4}}) {
      EXPECT_LT(std::abs(z_score(a.value, a.kernel, c)), 4) << name << c.text();
      if (a.derivative_kernel) {
        EXPECT_LT(std::abs(z_score(a.derivative, a.derivative_kernel, c)), 4) << name << c.text();
      }
    }
  }
}

TEST(Kernel, IsExactForRepeatedAndOppositeNeurons) {
  // E relu^2 = v/2, E relu(u) relu(-u) = 0, E step^2 = 1/2, E sign^2 = 1: no rounding from an angle near 0 or
  // pi.
  const Activation relu = activation_from_name("relu"), sign = activation_from_name("sign");
  for (const double v : {0.09, 0.7, 1.0, 3.3}) {
    EXPECT_DOUBLE_EQ(relu.kernel(v, v, v), v / 2);
    EXPECT_EQ(relu.kernel(v, v, -v), 0);
    EXPECT_DOUBLE_EQ(relu.derivative_kernel(v, v, v), 0.5);
    EXPECT_EQ(relu.derivative_kernel(v, v, -v), 0);
    EXPECT_EQ(sign.kernel(v, v, v), 1);
    EXPECT_EQ(sign.kernel(v, v, -v), -1);
  }
  // A covariance that rounding has put above the product of the norms.
  EXPECT_NEAR(relu.kernel(1, 1, 1 + 1e-15), 0.5, 1e-14);
  EXPECT_EQ(sign.kernel(1, 1, 1 + 1e-15), 1);
}

TEST(Kernel, DerivativesFollowFromPrice) {
  // d/dc E[f(u_1) f(u_2)] = E[f'(u_1) f'(u_2)].
  for (const char* name : kWithKernels) {
    const Activation a = activation_from_name(name);
    if (!a.derivative_kernel) continue;
    constexpr double kStep = 1e-5;
    const double slope = (a.kernel(0.8, 1.3, 0.4 + kStep) - a.kernel(0.8, 1.3, 0.4 - kStep)) / (2 * kStep);
    EXPECT_NEAR(slope / a.derivative_kernel(0.8, 1.3, 0.4), 1, 1e-7) << name;
  }
}

}  // namespace
}  // namespace lazygap
