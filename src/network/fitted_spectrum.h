#pragma once

#include <algorithm>

#include "lazygap/network/second_layer.h"
#include "lazygap/problem/problem.h"

/// The eigenvalues of the problem that a network with trained neurons and quadratic activation can make. Used
/// by limit and exact.
namespace lazygap::network {

/// The first `fitted` of `values` are those that N neurons make. They are positive.
struct FittedSpectrum {
  Vector values;  ///< d, decreasing
  Index fitted = 0;
};

/// `values` are the eigenvalues of B (qf) or of -D (mg: the class y = +1 has the covariance Sigma - Delta),
/// times -1 for a negative second layer, and their moduli for a free one. N of them at most are fitted, the
/// largest positive ones. `sign` is not one_sign.
[[nodiscard]] FittedSpectrum fitted_spectrum(const Problem& problem, Index N, SecondLayerSign sign);

/// The least risk(spectrum) among the signs that `sign` leaves open.
template <class Risk>
double least_risk(const Problem& problem, Index N, SecondLayerSign sign, const Risk& risk) {
  const auto risk_of = [&](SecondLayerSign s) { return risk(fitted_spectrum(problem, N, s)); };
  if (sign != SecondLayerSign::one_sign) return risk_of(sign);
  return std::min(risk_of(SecondLayerSign::positive), risk_of(SecondLayerSign::negative));
}

}  // namespace lazygap::network
