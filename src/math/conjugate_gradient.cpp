#include "lazygap/math/conjugate_gradient.h"

#include <cmath>

#include "lazygap/core/check.h"

namespace lazygap {

ConjugateGradientSolution conjugate_gradient(const LinearOperator& apply, const Vector& b,
                                             const ConjugateGradientOptions& options) {
  check_positive("conjugate_gradient", "tolerance", options.tolerance);
  check_at_least("conjugate_gradient", "max_iterations", options.max_iterations, 0);
  check_finite("conjugate_gradient", "b", b);
  ConjugateGradientSolution solution{.x = options.start.size() > 0 ? options.start : Vector::Zero(b.size())};
  const double norm_b = b.norm();
  if (norm_b == 0) {
    solution.converged = true;
    return solution;
  }
  Vector r = b, Ap(b.size()), preconditioned;
  if (options.start.size() > 0) {
    apply(solution.x, Ap);
    r -= Ap;
  }
  const auto precondition = [&]() -> const Vector& {
    if (!options.preconditioner) return r;
    preconditioned.resize(b.size());
    options.preconditioner(r, preconditioned);
    return preconditioned;
  };
  Vector p = precondition();
  double rz = r.dot(p);
  solution.residual = r.norm() / norm_b;
  while (solution.iterations < options.max_iterations) {
    apply(p, Ap);
    const double curvature = p.dot(Ap);
    if (!(curvature > 0) || !std::isfinite(curvature)) break;
    const double step = rz / curvature;
    solution.x += step * p;
    r -= step * Ap;
    ++solution.iterations;
    solution.residual = r.norm() / norm_b;
    if (solution.residual <= options.tolerance) {
      solution.converged = true;
      break;
    }
    const Vector& z = precondition();
    const double next = r.dot(z);
    p = z + (next / rz) * p;
    rz = next;
  }
  // <x, A x> = <x, b - r>. In exact arithmetic <x, r> = 0, but orthogonality is what rounding destroys first.
  solution.form = solution.x.dot(b + r);
  return solution;
}

}  // namespace lazygap
