#include <algorithm>
#include <cmath>
#include <limits>

#include "lazygap/activation/activation.h"

namespace lazygap {
namespace {

/// Beyond this many standard deviations nothing counts.
constexpr double kReach = 38;
/// Values looked at, at most, on either side of 0.
constexpr double kMostValues = 2000;

/// Whether `value` is `expected`, a sum of terms of the size `terms`, up to rounding.
bool agrees(double value, double expected, double terms) {
  constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();
  return std::abs(value - expected) <= kRounding * terms;
}

}  // namespace

std::optional<std::array<double, 3>> as_quadratic(const Activation& activation) {
  if (!activation.value || !activation.kinks.empty()) return std::nullopt;
  const double a0 = activation.value(0), plus = activation.value(1), minus = activation.value(-1);
  const double a1 = (plus - minus) / 2, a2 = (plus + minus) / 2 - a0;
  if (!std::isfinite(a1) || !std::isfinite(a2) || a2 == 0) return std::nullopt;
  const auto agrees_at = [&](double u) {
    const double square = a2 * u * u, line = a1 * u, slope = 2 * a2 * u;
    return agrees(activation.value(u), a0 + line + square,
                  std::abs(a0) + std::abs(line) + std::abs(square)) &&
           (!activation.derivative ||
            agrees(activation.derivative(u), a1 + slope, std::abs(a1) + std::abs(slope)));
  };
  const double step = std::max(activation.length / 2, kReach / kMostValues);
  for (double u = step / 3; u < kReach; u += step)
    if (!agrees_at(u) || !agrees_at(-u)) return std::nullopt;
  return std::array{a0, a1, a2};
}

bool is_pure_quadratic(const Activation& activation) {
  return as_quadratic(activation) == std::array<double, 3>{0, 0, 1};
}

}  // namespace lazygap
