#pragma once

#include <cstdint>
#include <functional>

#include "lazygap/core/matrix.h"
#include "lazygap/problem/polynomial_target.h"

/// Penalised least squares over symmetric matrices by accelerated proximal gradient steps [BT09]: what a wide
/// network with quadratic activation and weight decay minimises.
namespace lazygap::reference {

/// n samples of f(S) = <S, A_j>, A_j symmetric d x d, the mean over the samples subtracted, which is the best
/// offset c.
struct Design {
  Index d = 0, n = 0;
  std::function<Vector(const Matrix& S)> apply;    ///< n numbers <S, A_j - mean A>
  std::function<Matrix(const Vector& r)> adjoint;  ///< sum_j r_j (A_j - mean A)
};
/// A_j = x_j x_j^T, X is d x n.
[[nodiscard]] Design design_of_samples(Matrix X);
/// What state evolution assumes: A_j symmetric with N(0,2) on the diagonal and N(0,1) off it, so that <S,
/// A_j> has the variance of x^T S x, x ~ N(0, I). p n numbers of memory, p = d(d+1)/2.
[[nodiscard]] Design gaussian_design(Index d, Index n, std::uint64_t seed, std::uint32_t draw);

struct PenalisedSolution {
  Matrix S;  ///< d x d
  int iterations = 0;
  bool converged = false;
};
/// The minimum over S >= 0 of (1/n) ||y - A(S)||^2 + lambda tr S, y centred: FISTA with restarts where the
/// steps turn back, until a step changes S by `tolerance` of its norm. `any_sign`: over all symmetric S, with
/// the sum of the moduli of the eigenvalues in place of the trace.
[[nodiscard]] PenalisedSolution minimise_penalised(const Design& design, const Vector& y, double lambda,
                                                   bool any_sign = false, double tolerance = 1e-7,
                                                   int most_iterations = 20000);

}  // namespace lazygap::reference
