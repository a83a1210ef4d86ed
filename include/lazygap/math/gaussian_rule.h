#pragma once

#include <span>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// A quadrature rule for Gaussian means: E f(G) = sum_k weights_k f(nodes_k), G ~ N(0,1).
struct GaussianRule {
  Vector nodes;
  Vector weights;
};

/// Gauss-Legendre with 30 points on each panel of [-12, 12] (the rest has mass 4e-33), panels at most `width`
/// wide and cut at `breaks`, the points where f is not smooth. Exact to rounding for f that, on each panel,
/// is close to a polynomial of degree 40 or so: products of He_k / sqrt(k!), k <= 2000, and functions that
/// vary on the scale of `width`. Breaks outside the interval are ignored. width > 0.
[[nodiscard]] GaussianRule gaussian_rule(std::span<const double> breaks = {}, double width = 1.0);

}  // namespace lazygap
