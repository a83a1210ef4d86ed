#pragma once

#include "lazygap/exact/risk.h"
#include "lazygap/problem/problem.h"

namespace lazygap::exact {

/// Which second layers a_i the network may have.
enum class Sign {
  positive,  ///< a_i > 0; as good as a = 1, since |a_i| goes into w_i
  one_sign,  ///< all a_i > 0 or all a_i < 0, whichever is better: one shared scalar
  free,      ///< any
};

/// NN, quadratic activation: the minimum over W (d x N), a and c of E (y - c - sum_i a_i <w_i,x>^2)^2.
///
/// qf:  R = 2 sum of lambda_i(B)^2 over the eigenvalues that are not fitted + rest_risk().  [GMMM19, Thm 3]
/// mg:  R = 2 / (2 + sum of delta_i^2 / (1 + delta_i^2) over those that are).    (tends to [GMMM19, Thm 6])
///
/// Fitted are the N of largest modulus among those whose sign the network can make: all of them (free); on qf
/// the positive ones with a > 0 and the negative ones with a < 0; on mg the negative ones with a > 0 and the
/// positive ones with a < 0, since the class y = +1 has the covariance Sigma - Delta. docs/theory/exact.md
/// has the proof.
///
/// N >= 1. Exact at every d; status is always ok. Throws UsageError for N < 1.
[[nodiscard]] Risk nn(const Problem& problem, Index N, Sign sign);

}  // namespace lazygap::exact
