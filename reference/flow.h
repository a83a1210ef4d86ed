#pragma once

#include <vector>

#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"

/// Gradient flow by the classical Runge-Kutta method of fourth order with `substeps` equal steps for every
/// step of SGD, W and A in full, on population_gradient. Returned: the population risk at the times of 0, 1,
/// ..., options.steps SGD steps.
namespace lazygap::reference {

[[nodiscard]] std::vector<double> flow_nn(const Problem& problem, Index neurons,
                                          const train::Options& options, int substeps = 4);
[[nodiscard]] std::vector<double> flow_nt(const Problem& problem, Index neurons,
                                          const train::Options& options, int substeps = 4);

}  // namespace lazygap::reference
