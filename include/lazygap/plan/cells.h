#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/store/result.h"
#include "lazygap/store/store.h"

namespace lazygap::plan {

/// One question of a plan, as its coordinates: the unit of storage and of resumption.
struct Cell {
  Method method = Method::limit;
  Regime regime = Regime::nn;
  std::size_t point = 0;  ///< of the product of the plan's axes
  Index draw = 0;
  double step_size = 0;  ///< train and flow; 0 otherwise
  std::string key = {};  ///< in the store; made by cells_at, else cell_key knows it
};

/// The cells of a plan, in the order of its methods, regimes, axes, draws and step sizes. A route is asked
/// once for questions that differ only in keys that it does not read, and not at all for those that it
/// refuses. Routes that follow the training are asked about the step size that won it. Their cells are not
/// listed here; schedule::following_cells_at finds them once the training is finished. Throws UsageError
/// where there are more than kMostCells.
[[nodiscard]] std::vector<Cell> make_cells(const Plan& plan);
inline constexpr std::size_t kMostCells = 2'000'000;

/// Whether a route is asked about a step size that is known only when other routes have answered: that which
/// wins the training of this plan or, where the search is predicted and the route is the training, that which
/// wins the prediction.
[[nodiscard]] bool follows_training(const Plan& plan, Method method);
/// Whether a route is asked about every step size of the grid, of which the best is kept.
[[nodiscard]] bool has_grid(const Plan& plan, Method method);

/// The cells of one route at one point: none where the route refuses the question.
[[nodiscard]] std::vector<Cell> cells_at(const Plan& plan, Method method, Regime regime, std::size_t point);

[[nodiscard]] Question question_of(const Plan& plan, const Cell& cell);
/// Name of the cell's question, and its key in the store.
[[nodiscard]] std::string cell_name(const Plan& plan, const Cell& cell);
[[nodiscard]] std::string cell_key(const Plan& plan, const Cell& cell);

/// The grid of step sizes of a question: that of the plan, route::default_step_sizes where it has none.
[[nodiscard]] std::vector<double> step_sizes(const Plan& plan, const Question& question);

/// Name of a train cell that successive halving has ended early; `grid`: its step_sizes.
[[nodiscard]] std::string elimination_name(const Plan& plan, const Cell& cell,
                                           const std::vector<double>& grid);

/// What the store has of the cells: under cell_key, and, where the plan searches by halving, under the key of
/// those that were ended early.
[[nodiscard]] std::vector<std::optional<store::Result>> find_cells(const Plan& plan,
                                                                   const store::Store& store,
                                                                   const std::vector<Cell>& cells);

/// Divides cells into groups that are computed together, by what their routes nest: places in `cells`, in the
/// order of their first cells.
[[nodiscard]] std::vector<std::vector<std::size_t>> make_groups(const Plan& plan,
                                                                const std::vector<Cell>& cells);

}  // namespace lazygap::plan
