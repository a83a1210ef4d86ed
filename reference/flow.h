#pragma once

#include <vector>

#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"

/// Gradient flow by Euler's method with many small steps, W and A in full, on population_gradient. Returned:
/// the population risk at the times of 0, 1, ..., options.steps SGD steps.
namespace lazygap::reference {

[[nodiscard]] std::vector<double> euler_nn(const Problem& problem, Index neurons,
                                           const train::Options& options);
[[nodiscard]] std::vector<double> euler_nt(const Problem& problem, Index neurons,
                                           const train::Options& options);

}  // namespace lazygap::reference
