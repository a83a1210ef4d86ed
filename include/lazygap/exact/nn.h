#pragma once

#include "lazygap/core/answer.h"
#include "lazygap/network/second_layer.h"
#include "lazygap/problem/problem.h"

namespace lazygap::exact {

/// NN, quadratic activation: the minimum over W (d x N), a and c of E (y - c - sum_i a_i <w_i,x>^2)^2, with a
/// second layer of the given signs.
///
/// qf:  R = 2 sum of lambda_i(B)^2 over the eigenvalues that are not fitted + rest_risk().  [GMMM19, Thm 3]
/// mg:  R = 2 / (2 + sum of delta_i^2 / (1 + delta_i^2) over those that are).    (tends to [GMMM19, Thm 6])
///
/// The network fits the N eigenvalues of largest modulus among those whose sign it can make. A free second
/// layer makes both signs. On qf a > 0 makes the positive ones and a < 0 the negative ones. On mg it is the
/// other way round, since the class y = +1 has the covariance Sigma - Delta. docs/theory/exact.md has the
/// proof.
///
/// N >= 1. Exact at every d; status is always ok, Diagnostics::rank the number of fitted eigenvalues. Throws
/// UsageError for N < 1.
[[nodiscard]] Answer nn(const Problem& problem, Index N, SecondLayerSign sign);

}  // namespace lazygap::exact
