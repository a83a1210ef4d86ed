#pragma once

#include <vector>

#include "lazygap/question/instance.h"
#include "lazygap/question/question.h"

namespace lazygap::route {

/// R / R0 in the limit at each number of neurons, for a question whose limit is known. Smooth curves ask for
/// many at once.
[[nodiscard]] std::vector<double> limit_ratios(const question::Question& question,
                                               const question::Instance& instance,
                                               const std::vector<Index>& neurons);

}  // namespace lazygap::route
