#pragma once

#include <functional>

#include "lazygap/core/matrix.h"
#include "lazygap/math/conjugate_gradient.h"

namespace lazygap {

/// Gauss quadrature for the spectral measure of a symmetric A seen from b:
///   b^T f(A) b ~ sum_j weights_j f(nodes_j),
/// exact for polynomials f of degree up to 2 steps - 1.
struct LanczosRule {
  Vector nodes;    ///< increasing; Ritz values of A
  Vector weights;  ///< >= 0, with sum |b|^2
};

/// The rule of `steps` >= 1 steps of Lanczos from `b`, not 0, with full reorthogonalisation: the size of b
/// times `steps` numbers of memory. Fewer nodes where b lies in an invariant subspace of fewer dimensions.
/// `stop` is asked at each step (empty: never); an empty rule where it says true.  [UCS17, sec. 3]
[[nodiscard]] LanczosRule lanczos_quadrature(const LinearOperator& apply, const Vector& b, Index steps,
                                             const std::function<bool()>& stop = {});

}  // namespace lazygap
