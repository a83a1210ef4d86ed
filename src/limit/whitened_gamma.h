#pragma once

#include "lazygap/network/first_layer.h"
#include "lazygap/problem/problem.h"

namespace lazygap::limit {

/// Gamma as it acts on whitened features: G = M^T Gamma M, M = I on qf. Theorems 1 and 4 ask no more of it.
struct WhitenedGamma {
  Vector diagonal;
  double off_diagonal = 0;  ///< squared norm of the rest
  Vector spectrum;          ///< d times the eigenvalues: the t_i of eqs. (9) and (14)
};

[[nodiscard]] WhitenedGamma whiten_gamma(const Problem& problem, const FirstLayerLaw& law);

}  // namespace lazygap::limit
