#pragma once

#include <string>

#include "lazygap/network/regime.h"
#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"

namespace lazygap::train {

/// A word for everything on which the numbers of a run depend, so that a state is never resumed by another
/// run: the matrices of the problem, sigma and its derivative, the width, every option. Two runs with
/// different arguments have different words but for a chance of 2^-122.
[[nodiscard]] std::string fingerprint(Regime regime, const Problem& problem, Index neurons,
                                      const Options& options);

}  // namespace lazygap::train
