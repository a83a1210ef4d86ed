#pragma once

#include "lazygap/network/second_layer.h"
#include "lazygap/problem/problem.h"

namespace lazygap::limit {

/// R / R0 of the fully trained network (NN) with N >= 1 neurons, quadratic sigma, and a second layer of the
/// given signs: the least risk of that class.
///
///   qf  the sum of lambda_i(B)^2 over the eigenvalues that are not fitted, divided by ||B||_F^2. At every d;
///       for B >= 0 and a_i = 1 it is also the limit of SGD                           [GMMM19, Thm 3]
///   mg  2 / (2 + sum of delta_i^2 over the eigenvalues of D that are fitted), as d -> infinity; with a free
///       second layer [GMMM19, Thm 6], otherwise by the same argument
///
/// Fitted are the N eigenvalues of largest modulus among those whose sign the network can make: all of them
/// (free); on qf the positive ones with a_i > 0 and the negative ones with a_i < 0; on mg the other way
/// round. exact::nn is the same at finite d.
[[nodiscard]] double nn_ratio(const Problem& problem, Index N, SecondLayerSign sign);

}  // namespace lazygap::limit
