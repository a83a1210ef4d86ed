#pragma once

#include "lazygap/problem/problem.h"

/// Risk of the neural tangent model (NT), quadratic sigma, as N, d -> infinity, divided by the null risk R0.
namespace lazygap::limit {

/// R / R0 of NT(I), w_i ~ N(0, I/d), at rho = N/d > 0; with (.)_+ = max(., 0):
///
///   qf  (1-rho)_+^2 (1 - tau) + (1-rho)_+ tau,  tau = tr(B)^2 / (d ||B||_F^2)      [GMMM19, Thm 2]
///   mg  2 / (2 + kappa ||Delta||_F^2),  kappa = 1 - (1-rho)_+^2 (1 - tau) - (1-rho)_+ tau,
///       tau = tr(Delta)^2 / (d ||Delta||_F^2)                                      [GMMM19, Thm 5]
///
/// Relative accuracy 1e-10. The limit on mg is proved for Sigma = I only: any other Sigma throws UsageError;
/// use nt_ratio_given_weights there.
[[nodiscard]] double nt_ratio(const Problem& problem, double rho);

/// R / R0 of NT on mg for a given W (d x N, N >= 1, finite, in the coordinates of the data), up to a term
/// that vanishes as d -> infinity; any Sigma:
///
///   2 / (2 + ||D||_F^2 - ||P D P||_F^2),
///
/// D = Sigma^{-1/2} Delta Sigma^{-1/2}, P the projector on the complement of span(Sigma^{1/2} W).
/// [GMMM19, Thm 5, first display]. The counterpart on qf holds at every d and belongs to the route `exact`.
[[nodiscard]] double nt_ratio_given_weights(const GaussianMixture& problem, const Matrix& W);

}  // namespace lazygap::limit
