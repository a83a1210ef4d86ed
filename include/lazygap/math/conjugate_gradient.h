#pragma once

#include <functional>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// y = A x; must overwrite every entry of y.
using LinearOperator = std::function<void(const Vector& x, Vector& y)>;

struct ConjugateGradientOptions {
  double tolerance = 1e-10;         ///< stop when ||b - A x|| <= tolerance ||b||; > 0
  int max_iterations = 1000;        ///< >= 0
  Vector start{};                   ///< first x; empty: 0
  LinearOperator preconditioner{};  ///< about A^{-1}, symmetric positive definite; empty: none
};

struct ConjugateGradientSolution {
  Vector x;
  bool converged = false;
  int iterations = 0;
  double residual = 0;  ///< ||b - A x|| / ||b|| as the recursion has it, 0 where b = 0
  double form = 0;  ///< 2 <b, x> - <x, A x>: at most b^T A^+ b, and less by the square of the error of x in A
};

/// Solves A x = b, A symmetric positive semidefinite with b in its range, known only through
/// `apply`. With a preconditioner too it is the plain residual that decides when to stop. Where <p, A p> is
/// not positive (A is not what it should be, or not finite) it stops with converged = false. [HS52]
[[nodiscard]] ConjugateGradientSolution conjugate_gradient(const LinearOperator& apply, const Vector& b,
                                                           const ConjugateGradientOptions& options = {});

}  // namespace lazygap
