#pragma once

#include "lazygap/activation/activation.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/problem.h"

/// Risk of random features (RF) as N, d -> infinity with N/d -> rho, divided by the null risk R0.
/// sigma is taken centred (sigma - lambda_0): of `hermite` only lambda_1, lambda_2 and lambda_tilde enter.
namespace lazygap::limit {

/// psi > 0, the unique solution of
///
///   lambda_tilde = rho / psi - mean_i[ lambda_1^2 t_i / (1 + lambda_1^2 t_i psi) ].
///
/// [GMMM19, Thm 1, eq. (9); Thm 4, eq. (14)]. `spectrum`: the t_i >= 0, d >= 1 of them, eigenvalues of
/// d Gamma (qf) or d Gamma^{1/2} Sigma Gamma^{1/2} (mg). rho > 0. Throws UsageError where lambda_tilde is
/// not positive (sigma is affine) or below its least possible value lambda_2^2 / 2.
[[nodiscard]] double rf_psi(const Vector& spectrum, const HermiteSummary& hermite, double rho);

/// R / R0 of RF at rho = N/d > 0, Gamma as in `law`.
///
///   qf  1 - psi lambda_2^2 d <Gamma,B>^2 / (||B||_F^2 (2 + psi lambda_2^2 d ||Gamma||_F^2))
///                                                                       [GMMM19, Thm 1, eq. (10)]
///   mg  (1 + z1 lambda_2^2 psi) / (1 + (z1 + z2) lambda_2^2 psi),
///       z1 = d tr(Sigma Gamma Sigma Gamma) / 2, z2 = d tr(Delta Gamma)^2 / 4
///                                                                       [GMMM19, Thm 4, eq. (15)]
///
/// Relative accuracy 1e-10 for rho from 1e-4 to 1e4. Throws UsageError as rf_psi does, and where `law` was
/// made for another dimension.
[[nodiscard]] double rf_ratio(const Problem& problem, const FirstLayerLaw& law, const HermiteSummary& hermite,
                              double rho);

/// The same as rho -> infinity, where no property of sigma matters but lambda_2 != 0:
///
///   qf  1 - <Gamma,B>^2 / (||Gamma||_F^2 ||B||_F^2)                     [GMMM19, Thm 1, eq. (11)]
///   mg  z1 / (z1 + z2)                                                  [GMMM19, Thm 4, eq. (16)]
///
/// Relative accuracy 1e-10; below 1e-9, which Gamma near Gamma* reaches on qf, absolute accuracy 1e-19.
[[nodiscard]] double rf_ratio_wide(const Problem& problem, const FirstLayerLaw& law);

}  // namespace lazygap::limit
