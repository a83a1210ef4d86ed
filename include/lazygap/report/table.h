#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lazygap/experiment/plan.h"
#include "lazygap/experiment/summary.h"

namespace lazygap::report {

/// Lines of a table with aligned columns: text to the left, numbers to the right. `lines`: the first is the
/// header; all have the same number of cells.
[[nodiscard]] std::string align(const std::vector<std::vector<std::string>>& lines);

/// R/R0 with five decimals; a risk that is 0 may come out as -1e-14, which is not worth a sign.
[[nodiscard]] std::string ratio_text(double ratio);

/// The table of `lazygap show`: for every regime and width the limit, the exact risk and the simulated one,
/// all divided by R0, with standard errors over draws and the difference simulated - exact in standard
/// errors. Columns for which the plan has no method are left out; "-" is a number that is not known.
[[nodiscard]] std::string text_table(const experiment::Plan& plan, const std::vector<experiment::Row>& rows);

/// What was simulated for a row, as one line of a table each: NT may be both trained and fitted.
struct LabelledSimulation {
  std::string_view kind;  ///< "trained" or "fitted" where it is both, else empty
  experiment::Simulation simulation;
  bool trained = false;
};
/// At least one; an empty simulation where there is none.
[[nodiscard]] std::vector<LabelledSimulation> simulations(const experiment::Row& row);

/// What a reader must know about a row: diverged step sizes, a best step size at the edge of the grid, cells
/// that failed or are missing. Empty where all is well.
[[nodiscard]] std::string remark(const experiment::Row& row);

/// Whether a row lacks an answer that its plan asks for: a cell failed or did not converge, or every step
/// size diverged.
[[nodiscard]] bool is_troubled(const experiment::Plan& plan, const experiment::Row& row);

}  // namespace lazygap::report
