#pragma once

#include "lazygap/limit/bayes.h"
#include "lazygap/limit/nn.h"
#include "lazygap/limit/nt.h"
#include "lazygap/limit/rf.h"

/// The route `limit`: risks as N, d -> infinity with N/d -> rho, for infinitely many samples. Everything here
/// returns R / R0. docs/theory/limit.md has the formulas and says how their accuracy is checked.
namespace lazygap::limit {

/// R / R0 of RF(I), NT(I) and NN side by side.
struct Comparison {
  double rf = 0;
  double nt = 0;
  double nn = 0;
};

/// The comparison that ends sections 2 and 3 of the paper: quadratic sigma, isotropic W, N >= 1 neurons.
///
///   qf  [GMMM19, eq. (13)]  RF 1 - (rho/(1+rho)) tr(B)^2/(d ||B||_F^2), NT as Theorem 2, NN as Theorem 3
///   mg  [GMMM19, eq. (17)]  RF 1 / (1 + (rho/(1+rho)) tr(Delta)^2/(2d)), NT as Theorem 5, NN as Theorem 6;
///       the paper prints rho/(1+2 rho) for RF, which contradicts its Theorem 4: see docs/theory/limit.md.
///
/// The second layer of NN is free. Throws UsageError where nt_ratio does. (For Sigma != I use the three
/// functions.)
[[nodiscard]] Comparison comparison(const Problem& problem, Index N);

}  // namespace lazygap::limit
