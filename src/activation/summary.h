#pragma once

#include <string>

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

/// The Euclidean norm, without overflow or underflow of the squares.
[[nodiscard]] double scaled_norm(const Vector& values);

/// sqrt(E sigma(s G + b)^2) by the rule; finite wherever the values are.
[[nodiscard]] double gaussian_norm(const GaussianValues& sampled);

/// Throws UsageError where sqrt(E sigma(G)^2) is beyond 1e15, or the same of sigma without its affine part is
/// below 1e-15 but not 0: Gram matrices and training steps multiply values of sigma in single precision,
/// whose range is 1e-38 to 3e38.
void check_size(const std::string& name, double norm, double norm_beyond_affine);

/// The Hermite summary of u -> sigma(u + bias). Where that is affine (constant) up to rounding, lambda_2 and
/// lambda_tilde (and lambda_1) are 0.
[[nodiscard]] HermiteSummary biased_summary(const Activation& activation, double bias);

/// The Hermite summary of an activation complete but for it. Throws UsageError where sigma violates A1.
[[nodiscard]] HermiteSummary checked_summary(const Activation& activation);

}  // namespace lazygap
