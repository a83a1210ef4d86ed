#pragma once

#include "lazygap/problem/problem.h"

namespace lazygap::limit {

/// R / R0 of the fully trained network (NN) with N >= 1 neurons, quadratic sigma.
///
///   qf  sum_{i>N} lambda_i(B)^2 / ||B||_F^2, eigenvalues decreasing, for B >= 0 (all a_i = 1): the limit of
///       SGD, and at the same time the least risk of the class at every d           [GMMM19, Thm 3]
///   mg  2 / (2 + sum_{i<=min(N,d)} s_i(D)^2), singular values of D decreasing: the least risk of the class
///       as d -> infinity                                                           [GMMM19, Thm 6]
///
/// Throws UsageError on qf where B is not positive semidefinite, which the theorem does not cover.
[[nodiscard]] double nn_ratio(const Problem& problem, Index N);

}  // namespace lazygap::limit
