#pragma once

#include <cstdint>
#include <vector>

#include "lazygap/question/instance.h"
#include "lazygap/question/question.h"

namespace lazygap::route {

/// The options of training with what other tables of the plan say: activation, biases, label noise, seed,
/// draw.
[[nodiscard]] train::Options train_options(const question::Question& question,
                                           const question::Instance& instance);

/// The grid of step sizes of a question to train or flow where the plan names none.
[[nodiscard]] std::vector<double> default_step_sizes(const question::Question& question,
                                                     const question::Instance& instance);

/// To be raised whenever the rule by which halving gives up losers changes: runs that an earlier one has
/// ended are then computed anew.
inline constexpr int kHalvingVersion = 1;

/// The name under which a question to train is stored that successive halving has ended early. It holds for
/// this grid of step sizes, so many draws and this version of the rule only: against others it might have
/// won.
[[nodiscard]] std::string elimination_name(const question::Question& question, std::int64_t draws,
                                           const std::vector<double>& grid);

}  // namespace lazygap::route
