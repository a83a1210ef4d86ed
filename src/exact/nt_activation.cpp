#include "lazygap/exact/nt.h"
#include "lazygap/math/conjugate_gradient.h"
#include "network/neuron_functions.h"
#include "network/tangent_moments.h"

namespace lazygap::exact {
namespace {

/// Relative residual; the relative error of the explained part is of the order of its square.
constexpr ConjugateGradientOptions kSolver{.tolerance = 1e-8, .max_iterations = 5000};

}  // namespace

Risk nt(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases) {
  network::check_first_layer("exact::nt", problem, W, biases);
  const TangentMoments moments(problem, activation, W, biases);
  const Index d = W.rows(), N = W.cols();
  const auto apply = [&](const Vector& p, Vector& Ap) {
    const Eigen::Map<const Matrix> A(p.data(), d, N);
    Eigen::Map<Matrix> result(Ap.data(), d, N);
    moments.apply(A, result);
  };
  const ConjugateGradientSolution solution =
      conjugate_gradient(apply, moments.projections().reshaped(), kSolver);
  return {.risk = null_risk(problem) - solution.form,
          .status = solution.converged ? Status::ok : Status::not_converged,
          .iterations = solution.iterations,
          .residual = solution.residual,
          .kernel_error = moments.error()};
}

}  // namespace lazygap::exact
