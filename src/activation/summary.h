#pragma once

#include "lazygap/activation/activation.h"
#include "lazygap/math/gaussian_rule.h"

namespace lazygap {

/// Nodes g_j, weights, and the values sigma(s g_j + b).
struct GaussianValues {
  math::GaussianRule rule;
  Vector values;
};

/// Throws UsageError where a value is NaN or sigma(s G + b) has no second moment that the rule can resolve.
[[nodiscard]] GaussianValues gaussian_values(const Activation& activation, double scale, double bias);

/// The Hermite summary of u -> sigma(u + bias). Where that is affine (constant) up to rounding, lambda_2 and
/// lambda_tilde (and lambda_1) are 0.
[[nodiscard]] HermiteSummary biased_summary(const Activation& activation, double bias);

/// The Hermite summary of an activation complete but for it. Throws UsageError where sigma violates A1.
[[nodiscard]] HermiteSummary checked_summary(const Activation& activation);

}  // namespace lazygap
