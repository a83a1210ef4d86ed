#include "lazygap/report/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "lazygap/route/route.h"

namespace lazygap::report {
namespace {

constexpr auto kUnknown = "-";

bool is_theory(Method method) {
  return method != Method::limit && method != Method::exact && method != Method::flow &&
         !route::route_of(method).is_simulation;
}

bool asks_simulation(const Plan& plan) {
  return std::any_of(plan.methods.begin(), plan.methods.end(),
                     [](Method method) { return route::route_of(method).is_simulation; });
}

std::string average_text(const Summary* summary) {
  if (summary == nullptr || summary->risk.draws == 0) return kUnknown;
  return with_error(summary->risk.ratio, summary->risk.se);
}

std::string exact_text(const Row& row, const Summary* simulation) {
  if (simulation != nullptr && simulation->exact_ratio)
    return with_error(*simulation->exact_ratio, simulation->exact_se);
  return average_text(row.find(Method::exact));
}

/// Simulated - exact, and the same in per cent of exact.
std::vector<std::string> excess_texts(const Summary* simulation) {
  if (simulation == nullptr || !simulation->excess) return {kUnknown, kUnknown};
  const double exact = *simulation->exact_ratio, excess = *simulation->excess;
  constexpr double kNothing = 1e-9;  // per cent of a risk that is 0 say nothing
  return {with_error(excess, simulation->excess_se),
          exact > kNothing ? fmt::format("{:+.1f} %", 100 * excess / exact) : kUnknown};
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }
std::string number(const std::optional<double>& value) { return value ? number(*value) : ""; }

/// The value of a reduced axis that won: for the simulation, where there is one, else for the first route
/// that reads it.
std::string best_text(const Plan& plan, const Row& row, const Summary* simulation, const Key& key) {
  for (const auto& [method, summary] : row.summaries) {
    if (simulation != nullptr && &summary != simulation) continue;
    const question::Question question = plan.at(method, row.regime, summary.point);
    if (key.is_read != nullptr && key.is_read(question)) return question::plain_text(key.get(question));
  }
  return kUnknown;
}

/// The folders of the weights that were kept, one for each draw, beside the store.
std::string weights_text(const Summary* summary) {
  std::vector<std::string> folders;
  if (summary != nullptr)
    for (const store::Result& result : summary->results)
      if (!result.weights.empty()) folders.push_back(result.weights);
  return fmt::format("{}", fmt::join(folders, " "));
}

bool has_weights(const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const Row& row) {
    return std::any_of(row.summaries.begin(), row.summaries.end(),
                       [](const auto& entry) { return !weights_text(&entry.second).empty(); });
  });
}

/// Keys of the plan that are neither swept nor at their default, for the columns of full_table.
std::vector<const Key*> given_keys(const Plan& plan) {
  std::vector<const Key*> keys;
  for (const Key& key : question::keys())
    if (question::is_given(plan.base, key) && plan.axis_of(key) == nullptr &&
        key.kind != question::Kind::matrix && key.kind != question::Kind::rows &&
        key.kind != question::Kind::numbers && key.path != "problem.d" &&
        !question::equal(key.get(plan.base), question::standard(plan.base, key)))
      keys.push_back(&key);
  return keys;
}

}  // namespace

std::string ratio_text(double ratio) { return fmt::format("{:.5f}", std::abs(ratio) < 5e-6 ? 0.0 : ratio); }

std::string with_error(double ratio, std::optional<double> se) {
  constexpr double kMostDecimals = 8;
  if (!se || !std::isfinite(*se) || *se <= std::pow(10.0, -kMostDecimals)) return ratio_text(ratio);
  // Two digits of the error where the first one is 1, else one.
  const double exponent = std::floor(std::log10(*se));
  const double lead = *se / std::pow(10.0, exponent);
  const double decimals = std::clamp(-exponent + (lead < 1.95 ? 1.0 : 0.0), 0.0, kMostDecimals);
  const double unit = std::pow(10.0, -decimals);
  return fmt::format("{:.{}f}({})", std::abs(ratio) < unit / 2 ? 0.0 : ratio, static_cast<int>(decimals),
                     std::llround(*se / unit));
}

std::vector<LabelledSimulation> simulations(const Row& row) {
  std::vector<LabelledSimulation> found;
  for (const route::Route& route : route::routes()) {
    const Summary* summary = row.find(route.method);
    if (route.is_simulation && summary != nullptr && summary->risk.draws > 0)
      found.push_back({.label = route.method == Method::train ? "trained" : "fitted", .summary = summary});
  }
  if (found.size() < 2)
    for (LabelledSimulation& simulation : found) simulation.label = {};
  if (found.empty()) found.push_back({});
  return found;
}

Table readable_table(const Plan& plan, const std::vector<Row>& rows) {
  const bool limit = plan.asks(Method::limit), exact = plan.asks(Method::exact);
  const bool train = plan.asks(Method::train), simulated = asks_simulation(plan);
  const bool remarks =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !remark(row).empty(); });
  const bool weights = has_weights(rows);
  const std::vector<const Key*> keys = coordinates(plan);
  Table table;
  const auto header = [&](bool shown, std::initializer_list<const char*> names) {
    if (shown) table.header.insert(table.header.end(), names.begin(), names.end());
  };
  header(true, {"regime"});
  for (const Key* key : keys) table.header.push_back(key->path.substr(key->path.find('.') + 1));
  for (const Key* key : plan.best)
    table.header.push_back("best " + key->path.substr(key->path.find('.') + 1));
  header(true, {"N", "rho"});
  header(limit, {"limit"});
  header(exact, {"exact"});
  for (const Method method : plan.methods)
    if (is_theory(method)) table.header.emplace_back(to_string(method));
  header(simulated, {"simulated"});
  header(simulated && exact, {"excess", "excess/exact"});
  header(train, {"step size"});
  header(remarks, {"remark"});
  header(weights, {"weights"});
  for (const Row& row : rows) {
    bool first = true;
    for (const auto& [label, simulation] : simulations(row)) {
      std::vector<std::string> line{
          fmt::format("{}{}{}", to_string(row.regime), label.empty() ? "" : " ", label)};
      const auto add = [&line](bool shown, std::string text) {
        if (shown) line.push_back(std::move(text));
      };
      for (const Key* key : keys) line.push_back(coordinate_text(plan, row, *key));
      for (const Key* key : plan.best) line.push_back(best_text(plan, row, simulation, *key));
      add(true, row.N > 0 ? fmt::format("{}", row.N) : kUnknown);
      add(true, row.N > 0 ? fmt::format("{:.4g}", row.rho) : kUnknown);
      add(limit, average_text(row.find(Method::limit)));
      add(exact, exact_text(row, simulation));
      for (const Method method : plan.methods) add(is_theory(method), average_text(row.find(method)));
      add(simulated, average_text(simulation));
      const std::vector<std::string> excess = excess_texts(simulation);
      add(simulated && exact, excess[0]);
      add(simulated && exact, excess[1]);
      const bool has_step = simulation != nullptr && simulation->step_size;
      add(train, has_step ? fmt::format("{:.4g}", *simulation->step_size) : kUnknown);
      add(remarks, first ? remark(row) : "");
      add(weights, weights_text(simulation));
      table.lines.push_back(std::move(line));
      first = false;
    }
  }
  return table;
}

Table full_table(const Plan& plan, const std::vector<Row>& rows) {
  std::vector<const Key*> keys = coordinates(plan);
  // Where the best value is kept, it stands beside what it gave.
  keys.insert(keys.end(), plan.best.begin(), plan.best.end());
  const std::vector<const Key*> given = given_keys(plan);
  Table table{.header = {"regime", "method", "d", "N", "rho"}, .lines = {}};
  for (const Key* key : keys)
    if (key->path != "problem.d") table.header.push_back(key->path);
  for (const Key* key : given) table.header.push_back(key->path);
  for (const char* name : {"ratio", "se", "draws", "exact_ratio", "exact_se", "excess", "excess_se",
                           "test_ratio", "test_se", "train_ratio", "gcv_ratio", "loo_ratio", "step_size",
                           "diverged", "not_converged", "failed", "missing"})
    table.header.emplace_back(name);
  const bool weights = has_weights(rows);
  if (weights) table.header.emplace_back("weights");
  for (const Row& row : rows)
    for (const auto& [method, summary] : row.summaries) {
      const question::Question question = plan.at(method, row.regime, summary.point);
      std::vector<std::string> line{std::string(to_string(row.regime)), std::string(to_string(method)),
                                    fmt::format("{}", row.d), fmt::format("{}", row.N), number(row.rho)};
      for (const Key* key : keys)
        if (key->path != "problem.d") line.push_back(question::plain_text(key->get(question)));
      for (const Key* key : given) line.push_back(question::plain_text(key->get(question)));
      line.insert(line.end(),
                  {number(summary.risk.ratio), number(summary.risk.se), fmt::format("{}", summary.risk.draws),
                   number(summary.exact_ratio), number(summary.exact_se), number(summary.excess),
                   number(summary.excess_se), number(summary.test_ratio), number(summary.test_se),
                   number(summary.train_ratio), number(summary.gcv_ratio), number(summary.loo_ratio),
                   number(summary.step_size)});
      for (const std::size_t count :
           {summary.diverged, summary.not_converged, summary.failed, summary.missing})
        line.push_back(fmt::format("{}", count));
      if (weights) line.push_back(weights_text(&summary));
      table.lines.push_back(std::move(line));
    }
  return table;
}

std::string remark(const Row& row) {
  std::vector<std::string> parts;
  std::size_t diverged = 0, not_converged = 0, failed = 0, missing = 0;
  for (const auto& [method, summary] : row.summaries) {
    if (summary.step_size_at_edge) parts.emplace_back("best step size at the edge of the grid");
    if (summary.largest_diverged)
      parts.emplace_back("largest step size diverged");
    else
      diverged += summary.diverged;
    not_converged += summary.not_converged;
    failed += summary.failed;
    missing += summary.missing;
  }
  if (diverged > 0) parts.push_back(fmt::format("{} run{} diverged", diverged, diverged == 1 ? "" : "s"));
  if (not_converged > 0) parts.push_back(fmt::format("{} not converged", not_converged));
  if (failed > 0) parts.push_back(fmt::format("{} failed", failed));
  if (missing > 0) parts.push_back(fmt::format("{} not computed yet", missing));
  return fmt::format("{}", fmt::join(parts, ", "));
}

bool is_troubled(const Row& row) {
  // A step size of the grid may diverge: finding that out is what the grid is for.
  return std::any_of(row.summaries.begin(), row.summaries.end(), [](const auto& entry) {
    const auto& [method, summary] = entry;
    const bool no_step_size = method == Method::train && !summary.step_size && summary.missing == 0;
    return summary.failed > 0 || summary.not_converged > 0 || no_step_size;
  });
}

}  // namespace lazygap::report
