#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lazygap/experiment/plan.h"
#include "lazygap/problem/problem.h"
#include "lazygap/store/result.h"

namespace lazygap::experiment {

/// One question to one route: the unit of work, of storage and of resumption.
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
/// equal numbers, in whichever plan they occur.
[[nodiscard]] std::string cell_parameters(const Plan& plan, const Cell& cell);
/// Key of the cell in the store: the name-based UUID (SHA-1) of cell_parameters.
[[nodiscard]] std::string cell_key(const Plan& plan, const Cell& cell);

/// What a long cell asks and tells while it runs.
struct CellHooks {
  std::function<void(double fraction)> progress = {};         ///< part of the cell that is done, 0 to 1
  std::function<void(std::span<const std::byte>)> save = {};  ///< state to resume from
  std::span<const std::byte> resume = {};  ///< state of an earlier, interrupted computation
  std::chrono::seconds save_every{30};
  std::function<bool()> stop = {};  ///< true: save the state and return
};

/// Computes one cell. `setting` is make_setting(plan). The result has Status::none where hooks.stop ended it
/// before the end. Exceptions of the routes pass through.
[[nodiscard]] store::Result compute_cell(const Plan& plan, const Setting& setting, const Cell& cell,
                                         const CellHooks& hooks = {});

/// Expected work of a cell, from operation counts.
struct Cost {
  double operations = 0;  ///< fp64 multiplications and additions at the rate of a matrix product
  double bytes = 0;       ///< peak memory
};
[[nodiscard]] Cost cell_cost(const Plan& plan, const Cell& cell);

}  // namespace lazygap::experiment
