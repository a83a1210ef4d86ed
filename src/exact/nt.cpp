#include "lazygap/exact/nt.h"

#include "exact/nt_ways.h"
#include "lazygap/core/check.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {
namespace {

/// Whether all features are proportional to <w_i,x> x.
bool is_linear(const Network& network) {
  const auto quadratic = as_quadratic(network.activation);
  return quadratic && (*quadratic)[1] == 0 && network.biases.size() == 0;
}

}  // namespace

Answer nt(const Problem& problem, const Network& network, const Control& control) {
  network::check_first_layer("exact::nt", problem, network.W, network.biases);
  const auto answer = [&](const Stage& stage) -> std::vector<Answer> {
    return {is_linear(network) ? nt_quadratic(problem, network.W, stage)
                               : nt_general(problem, network, stage)};
  };
  return answers_unless_stopped(control, 1, answer).front();
}

double nt_mean(const PolynomialTarget& problem, Index N) {
  check_at_least("exact::nt_mean", "N", N, 1);
  if (N >= problem.dimension()) return problem.rest_risk();
  const auto d = static_cast<double>(problem.dimension());
  const double m = d - static_cast<double>(N);
  // The mean of P (x) P over projectors of rank m is a combination of the invariant forms with these weights.
  const double b = m * (d - m) / (d * (d - 1) * (d + 2));
  const double a = m / d - (d + 1) * b;
  return 2 * ((a + b) * problem.squared_norm() + b * problem.trace() * problem.trace()) + problem.rest_risk();
}

}  // namespace lazygap::exact
