#pragma once

#include "lazygap/problem/gaussian_mixture.h"

namespace lazygap::exact {

/// Bayes risk (MMSE) of mg at this d, any d >= 1: E (y - E[y|x])^2, R0 = 1.  [beyond GMMM19]
///
/// With delta_i the eigenvalues of D = Sigma^{-1/2} Delta Sigma^{-1/2}, E[y|x] = tanh(L/2), and given y = +1
/// the log likelihood ratio is L = sum_i [ atanh(delta_i) - z_i^2 delta_i/(1+delta_i) ], z_i ~ N(0,1) iid.
/// MMSE = E[1 - tanh(L/2) | y=+1] = E[exp(-L/2) sech(L/2) | y=+1]. The factor exp(-L/2) turns the density of
/// class +1 into the geometric mean of the two class densities, again a Gaussian, so that
///
///   MMSE = prod_i (1-delta_i^2)^{1/4} * 2 int_0^inf Re phi(t) / cosh(pi t) dt,
///   phi(t) = E exp(i t M) = prod_i exp(i t atanh(delta_i)) (1 + 2 i t delta_i)^{-1/2},
///   M = sum_i [ atanh(delta_i) - delta_i z_i^2 ].
///
/// Relative accuracy 1e-10.
[[nodiscard]] double bayes(const GaussianMixture& problem);

}  // namespace lazygap::exact
