#pragma once

#include "lazygap/train/sgd.h"

/// SGD for any activation with a derivative: W, biases, second layer or A in full. Arguments as
/// train::run_networks, already checked.
namespace lazygap::train {

[[nodiscard]] std::vector<Outcome> general_networks(Regime regime, const Problem& problem,
                                                    std::span<const Network> networks, const Options& options,
                                                    Search search, const GroupHooks& hooks);
[[nodiscard]] std::string general_path(const Options& options);

}  // namespace lazygap::train
