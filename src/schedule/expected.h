#pragma once

#include <vector>

#include "lazygap/plan/cells.h"
#include "lazygap/store/store.h"

namespace lazygap::schedule {

/// The cells of routes that follow the training, as they will be: before it has ended any step size will do
/// for an estimate.
[[nodiscard]] std::vector<plan::Cell> expected_following_cells(const plan::Plan& plan,
                                                               const store::Store& store);

}  // namespace lazygap::schedule
