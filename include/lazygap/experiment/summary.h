#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/experiment/cells.h"
#include "lazygap/experiment/plan.h"
#include "lazygap/store/result.h"
#include "lazygap/store/store.h"

namespace lazygap::experiment {

/// Mean of R/R0 over independent draws.
struct Average {
  Index draws = 0;  ///< finished ones; 0: nothing to show
  double ratio = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> se;  ///< of `ratio`; empty for fewer than two draws
};

/// What was simulated (train or fit) for one regime and width.
struct Simulation {
  Average risk;  ///< exact population risk of the networks found
  std::optional<double> test_ratio,
      test_se;  ///< mean of the paper's estimates on fresh samples, its standard error
  /// Simulated minus exact, in standard errors. Two draws or more: mean over its standard error of the
  /// differences draw by draw (same W). One draw: (test_ratio - exact) / test_se. Empty where either is
  /// missing.
  std::optional<double> difference_in_se;
};

/// One line of the table: one regime at one width.
struct Row {
  Regime regime = Regime::nn;
  Index N = 0;  ///< 0 for Bayes
  double rho = 0;
  std::optional<double> limit;  ///< R/R0
  Average exact;
  Simulation fit;
  Simulation train;  ///< at `step_size`
  std::optional<double>
      step_size;  ///< the best of the grid: smallest mean risk among those that never diverged
  bool step_size_at_edge =
      false;  ///< it is the smallest or largest of the grid's step sizes; a grid of one has no edge
  std::size_t diverged = 0, not_converged = 0, failed = 0, missing = 0;  ///< cells of this regime and width
};

/// Rows in the order of the plan's regimes and widths; one row for Bayes. Only what the plan's methods ask
/// for.
[[nodiscard]] std::vector<Row> summarise(const Plan& plan, const store::Store& store);

/// The best step size of NT or NN at width N as in Row. Empty while a cell of the grid is missing or failed,
/// or where every step size diverged.
[[nodiscard]] std::optional<double> best_step_size(const Plan& plan, const store::Store& store, Regime regime,
                                                   Index N);

/// The cell of the gradient flow of NT or NN at width N, at best_step_size, or at the first step size of the
/// grid where train is not among the methods. Empty while there is no best step size.
[[nodiscard]] std::optional<Cell> flow_cell(const Plan& plan, const store::Store& store, Regime regime,
                                            Index N);

/// Curves of R against samples for the right frame: the best step size, draw by draw, and the flow at that
/// step size.
struct Curves {
  Regime regime = Regime::nn;
  Index N = 0;
  std::vector<store::Result> train;
  std::optional<store::Result> flow;
};
[[nodiscard]] std::vector<Curves> training_curves(const Plan& plan, const store::Store& store);

}  // namespace lazygap::experiment
