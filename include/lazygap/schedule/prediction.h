#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/plan/plan.h"

namespace lazygap::schedule {

/// What the mean dynamics of SGD say of a training before it is run: draw 0 of W, no samples.
struct Prediction {
  Regime regime = Regime::nt;
  std::size_t point = 0;  ///< of the plan
  Index neurons = 0;
  /// NT: beyond it the mean risk grows for ever; empty for NN, where it is not known, and where finding it
  /// would take longer than was allowed.
  std::optional<double> largest_stable;
  /// Of the plan's grid, the step size with the least risk at the end; empty where all diverge, or where
  /// finding it would take longer than was allowed.
  std::optional<double> best_step_size;
  double ratio = std::numeric_limits<double>::quiet_NaN();  ///< R/R0 at the end at that step size
  bool is_too_long = false;  ///< whether finding the best step size would take longer
};

/// The predictions for every training of the plan that the route dynamics can follow, each of them at most
/// once. `seconds`: expected time for all of them together, beyond which what takes longer is left out. NN is
/// approximate (dynamics/nn.h).
[[nodiscard]] std::vector<Prediction> predict_training(const plan::Plan& plan, double seconds);

/// A line for each: "NT, N = 40: largest stable step size 0.27; best of the grid 0.05, which ends at R/R0 =
/// 0.512". Neighbours of one regime for which nothing was found share a line: "NN, N = 50 to 200: ...".
[[nodiscard]] std::vector<std::string> to_lines(const std::vector<Prediction>& predictions);

}  // namespace lazygap::schedule
