#pragma once

#include <vector>

#include "lazygap/network/regime.h"
#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"

namespace lazygap::train {

/// The grid of step sizes, increasing, for a plan that names none; `options.step_size` is not used. Chosen by
/// experiment, see docs/theory/train.md. `regime` is nn or nt, anything else throws UsageError.
[[nodiscard]] std::vector<double> default_step_sizes(Regime regime, const Problem& problem, Index neurons,
                                                     const Options& options);

}  // namespace lazygap::train
