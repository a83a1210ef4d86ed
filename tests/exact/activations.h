#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lazygap/activation/activation.h"

/// Activations for the tests of the exact risks; lambda_k from their known integrals where a test needs them.
namespace lazygap::test {

inline Activation relu() {
  const double inverse = 1 / std::sqrt(2 * std::numbers::pi);
  return {.name = "relu",
          .value = [](double u) { return std::max(u, 0.0); },
          .derivative = [](double u) { return u > 0 ? 1.0 : 0.0; },
          .kinks = {0},
          .hermite = {.lambda_0 = inverse,
                      .lambda_1 = 0.5,
                      .lambda_2 = inverse,
                      .lambda_tilde = 0.25 - inverse * inverse}};
}

/// erf(u): K_ij = (2/pi) asin(2 c_ij / sqrt((1 + 2 c_ii)(1 + 2 c_jj))).
inline Activation error_function() {
  return {.name = "erf",
          .value = [](double u) { return std::erf(u); },
          .derivative = [](double u) { return 2 / std::sqrt(std::numbers::pi) * std::exp(-u * u); },
          .kinks = {},
          .hermite = {}};
}

inline Activation tanh() {
  return {.name = "tanh",
          .value = [](double u) { return std::tanh(u); },
          .derivative = [](double u) { return 1 - std::tanh(u) * std::tanh(u); },
          .kinks = {},
          .hermite = {}};
}

}  // namespace lazygap::test
