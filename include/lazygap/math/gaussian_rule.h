#pragma once

#include <span>

#include "lazygap/core/matrix.h"

namespace lazygap::math {

/// Quadrature for Gaussian expectations: E f(G) ~ sum_j weights_j f(nodes_j), G ~ N(0,1).
struct GaussianRule {
  Vector nodes;    ///< increasing, in (-38, 38); the density beyond is below the least positive fp64 number
  Vector weights;  ///< > 0, density included
};

/// Composite Gauss-Legendre rule, 20 nodes on each panel: panels are at most `panel` > 0 wide and end at
/// every one of `kinks`, so that f need only be smooth between kinks. For an f that is analytic within a
/// distance of `panel` of each panel the error is at rounding level. The rule ends at -end and end; for f
/// that does not grow like an exponential 10 will do. Throws UsageError where `panel` or `end` is not
/// positive or a kink is not finite.
[[nodiscard]] GaussianRule gaussian_rule(std::span<const double> kinks = {}, double panel = 0.5,
                                         double end = 38);

/// c_k = E[f(G) He_k(G)] / sqrt(k!), k = 0..count-1, from the values of f at the nodes of `rule`; He_k are
/// the probabilists' Hermite polynomials. count >= 1; values.size() is the number of nodes.
[[nodiscard]] Vector normalised_hermite_coefficients(const GaussianRule& rule, const Vector& values,
                                                     Index count);

}  // namespace lazygap::math
