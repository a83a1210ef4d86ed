#pragma once

#include <span>
#include <vector>

#include "core/stage.h"
#include "lazygap/exact/rf.h"

/// Two ways to the answers of exact::rf, for arguments that have been checked.
namespace lazygap::exact {

/// Features proportional to <w_i,x>^2 - 1.
[[nodiscard]] std::vector<Answer> rf_quadratic(const Problem& problem, const Matrix& W,
                                               std::span<const Index> widths, const Stage& stage);
/// Any features.
[[nodiscard]] std::vector<Answer> rf_general(const Problem& problem, const Network& network,
                                             std::span<const Index> widths, const Stage& stage);

}  // namespace lazygap::exact
