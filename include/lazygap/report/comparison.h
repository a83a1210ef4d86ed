#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lazygap/compare/compare.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/table.h"

/// The comparison of the regimes on a data set, for people.
namespace lazygap::report {

/// One line for each model and width: R/R0 with its standard error over splits; for classes also accuracy and
/// area under the curve.
[[nodiscard]] Table comparison_table(const compare::Comparison& comparison);
/// One line for each fit, every number by itself in full precision.
[[nodiscard]] Table score_table(const compare::Comparison& comparison);
/// The learnt directions beyond the edge (at most three), each with the columns that make it up: "0.81 x3 -
/// 0.55 x7 + ...".
[[nodiscard]] std::vector<std::string> direction_lines(const compare::Comparison& comparison);

/// A picture of a comparison: its numbers and the script that draws it, see draw().
struct Picture {
  std::string name, csv, script, title, description;
};
/// R/R0 against N; against n where there are learning curves; the spectrum of the learnt W.
[[nodiscard]] std::vector<Picture> comparison_pictures(const compare::Comparison& comparison);

/// One self-contained page: the verdict, the pictures, the tables, what weakens the verdict. `extra`: HTML
/// that is put after the pictures.
[[nodiscard]] std::string comparison_html(const compare::Comparison& comparison, const std::string& title,
                                          const std::string& command, const std::vector<Drawing>& drawings,
                                          const std::string& extra = {});

/// A table as HTML.
[[nodiscard]] std::string html_table(const Table& table, const std::string& caption);

}  // namespace lazygap::report
