#include "lazygap/math/conjugate_gradient.h"

#include <cmath>

#include "lazygap/core/check.h"

namespace lazygap {

ConjugateGradientSolution conjugate_gradient(const std::function<void(const Vector& p, Vector& Ap)>& apply,
                                             const Vector& b, const ConjugateGradientOptions& options) {
  check_positive("conjugate_gradient", "tolerance", options.tolerance);
  check_at_least("conjugate_gradient", "max_iterations", options.max_iterations, 0);
  check_finite("conjugate_gradient", "b", b);
  ConjugateGradientSolution solution{.x = Vector::Zero(b.size())};
  const double norm_b = b.norm();
  if (norm_b == 0) {
    solution.converged = true;
    return solution;
  }
  Vector r = b, p = b, Ap(b.size());
  double rr = norm_b * norm_b;
  solution.residual = 1;
  while (solution.iterations < options.max_iterations) {
    apply(p, Ap);
    const double curvature = p.dot(Ap);
    if (!(curvature > 0) || !std::isfinite(curvature)) break;
    const double step = rr / curvature;
    solution.x += step * p;
    r -= step * Ap;
    ++solution.iterations;
    const double next = r.squaredNorm();
    solution.residual = std::sqrt(next) / norm_b;
    if (solution.residual <= options.tolerance) {
      solution.converged = true;
      break;
    }
    p = r + (next / rr) * p;
    rr = next;
  }
  // <x, A x> = <x, b - r>. In exact arithmetic <x, r> = 0, but orthogonality is what rounding destroys first.
  solution.form = solution.x.dot(b + r);
  return solution;
}

}  // namespace lazygap
