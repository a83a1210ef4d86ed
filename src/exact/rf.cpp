#include "lazygap/exact/rf.h"

#include <array>
#include <cmath>
#include <limits>

#include "exact/rf_ways.h"
#include "math/leading_blocks.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {
namespace {

/// Whether all features are proportional to <w_i,x>^2 - 1.
bool is_centred_square(const Network& network) {
  const auto quadratic = as_quadratic(network.activation);
  if (!quadratic || network.biases.size() > 0) return false;
  const auto [a0, a1, a2] = *quadratic;
  const double centre = network.centred ? network.activation.hermite.lambda_0 : 0;
  constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();
  return a1 == 0 && std::abs(a0 - centre + a2) <= kRounding * (std::abs(a0) + std::abs(a2));
}

}  // namespace

Answer rf(const Problem& problem, const Network& network, const Control& control) {
  return rf(problem, network, std::array{network.W.cols()}, control).front();
}

std::vector<Answer> rf(const Problem& problem, const Network& network, std::span<const Index> widths,
                       const Control& control) {
  network::check_first_layer("exact::rf", problem, network.W, network.biases);
  check_widths("exact::rf", widths, network.W.cols());
  return answers_unless_stopped(control, widths.size(), [&](const Stage& stage) {
    return is_centred_square(network) ? rf_quadratic(problem, network.W, widths, stage)
                                      : rf_general(problem, network, widths, stage);
  });
}

}  // namespace lazygap::exact
