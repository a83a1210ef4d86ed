#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "lazygap/plan/cells.h"
#include "lazygap/plan/plan.h"
#include "lazygap/store/store.h"

namespace lazygap::schedule {

/// Whether a result is a number to average: ok, or the bound of a computation that did not converge.
[[nodiscard]] bool is_number(const std::optional<store::Result>& result);

/// The step size of the smallest mean risk over the draws, among those that diverged in no draw and were not
/// given up by halving. `results` are those of `cells`, the train cells of one point. Empty while one of them
/// is missing or failed, or where every step size diverged.
[[nodiscard]] std::optional<double> best_step_size(const std::vector<plan::Cell>& cells,
                                                   const std::vector<std::optional<store::Result>>& results);

/// The cells at one point of a route that follows the training: every draw at the step size that won it or,
/// where train is not among the methods, at the first one of the grid; at each step size where the figure
/// shows them. Where the plan's search is predicted, the training itself follows the mean dynamics: every
/// draw at the step size that these find best, or at all of the grid where they have no answer. None while
/// there is no best step size.
[[nodiscard]] std::vector<plan::Cell> following_cells_at(const plan::Plan& plan, const store::Store& store,
                                                         question::Method method, Regime regime,
                                                         std::size_t point);

/// Whether step sizes are coordinates of the plan's figure rather than a grid of which the best is kept.
[[nodiscard]] bool shows_step_sizes(const plan::Plan& plan);

}  // namespace lazygap::schedule
