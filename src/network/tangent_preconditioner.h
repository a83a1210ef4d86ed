#pragma once

#include <Eigen/Cholesky>

#include "core/stage.h"
#include "lazygap/core/matrix.h"

namespace lazygap::network {

struct Neurons;
struct Expansion;

/// The inverse of an approximation M of the centred second moments of the NT features phi_i(g_i) z, z ~
/// N(0, I), symmetric positive definite. M keeps the parts of degree 1 and 2 that come from the first two
/// terms of phi_i = c_i0 + c_i1 g + ..., and takes the rest as independent between neurons:
///
///   M(A) = A diag(rest) + (A c_0) c_0^T + A V^T V + V A^T V,   V = W^ diag(c_1),
///   rest_i = E phi_i^2 - c_i0^2 - c_i1^2.
///
/// With unit `rest` (scale the columns) and V V^T = U diag(l) U^T the last two terms couple only the entries
/// ab and ba of U^T A V^T U; the term of c_0 has rank d (Woodbury's formula).
class TangentPreconditioner {
 public:
  TangentPreconditioner(const Neurons& neurons, const Expansion& expansion);
  /// result = M^{-1} B, both d x N. O(d^2 (N + d)) operations.
  void apply(const Matrix& B, Matrix& result, const Stage& stage = {}) const;

 private:
  /// (X + X^T)_ab / (1 + l_a + l_b).
  [[nodiscard]] Matrix coupled(const Matrix& X) const;

  Vector scale_;                 ///< N, rest^{-1/2}
  Vector constant_;              ///< N, c_0 scaled
  Matrix U_;                     ///< d x d
  Vector l_;                     ///< d
  Matrix P_;                     ///< N x d, V^T U with V scaled
  Vector p_;                     ///< d, P^T constant
  Eigen::LLT<Matrix> woodbury_;  ///< of x -> x + M_1^{-1}(x constant^T) constant in the basis U, M_1 = M less
                                 ///< the term of c_0
};

}  // namespace lazygap::network
