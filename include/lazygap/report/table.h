#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/report/summary.h"

namespace lazygap::report {

/// A table as text: a header and lines with as many cells.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> lines;
};

/// The table of `lazygap show`, for people: for every regime and point the limit, the exact risk and the
/// simulated one, all divided by R0, as value(standard error). `exact` is the mean over the draws that were
/// simulated, where some were, so that `excess`, simulated - exact, compares the same W. Columns for which
/// the plan has no method are left out; "-" is a number that is not known.
[[nodiscard]] Table readable_table(const Plan& plan, const std::vector<Row>& rows);

/// The same for programs: one line for each regime, point and route, every number by itself in full
/// precision, and a column for each key in which rows differ or that is not at its default. docs/plans.md has
/// the columns.
[[nodiscard]] Table full_table(const Plan& plan, const std::vector<Row>& rows);

/// Aligned columns: text to the left, numbers to the right.
[[nodiscard]] std::string align(const Table& table);
[[nodiscard]] std::string to_csv(const Table& table);
[[nodiscard]] std::string to_markdown(const Table& table);
/// A tabular for LaTeX with the rules of booktabs.
[[nodiscard]] std::string to_latex(const Table& table);
/// One JSON object a line; cells that read as numbers are numbers, empty ones null.
[[nodiscard]] std::string to_json_lines(const Table& table);

/// R/R0 with five decimals; a risk that is 0 may come out as -1e-14, which is not worth a sign.
[[nodiscard]] std::string ratio_text(double ratio);
/// 0.864(4): the digits in brackets are the standard error in units of the last decimal; without one, five
/// decimals.
[[nodiscard]] std::string with_error(double ratio, std::optional<double> se);

/// What a reader must know about a row: diverged step sizes, a best step size at the edge of the grid, cells
/// that failed or are missing. Empty where all is well.
[[nodiscard]] std::string remark(const Row& row);

/// Whether a row lacks an answer that its plan asks for: a cell failed or did not converge, or every step
/// size diverged.
[[nodiscard]] bool is_troubled(const Row& row);

/// The simulations of a row with a number to show; `label` tells them apart where there are several.
struct LabelledSimulation {
  std::string_view label;
  const Summary* summary = nullptr;
};
/// At least one; an empty one where there is none.
[[nodiscard]] std::vector<LabelledSimulation> simulations(const Row& row);

}  // namespace lazygap::report
