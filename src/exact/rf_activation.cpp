#include <array>

#include "lazygap/exact/rf.h"
#include "lazygap/math/pivoted_cholesky.h"
#include "math/leading_blocks.h"
#include "network/feature_moments.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {

Risk rf(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases,
        bool centred) {
  return rf(problem, activation, W, std::array{W.cols()}, biases, centred).front();
}

std::vector<Risk> rf(const Problem& problem, const Activation& activation, const Matrix& W,
                     std::span<const Index> widths, const Vector& biases, bool centred) {
  network::check_first_layer("exact::rf", problem, W, biases);
  check_widths("exact::rf", widths, W.cols());
  const FeatureMoments moments(problem, activation, W, biases, centred ? activation.hermite.lambda_0 : 0);
  const Vector& v = moments.projections();
  const std::vector<SemidefiniteSolution> solutions =
      solve_semidefinite([&](Matrix& K) { moments.gram(K); }, v, widths);
  const double mean = network::mean_label(problem);
  std::vector<Risk> risks;
  for (const auto& [a, rank] : solutions)
    risks.push_back({.risk = null_risk(problem) + mean * mean - v.head(a.size()).dot(a),
                     .status = Status::ok,
                     .rank = rank,
                     .kernel_error = moments.error()});
  return risks;
}

}  // namespace lazygap::exact
