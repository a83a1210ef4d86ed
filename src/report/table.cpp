#include "lazygap/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace lazygap::report {
namespace {

using experiment::Method;
using experiment::Plan;
using experiment::Row;

std::string number(const std::optional<double>& value) { return value ? ratio_text(*value) : "-"; }
/// Standard errors span many orders of magnitude.
std::string error(const std::optional<double>& value) { return value ? fmt::format("{:.1e}", *value) : "-"; }

bool asks(const Plan& plan, Method method) {
  return std::find(plan.sweep.methods.begin(), plan.sweep.methods.end(), method) != plan.sweep.methods.end();
}

std::size_t length(const std::string& text) {  // in characters of UTF-8
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_number_or_unknown(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return text == "-" || (!text.empty() && *end == '\0');
}

}  // namespace

std::string align(const std::vector<std::vector<std::string>>& lines) {
  if (lines.empty()) return {};
  std::vector<std::size_t> width(lines.front().size(), 0);
  for (const auto& line : lines)
    for (std::size_t k = 0; k < line.size(); ++k) width[k] = std::max(width[k], length(line[k]));
  std::vector<bool> numeric(width.size(), true);
  for (std::size_t i = 1; i < lines.size(); ++i)
    for (std::size_t k = 0; k < width.size(); ++k)
      numeric[k] = numeric[k] && is_number_or_unknown(lines[i][k]);
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t k = 0; k < line.size(); ++k) {
      const std::string padding(width[k] - length(line[k]), ' ');
      row += (k == 0 ? "" : "  ") + (numeric[k] ? padding + line[k] : line[k] + padding);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::string ratio_text(double ratio) { return fmt::format("{:.5f}", std::abs(ratio) < 5e-6 ? 0.0 : ratio); }

std::string text_table(const Plan& plan, const std::vector<Row>& rows) {
  const bool limit = asks(plan, Method::limit), exact = asks(plan, Method::exact);
  const bool train = asks(plan, Method::train), simulated = train || asks(plan, Method::fit);
  const bool remarks =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !remark(row).empty(); });
  std::vector<std::vector<std::string>> lines(1);
  const auto header = [&](bool shown, std::initializer_list<const char*> names) {
    if (shown) lines.front().insert(lines.front().end(), names.begin(), names.end());
  };
  header(true, {"regime", "N", "rho"});
  header(limit, {"limit"});
  header(exact, {"exact", "se"});
  header(simulated, {"simulated", "se"});
  header(simulated && exact, {"diff/se"});
  header(train, {"step size"});
  header(remarks, {"remark"});
  for (const Row& row : rows)
    for (const auto& [kind, simulation, trained] : simulations(row)) {
      std::vector<std::string> line{
          fmt::format("{}{}{}", to_string(row.regime), kind.empty() ? "" : " ", kind),
          row.N > 0 ? fmt::format("{}", row.N) : "-", row.N > 0 ? fmt::format("{:.4g}", row.rho) : "-"};
      if (limit) line.push_back(number(row.limit));
      if (exact) {
        line.push_back(row.exact.draws > 0 ? ratio_text(row.exact.ratio) : "-");
        line.push_back(error(row.exact.se));
      }
      if (simulated) {
        line.push_back(simulation.risk.draws > 0 ? ratio_text(simulation.risk.ratio) : "-");
        line.push_back(error(simulation.risk.se));
      }
      if (simulated && exact)
        line.push_back(simulation.difference_in_se ? fmt::format("{:+.1f}", *simulation.difference_in_se)
                                                   : "-");
      if (train) line.push_back(trained && row.step_size ? fmt::format("{:.4g}", *row.step_size) : "-");
      if (remarks) line.push_back(kind == "fitted" ? "" : remark(row));
      lines.push_back(std::move(line));
    }
  return align(lines);
}

std::vector<LabelledSimulation> simulations(const Row& row) {
  const bool fitted = row.fit.risk.draws > 0, trained = row.train.risk.draws > 0;
  if (fitted && trained)
    return {{.kind = "trained", .simulation = row.train, .trained = true},
            {.kind = "fitted", .simulation = row.fit, .trained = false}};
  return {{.kind = {}, .simulation = fitted ? row.fit : row.train, .trained = trained}};
}

std::string remark(const Row& row) {
  std::vector<std::string> parts;
  if (row.step_size_at_edge) parts.emplace_back("best step size at the edge of the grid");
  if (row.diverged > 0)
    parts.push_back(fmt::format("{} run{} diverged", row.diverged, row.diverged == 1 ? "" : "s"));
  if (row.not_converged > 0) parts.push_back(fmt::format("{} not converged", row.not_converged));
  if (row.failed > 0) parts.push_back(fmt::format("{} failed", row.failed));
  if (row.missing > 0) parts.push_back(fmt::format("{} not computed yet", row.missing));
  return fmt::format("{}", fmt::join(parts, ", "));
}

bool is_troubled(const Plan& plan, const Row& row) {
  // A step size of the grid may diverge: finding that out is what the grid is for.
  const bool trained = asks(plan, Method::train) && (row.regime == Regime::nn || row.regime == Regime::nt);
  return row.failed > 0 || row.not_converged > 0 || (trained && row.missing == 0 && !row.step_size);
}

}  // namespace lazygap::report
