#pragma once

#include "lazygap/core/matrix.h"

namespace lazygap {

/// How far the tangent kernel has moved: the cosine between the tangent kernels of two networks with
/// quadratic activation and a_i = 1, as functions of two samples.
///
/// The kernel of the first layer is K_M(x, x') = sum_i sigma'(<w_i,x>) sigma'(<w_i,x'>) <x,x'>
/// = 4 <x, M x'> <x, x'>, M = W W^T. The scalar product is the mean over independent x, x' ~ N(0, I_d):
///
///   E[K_M K_M'] = 16 ((d + 6) <M, M'> + 2 tr(M) tr(M')),
///   cosine      = E[K_M K_M'] / sqrt(E[K_M^2] E[K_M'^2]).
///
/// It is 1 where M' is a multiple of M, and positive for all networks: a kernel has a positive diagonal. An
/// output scale multiplies the kernel by a number and leaves the cosine as it is. docs/theory/lazy_rich.md
/// has the derivation.  [beyond GMMM19]
///
/// `M`, `other`: d x d, d >= 1, finite, symmetric, meant to be positive semidefinite; neither is checked. NaN
/// where one of them is 0, which has no kernel. Throws UsageError where the sizes differ.
[[nodiscard]] double tangent_kernel_cosine(const Matrix& M, const Matrix& other);

}  // namespace lazygap
