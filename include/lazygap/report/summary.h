#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lazygap/plan/cells.h"
#include "lazygap/plan/plan.h"
#include "lazygap/store/result.h"
#include "lazygap/store/store.h"

namespace lazygap::report {

using plan::Key;
using plan::Plan;
using question::Method;

/// Mean over independent draws.
struct Average {
  Index draws = 0;                                          ///< finished ones; 0: nothing to show
  double ratio = std::numeric_limits<double>::quiet_NaN();  ///< R/R0
  std::optional<double> se;                                 ///< of `ratio`; empty for fewer than two draws
};

/// What one route says at one point of a plan.
struct Summary {
  std::size_t point = 0;  ///< of the plan; where the best value of an axis is kept, the one with that value
  Average risk;
  /// The paper's estimate on fresh samples, where there is one for every draw, and its standard error.
  std::optional<double> test_ratio, test_se;
  /// curve and fit: training error, GCV and leave-one-out error over R0, where there is one for every draw.
  std::optional<double> train_ratio, gcv_ratio, loo_ratio;
  /// Simulations: the exact risk of the draws that were simulated (the same W), and how much the simulated
  /// risk lies above it, both with their standard errors over draws. The excess is the mean of the
  /// differences draw by draw; with one draw its standard error is that of the estimate on fresh samples.
  std::optional<double> exact_ratio, exact_se, excess, excess_se;
  /// train: the best step size of the grid, the smallest mean risk among those that never diverged.
  std::optional<double> step_size;
  /// Whether `step_size` is the smallest or the largest of the grid. A grid of one has no edge.
  bool step_size_at_edge = false;
  std::map<double, Average> by_step_size = {};  ///< of the draws that ended with a number
  bool largest_diverged = false;  ///< every draw of the grid's largest step size diverged, and nothing else
  std::size_t diverged = 0, not_converged = 0, failed = 0, missing = 0;  ///< cells
  std::vector<store::Result> results;                                    ///< of the draws in `risk`
};

/// One line of a table: one regime at one point of the product of a plan's axes.
struct Row {
  Regime regime = Regime::nn;
  std::size_t point = 0;
  Index N = 0;  ///< 0 for Bayes
  Index d = 0;
  double rho = 0;                       ///< N / d
  std::map<Method, Summary> summaries;  ///< by route, those that the plan asks and that answer here

  [[nodiscard]] const Summary* find(Method method) const;
  /// R/R0 of a route; empty where it has none.
  [[nodiscard]] std::optional<double> ratio(Method method) const;
};

/// What a store has of a plan, looked up once.
class Results {
 public:
  Results(const Plan& plan, const store::Store& store);

  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] const store::Store& store() const { return store_; }
  /// The result of a cell, also where halving has ended it; null: not computed.
  [[nodiscard]] const store::Result* find(const plan::Cell& cell) const;

 private:
  const Plan& plan_;
  const store::Store& store_;
  std::unordered_map<std::string, store::Result> by_key_;
};

/// Rows in the order of the plan's regimes and axes; one row for Bayes at each point of the axes that the
/// problem reads. Along the axes of Plan::best each route is at its own best point.
[[nodiscard]] std::vector<Row> summarise(const Results& results);
[[nodiscard]] std::vector<Row> summarise(const Plan& plan, const store::Store& store);

/// The keys in which rows of the plan differ, beside regime and N: the axes that are not reduced to their
/// best.
[[nodiscard]] std::vector<const Key*> coordinates(const Plan& plan);
/// The value of a key in a row, for tables.
[[nodiscard]] std::string coordinate_text(const Plan& plan, const Row& row, const Key& key);

/// Mean and its standard error; no standard error for fewer than two numbers, NaN for none.
[[nodiscard]] std::pair<double, std::optional<double>> mean_and_se(const std::vector<double>& numbers);

}  // namespace lazygap::report
