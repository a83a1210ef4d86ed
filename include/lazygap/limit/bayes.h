#pragma once

#include "lazygap/problem/gaussian_mixture.h"

namespace lazygap::limit {

/// Bayes risk (MMSE) of mg as d -> infinity, R0 = 1; the dotted line of [GMMM19, Figure 2].
///
/// The log likelihood ratio L given y = +1 tends to N(mu, 2 mu), mu = ||D||_F^2, and E[y|x] = tanh(L/2), so
///
///   MMSE = E[1 - tanh(mu/2 + sqrt(mu/2) Z)] = exp(-mu/4) E[sech(sqrt(mu/2) Z)],   Z ~ N(0,1).
///
/// The second form (completing the square) has no cancellation and is the one computed. Relative accuracy
/// 1e-10.
[[nodiscard]] double bayes_ratio(const GaussianMixture& problem);

}  // namespace lazygap::limit
