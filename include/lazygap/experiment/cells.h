#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lazygap/experiment/plan.h"
#include "lazygap/problem/problem.h"
#include "lazygap/store/result.h"
#include "lazygap/store/store.h"

namespace lazygap::experiment {

/// One question to one route: the unit of storage and of resumption.
struct Cell {
  Method method = Method::limit;
  Regime regime = Regime::nn;
  Index N = 0;           ///< 0 for Bayes
  Index draw = 0;        ///< draw of W and, for train and fit, of the samples
  double step_size = 0;  ///< train and flow; 0 otherwise
};

/// The cells of a plan, in the order of its methods, regimes, widths, draws and step sizes.
///
///   limit   every regime and width whose limit is known (has_limit)       one cell
///   exact   RF and NT: every width and draw; NN, Bayes: no W is drawn     draws, or one cell (has_exact)
///   train   NT and NN: every width, draw of [train] and step size
///   fit     RF, or fit.regimes: every width and draw of [fit]
///   flow    NT and NN: every width, at the step size that won the training (the first of the grid where
///   train is
///           not among the methods): not listed here but found by flow_cell once the training is finished
/// A method skips the regimes that it does not apply to; load_plan has refused methods that apply to none.
[[nodiscard]] std::vector<Cell> make_cells(const Plan& plan);

/// The widths of a regime: sweep.neurons, times d + 1 for RF with equal_parameters; 0 for Bayes.
[[nodiscard]] std::vector<Index> widths(const Plan& plan, Regime regime);

/// R / R0 in the limit at each of the widths, for a regime that has one.
[[nodiscard]] std::vector<double> limit_ratios(const Setting& setting, const Plan& plan, Regime regime,
                                               const std::vector<Index>& widths);

/// The grid of step sizes of NT or NN at width N: that of the plan, train::default_step_sizes where it has
/// none.
[[nodiscard]] std::vector<double> step_sizes(const Plan& plan, const Setting& setting, Regime regime,
                                             Index N);

/// Canonical JSON of everything the numbers of `cell` depend on: task, version of the task, problem, law of
/// the first layer, width, draw, seed and those options that its method and regime read. Equal texts mean
/// equal numbers up to rounding, in whichever plan they occur.
[[nodiscard]] std::string cell_parameters(const Plan& plan, const Cell& cell);
/// Key of the cell in the store: the name-based UUID (SHA-1) of cell_parameters.
[[nodiscard]] std::string cell_key(const Plan& plan, const Cell& cell);

/// Key under which a train cell is stored that successive halving has ended early: it holds for this grid
/// (the step_sizes of its regime and width), these draws and this version of the rule only.
[[nodiscard]] std::string elimination_key(const Plan& plan, const Cell& cell,
                                          const std::vector<double>& grid);
/// What the store has of the cells: under cell_key, and, where the plan searches by halving, under
/// elimination_key.
[[nodiscard]] std::vector<std::optional<store::Result>> find_cells(const Plan& plan,
                                                                   const store::Store& store,
                                                                   const std::vector<Cell>& cells);

/// Divides cells into groups that are computed together: places in `cells`, in the order of their first
/// cells.
///   exact, fit   RF: all widths of a draw share one Gram matrix
///   train        the step sizes of one width and draw share the samples; share_samples = "widths": all
///                widths too; halving compares the draws, so that they belong to one group
/// Every other cell is a group of its own.
[[nodiscard]] std::vector<std::vector<std::size_t>> make_groups(const Plan& plan,
                                                                const std::vector<Cell>& cells);

/// Whether successive halving ends cells of a group early. A cell alone has nothing to be compared with.
[[nodiscard]] bool is_halving(const Plan& plan, std::span<const Cell> group);

/// What a long group asks and tells while it runs; `i` is the place of a cell in it.
struct GroupHooks {
  std::function<void(double fraction)> progress = {};  ///< part of the group that is done, 0 to 1
  std::function<void(std::size_t i, store::Result)> finished = {};  ///< each cell, as soon as it is known
  std::function<void(std::size_t i, std::span<const std::byte>)> save = {};  ///< state to resume from
  std::vector<std::span<const std::byte>> resume = {};  ///< states of an interrupted computation, or none
  /// train: how an earlier computation has ended the cell (none: it has not); such a cell is not computed
  /// again. Empty: none has.
  std::vector<Status> known = {};
  std::chrono::seconds save_every{30};
  std::function<bool()> stop = {};  ///< true: save the states and return
};

/// Computes a group. `setting` is make_setting(plan). Every cell goes to hooks.finished but those that
/// hooks.stop has ended before their end. Exceptions of the routes pass through.
void compute_group(const Plan& plan, const Setting& setting, std::span<const Cell> cells,
                   const GroupHooks& hooks);
/// What is kept of a cell that could not be computed: the status failed, and why.
[[nodiscard]] store::Result failed_result(const Plan& plan, const Setting& setting, const Cell& cell,
                                          const std::string& message);

/// Expected work of a group, from operation counts.
struct Cost {
  double operations = 0;  ///< fp64 multiplications and additions at the rate of a matrix product
  double bytes = 0;       ///< peak memory
};
[[nodiscard]] Cost group_cost(const Plan& plan, std::span<const Cell> cells);

/// Whether the cell is trained in bf16 and this processor has no AVX512_BF16.
[[nodiscard]] bool lacks_processor(const Plan& plan, const Cell& cell);

/// How the cells are computed, in a few words: "LQ, AVX-512 fp32". Empty where there is one way only.
[[nodiscard]] std::string path_of(const Plan& plan, const Setting& setting, const Cell& cell);

}  // namespace lazygap::experiment
