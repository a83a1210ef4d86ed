#include "lazygap/exact/rf.h"
#include "lazygap/math/pivoted_cholesky.h"
#include "network/feature_moments.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {

Risk rf(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases,
        bool centred) {
  network::check_first_layer("exact::rf", problem, W, biases);
  const FeatureMoments moments(problem, activation, W, biases, centred ? activation.hermite.lambda_0 : 0);
  const Vector& v = moments.projections();
  const SemidefiniteSolution solution = solve_semidefinite([&](Matrix& K) { moments.gram(K); }, v);
  const double mean = network::mean_label(problem);
  return {.risk = null_risk(problem) + mean * mean - v.dot(solution.a),
          .status = Status::ok,
          .rank = solution.rank,
          .kernel_error = moments.error()};
}

}  // namespace lazygap::exact
