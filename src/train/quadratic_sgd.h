#pragma once

#include "lazygap/train/sgd.h"

/// SGD where f(x) = c + x^T S x: sigma(u) = u^2 without biases, momentum or a free second layer. Arguments as
/// train::run_networks, already checked.
namespace lazygap::train {

[[nodiscard]] std::vector<Outcome> quadratic_networks(Regime regime, const Problem& problem,
                                                      std::span<const Network> networks,
                                                      const Options& options, Search search,
                                                      const GroupHooks& hooks);
[[nodiscard]] std::string quadratic_path(Regime regime, const Problem& problem, Index neurons,
                                         const Options& options);

}  // namespace lazygap::train
