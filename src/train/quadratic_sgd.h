#pragma once

#include "lazygap/train/sgd.h"

/// SGD where f(x) = c + x^T S x: sigma(u) = u^2 without biases, momentum or a free second layer. Arguments as
/// train::run_nn and run_nt, already checked.
namespace lazygap::train {

[[nodiscard]] Outcome quadratic_nn(const Problem& problem, Index neurons, const Options& options,
                                   const Hooks& hooks);
[[nodiscard]] Outcome quadratic_nt(const Problem& problem, Index neurons, const Options& options,
                                   const Hooks& hooks);

}  // namespace lazygap::train
