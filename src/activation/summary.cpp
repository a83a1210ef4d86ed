#include "activation/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

/// The error of the coefficients relative to the norm of sigma is below ten times this; see the header.
constexpr double kRounding = 1e-14;

Vector clean(const GaussianValues& sampled, Index count) {
  Vector coefficients = math::normalised_hermite_coefficients(sampled.rule, sampled.values, count);
  const double norm = std::sqrt(sampled.rule.weights.dot(sampled.values.cwiseAbs2()));
  for (double& c : coefficients)
    if (std::abs(c) <= kRounding * norm) c = 0;
  return coefficients;
}

void check_arguments(const char* function, Index count, Index most, double scale, double bias) {
  check_at_least(function, "count", count, 1);
  if (count > most)
    throw UsageError(fmt::format("{}: count is {}, but must be at most {}", function, count, most));
  check_positive(function, "scale", scale);
  check_finite(function, "bias", bias);
}

}  // namespace

GaussianValues gaussian_values(const Activation& activation, double scale, double bias) {
  std::vector<double> kinks;
  for (const double kink : activation.kinks) kinks.push_back((kink - bias) / scale);
  // tanh(s g / length) has poles at a distance of (pi/2) length / s from the real line.
  GaussianValues sampled{.rule = math::gaussian_rule(kinks, std::min(0.5, 1.5 * activation.length / scale)),
                         .values = {}};
  const Vector& nodes = sampled.rule.nodes;
  sampled.values = nodes.unaryExpr([&](double g) { return activation.value(scale * g + bias); });
  for (Index j = 0; j < nodes.size(); ++j)
    if (std::isnan(sampled.values[j]))
      throw UsageError(fmt::format("activation {} is nan at u = {:.6g}, but must be finite",
                                   quote(activation.name), scale * nodes[j] + bias));
  // With sigma^2 ~ exp(c_1 u^2 / 2) the far nodes hold a share of exp(-(1-c_1) 36^2/2): 1e-25 at c_1 = 0.91.
  constexpr double kFar = 36;
  constexpr double kShare = 1e-25;
  // Divided by the largest, so that the squares of values that are far from 1 stay in range.
  const Eigen::ArrayXd roots = sampled.values.array().abs() * sampled.rule.weights.array().sqrt();
  const double largest = roots.maxCoeff();
  // relu(g - 36), say, lives on far nodes and is as good as 0.
  constexpr double kVanishing = 1e-100;
  if (largest < kVanishing) return sampled;
  const Eigen::ArrayXd mass = (roots / largest).square();
  const double far = (nodes.array().abs() > kFar).select(mass, 0).sum();
  if (!(far <= kShare * mass.sum()))
    throw UsageError(
        fmt::format("activation {} grows too fast at u = {:.3g} G + {:.3g}, G ~ N(0,1): assumption A1 needs "
                    "sigma(u)^2 <= c_0 exp(c_1 u^2 / 2) with c_1 < 1 (0.9 for the quadrature)",
                    quote(activation.name), scale, bias));
  return sampled;
}

double scaled_norm(const Vector& values) {
  // Eigen's stableNorm fails an assertion of Eigen where vectors are aligned to 64 bytes (3.4.0).
  const double largest = values.size() == 0 ? 0 : values.cwiseAbs().maxCoeff();
  return largest == 0 || !std::isfinite(largest) ? largest : largest * (values / largest).norm();
}

double gaussian_norm(const GaussianValues& sampled) {
  return scaled_norm(sampled.values.cwiseProduct(sampled.rule.weights.cwiseSqrt()));
}

void check_size(const std::string& name, double norm, double norm_beyond_affine) {
  constexpr double kSmallest = 1e-15, kLargest = 1e15;
  const bool is_large = !(norm <= kLargest);
  if (!is_large && (norm_beyond_affine == 0 || norm_beyond_affine >= kSmallest)) return;
  throw UsageError(
      fmt::format("activation {} has the size {:.3g}, but must be {} (the root of E sigma(G)^2, "
                  "G ~ N(0,1){})",
                  quote(name), is_large ? norm : norm_beyond_affine,
                  is_large ? "at most 1e15" : "at least 1e-15", is_large ? "" : ", without its affine part"));
}

HermiteSummary biased_summary(const Activation& activation, double bias) {
  const GaussianValues sampled = gaussian_values(activation, 1, bias);
  const Vector lambda = clean(sampled, 3);
  // The part of sigma beyond its affine one, summed as squares so that nothing cancels.
  const Eigen::ArrayXd rest = sampled.values.array() - lambda[0] - lambda[1] * sampled.rule.nodes.array();
  const Eigen::ArrayXd& weights = sampled.rule.weights.array();
  const double lambda_tilde = (weights * rest.square()).sum();
  constexpr double kAffine =
      1e-24;  // the square of what rounding leaves of an affine function, and some room
  const double least = kAffine * (weights * sampled.values.array().square()).sum();
  if (lambda_tilde > least)
    return {.lambda_0 = lambda[0],
            .lambda_1 = lambda[1],
            .lambda_2 = lambda[2] * std::sqrt(2.0),
            .lambda_tilde = lambda_tilde};
  const bool constant = lambda[1] * lambda[1] <= least;
  return {.lambda_0 = lambda[0], .lambda_1 = constant ? 0 : lambda[1]};
}

HermiteSummary checked_summary(const Activation& activation) {
  const double norm = gaussian_norm(gaussian_values(activation, 1, 0));
  check_size(activation.name, norm, norm);
  const HermiteSummary summary = biased_summary(activation, 0);
  if (summary.lambda_tilde == 0)
    throw UsageError(
        fmt::format("activation {} is affine, which assumption A1 excludes", quote(activation.name)));
  check_size(activation.name, norm, std::sqrt(summary.lambda_tilde));
  return summary;
}

Vector normalised_hermite_coefficients(const Activation& activation, Index count, double scale, double bias) {
  constexpr Index kMost = 1000;
  check_arguments("normalised_hermite_coefficients", count, kMost, scale, bias);
  return clean(gaussian_values(activation, scale, bias), count);
}

Vector hermite_coefficients(const Activation& activation, Index count, double scale, double bias) {
  constexpr Index kMost = 150;
  check_arguments("hermite_coefficients", count, kMost, scale, bias);
  Vector coefficients = clean(gaussian_values(activation, scale, bias), count);
  for (Index k = 0; k < count; ++k) coefficients[k] *= std::exp(std::lgamma(static_cast<double>(k) + 1) / 2);
  return coefficients;
}

}  // namespace lazygap
