#pragma once

#include "lazygap/network/first_layer.h"
#include "lazygap/problem/problem.h"

namespace lazygap::limit {

/// The t_i of eqs. (9) and (14) of [GMMM19]: eigenvalues of d Gamma (qf), of d Gamma^{1/2} Sigma Gamma^{1/2}
/// (mg).
[[nodiscard]] Vector rf_spectrum(const Problem& problem, const FirstLayerLaw& law);

}  // namespace lazygap::limit
