#include "lazygap/network/parity.h"

#include <algorithm>
#include <array>
#include <vector>

namespace lazygap {
namespace {

/// Lengths of neurons at which the coefficients are looked at: a coefficient may vanish at one of them by
/// chance, as those of He_k do at 1. None beyond 1, where assumption A1 promises no second moment.
constexpr std::array<double, 3> kLengths{0.7, 0.85, 1.0};
/// Coefficients looked at.
constexpr Index kCount = 24;

/// Degrees of the parts of the target.
std::vector<Index> degrees(const Problem& problem) {
  const auto* target = std::get_if<PolynomialTarget>(&problem);
  if (target == nullptr) return {2};
  std::vector<Index> found;
  for (Index k = 1; k <= PolynomialTarget::kMostDegree; ++k)
    if (!target->coefficients(k).isZero(0)) found.push_back(k);
  return found;
}

/// The last coefficient, from the k-th on in steps of 2, that sees degree k.
Index last_coefficient(Regime regime, Index k) {
  if (is_rf(regime)) return k;
  return regime == Regime::nt ? k + 2 : kCount - 1;
}

}  // namespace

bool is_blind(Regime regime, const Activation& activation, double bias_scale, const Problem& problem) {
  if (bias_scale > 0 || regime == Regime::bayes) return false;
  const std::vector<Index> parts = degrees(problem);
  return std::none_of(kLengths.begin(), kLengths.end(), [&](double length) {
    const Vector lambda = hermite_coefficients(activation, kCount, length);
    return std::any_of(parts.begin(), parts.end(), [&](Index k) {
      for (Index j = k; j <= last_coefficient(regime, k); j += 2)
        if (lambda[j] != 0) return true;
      return false;
    });
  });
}

}  // namespace lazygap
