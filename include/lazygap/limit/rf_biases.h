#pragma once

#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/problem.h"

namespace lazygap::limit {

/// R / R0 of RF with first-layer biases b_i ~ N(0, tau^2), features sigma(<w_i,x> + b_i) - lambda_0, at
/// rho = N/d > 0. Not in [GMMM19]: Theorems 1 and 4 with coefficients that differ from neuron to neuron,
/// derived in docs/theory/limit.md and checked there against exact risks. With lambda_k(b), lt(b) the Hermite
/// coefficients and lambda_tilde of u -> sigma(u + b), m(b) = lambda_0(b) - lambda_0(0), t_i as in rf_psi,
///
///   q = mean_i[ t_i / (1 + t_i p) ],   p = <lambda_1, lambda_1>,
///   <f, g> = rho E_b[ f(b) g(b) / (lt(b) + lambda_1(b)^2 q) ],
///
/// the product psi lambda_2^2 of eqs. (10) and (15) becomes
///
///   <lambda_2, lambda_2> - d <lambda_2, m>^2 / (1 + d <m, m>).
///
/// The second term is the price of having no offset: RF has to choose its coefficients so that the means m of
/// the features cancel. tau = 0 gives rf_ratio.
///
/// The relative accuracy is 1e-9. It is 2e-4 where rare neurons of large bias decide <m, m> (relu, sign, erf
/// at tau near 1). Throws UsageError for tau < 0, rho <= 0, a law of another dimension, a target that is not
/// quadratic or whose mean is not 0, or an activation that violates assumption A1 at one of the biases.
[[nodiscard]] double rf_ratio(const Problem& problem, const FirstLayerLaw& law, const Activation& activation,
                              double tau, double rho);

/// The same for each of several rho. The Hermite coefficients, which take nearly all of the time, are
/// computed once.
[[nodiscard]] std::vector<double> rf_ratios(const Problem& problem, const FirstLayerLaw& law,
                                            const Activation& activation, double tau,
                                            const std::vector<double>& rhos);

/// The same for given biases, with rho = N/d and E_b the mean over these biases. Where the activation
/// saturates, a few neurons of large bias make most of the difference between draws at finite N. This
/// function accounts for it; the one above averages over it.
[[nodiscard]] double rf_ratio_given_biases(const Problem& problem, const FirstLayerLaw& law,
                                           const Activation& activation, const Vector& biases);

}  // namespace lazygap::limit
