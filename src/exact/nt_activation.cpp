#include "lazygap/exact/nt.h"
#include "network/neuron_functions.h"
#include "network/tangent_moments.h"

namespace lazygap::exact {
namespace {

/// Relative residual; the relative error of the explained part is of the order of its square.
constexpr double kTolerance = 1e-8;
constexpr int kMaxIterations = 5000;

}  // namespace

Risk nt(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases) {
  network::check_first_layer("exact::nt", problem, W, biases);
  const TangentMoments moments(problem, activation, W, biases);
  const ConjugateGradientSolution solution = moments.solve(kTolerance, kMaxIterations);
  return {.risk = null_risk(problem) - solution.form,
          .status = solution.converged ? Status::ok : Status::not_converged,
          .iterations = solution.iterations,
          .residual = solution.residual,
          .kernel_error = moments.error()};
}

}  // namespace lazygap::exact
