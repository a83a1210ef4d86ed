#pragma once

#include "lazygap/train/sgd.h"

/// SGD for any activation with a derivative: W, biases, second layer or A in full. Arguments as train::run_nn
/// and run_nt, already checked.
namespace lazygap::train {

[[nodiscard]] Outcome general_nn(const Problem& problem, Index neurons, const Options& options,
                                 const Hooks& hooks);
[[nodiscard]] Outcome general_nt(const Problem& problem, Index neurons, const Options& options,
                                 const Hooks& hooks);

}  // namespace lazygap::train
