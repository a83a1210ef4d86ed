#include "lazygap/report/summary.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "lazygap/route/route.h"
#include "lazygap/schedule/best.h"

namespace lazygap::report {
namespace {

using plan::Cell;
using Optionals = std::vector<std::optional<store::Result>>;

/// Standard errors of R/R0 below this are rounding errors.
constexpr double kRounding = 1e-13;

Optionals look_up(const Results& results, const std::vector<Cell>& cells) {
  Optionals found;
  for (const Cell& cell : cells) {
    const store::Result* result = results.find(cell);
    found.push_back(result == nullptr ? std::nullopt : std::optional(*result));
  }
  return found;
}

void count(const Optionals& results, Summary& summary) {
  for (const auto& result : results) {
    if (!result) {
      ++summary.missing;
      continue;
    }
    summary.diverged += result->status == Status::diverged ? 1 : 0;
    summary.not_converged += result->status == Status::not_converged ? 1 : 0;
    summary.failed += result->status == Status::failed ? 1 : 0;
  }
}

/// The grid's step sizes around the best one.
void judge_grid(const std::vector<Cell>& cells, const Optionals& results, Summary& summary) {
  const auto [least, most] = std::minmax_element(
      cells.begin(), cells.end(), [](const Cell& a, const Cell& b) { return a.step_size < b.step_size; });
  const double smallest = least->step_size, largest = most->step_size;
  summary.step_size_at_edge = summary.step_size && smallest < largest &&
                              (*summary.step_size == smallest || *summary.step_size == largest);
  bool only_the_largest = summary.diverged > 0;
  for (std::size_t i = 0; i < cells.size(); ++i)
    only_the_largest = only_the_largest && results[i] &&
                       (results[i]->status == Status::diverged) == (cells[i].step_size == largest);
  summary.largest_diverged = only_the_largest && smallest < largest;
}

/// The mean of a number that each draw has; empty where one has none.
std::optional<double> mean_of(const std::vector<store::Result>& results,
                              std::optional<double> store::Result::*number) {
  std::vector<double> values;
  for (const store::Result& result : results)
    if (result.*number) values.push_back(*(result.*number));
  if (values.empty() || values.size() != results.size()) return {};
  return mean_and_se(values).first;
}

void average(Summary& summary) {
  summary.train_ratio = mean_of(summary.results, &store::Result::train_ratio);
  summary.gcv_ratio = mean_of(summary.results, &store::Result::gcv_ratio);
  summary.loo_ratio = mean_of(summary.results, &store::Result::loo_ratio);
  std::vector<double> ratios, tests, test_variances;
  for (const store::Result& result : summary.results) {
    ratios.push_back(result.ratio);
    if (!result.test_ratio || !result.test_se) continue;
    tests.push_back(*result.test_ratio);
    test_variances.push_back(*result.test_se * *result.test_se);
  }
  const auto [mean, se] = mean_and_se(ratios);
  summary.risk = {.draws = static_cast<Index>(ratios.size()), .ratio = mean, .se = se};
  if (tests.empty() || tests.size() != ratios.size()) return;
  // Draws share nothing but the problem; with several of them the spread over W is part of the error of the
  // mean.
  const auto [test_mean, test_se] = mean_and_se(tests);
  summary.test_ratio = test_mean;
  summary.test_se = test_se.value_or(std::sqrt(test_variances[0]));
}

/// Summary of one route at one point; no cells: empty.
std::optional<Summary> summary_at(const Results& results, Method method, Regime regime, std::size_t point) {
  const Plan& plan = results.plan();
  const bool follows = follows_training(plan, method);
  const std::vector<Cell> cells =
      follows ? schedule::following_cells_at(plan, results.store(), method, regime, point)
              : cells_at(plan, method, regime, point);
  Summary summary;
  summary.point = point;
  if (cells.empty()) {
    // A route whose step size is not known yet is missing.
    if (!follows || !route::route_of(method).applies(regime) ||
        route::route_of(method).refuses(plan.at(method, regime, point),
                                        *plan.instances->of(plan.at(method, regime, point))))
      return {};
    summary.missing = 1;
    return summary;
  }
  const Optionals found = look_up(results, cells);
  count(found, summary);
  // Where step sizes are shown, a route that follows the training has all of them, too.
  const bool gridded = has_grid(plan, method) ||
                       (follows && plan.asks(Method::train) && schedule::shows_step_sizes(plan)) ||
                       (follows && method == Method::train);
  std::map<double, std::vector<double>> ratios;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (cells[i].step_size > 0 && schedule::is_number(found[i]))
      ratios[cells[i].step_size].push_back(found[i]->ratio);
  for (const auto& [step_size, values] : ratios) {
    const auto [mean, se] = mean_and_se(values);
    summary.by_step_size[step_size] = {.draws = static_cast<Index>(values.size()), .ratio = mean, .se = se};
  }
  if (gridded) {
    summary.step_size = schedule::best_step_size(cells, found);
    judge_grid(cells, found, summary);
  }
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (schedule::is_number(found[i]) && (!gridded || cells[i].step_size == summary.step_size))
      summary.results.push_back(*found[i]);
  average(summary);
  return summary;
}

/// The exact risks of the draws of a simulation, and what lies above them.
void compare(const Summary& exact, bool exact_has_draws, Summary& simulated) {
  std::vector<double> same, differences;
  for (const store::Result& result : simulated.results)
    for (const store::Result& other : exact.results)
      if (!exact_has_draws || other.draw == result.draw) {
        same.push_back(other.ratio);
        differences.push_back(result.ratio - other.ratio);
        break;
      }
  if (differences.empty() || differences.size() != simulated.results.size()) return;
  const auto [exact_mean, exact_se] = mean_and_se(same);
  simulated.exact_ratio = exact_mean;
  if (exact_se && *exact_se > kRounding) simulated.exact_se = exact_se;
  const auto [mean, se] = mean_and_se(differences);
  simulated.excess = mean;
  if (se && *se > kRounding) simulated.excess_se = se;
  if (!se && simulated.test_se && *simulated.test_se > 0) simulated.excess_se = simulated.test_se;
}

/// Points that differ from `point` along the axes of Plan::best only.
std::vector<std::size_t> candidates(const Plan& plan, std::size_t point) {
  std::vector<std::size_t> points{point};
  std::size_t stride = 1;
  for (std::size_t i = plan.axes.size(); i-- > 0; stride *= plan.axes[i].points.size()) {
    const bool reduced = std::any_of(plan.best.begin(), plan.best.end(),
                                     [&](const Key* key) { return plan.axes[i].has(*key); });
    if (!reduced) continue;
    const std::size_t count = points.size();
    for (std::size_t k = 1; k < plan.axes[i].points.size(); ++k)
      for (std::size_t p = 0; p < count; ++p) points.push_back(points[p] + k * stride);
  }
  return points;
}

bool is_reduced(const Plan& plan, std::size_t axis) {
  return std::any_of(plan.best.begin(), plan.best.end(),
                     [&](const Key* key) { return plan.axes[axis].has(*key); });
}

/// Whether a row starts here: at the first place of every axis that is reduced.
bool starts_row(const Plan& plan, std::size_t point) {
  for (std::size_t i = 0; i < plan.axes.size(); ++i)
    if (is_reduced(plan, i) && plan.place_on(i, point) != 0) return false;
  return true;
}

/// What the best value of an axis is chosen by; routes that have no such error are judged by their risk.
double criterion(const Plan& plan, const Summary& summary) {
  if (plan.best_by == "gcv") return summary.gcv_ratio.value_or(summary.risk.ratio);
  if (plan.best_by == "leave-one-out") return summary.loo_ratio.value_or(summary.risk.ratio);
  return summary.risk.ratio;
}

Row make_row(const Results& results, Regime regime, std::size_t point) {
  const Plan& plan = results.plan();
  const question::Question question = plan.at(Method::limit, regime, point);
  Row row{
      .regime = regime, .point = point, .N = question.neurons(), .d = question.problem.d, .summaries = {}};
  row.rho = static_cast<double>(row.N) / static_cast<double>(row.d);
  for (const Method method : plan.methods) {
    std::optional<Summary> best;
    for (const std::size_t candidate : candidates(plan, point)) {
      std::optional<Summary> summary = summary_at(results, method, regime, candidate);
      if (summary && (!best || !(criterion(plan, *best) <= criterion(plan, *summary))))
        best = std::move(summary);
    }
    if (best) row.summaries.emplace(method, std::move(*best));
  }
  // With an output scale training ends elsewhere than at the minimum of NN.
  const bool is_scaled = regime == Regime::nn && question.network.subtract_start;
  const Method end = is_scaled ? Method::lazy_rich : Method::exact;
  if (const Summary* exact = row.find(end))
    for (auto& [method, summary] : row.summaries)
      if (route::route_of(method).is_simulation)
        compare(*exact, plan.draws_of(end, regime) > 1 || question::draws_first_layer(regime), summary);
  return row;
}

}  // namespace

std::pair<double, std::optional<double>> mean_and_se(const std::vector<double>& numbers) {
  const Eigen::Map<const Eigen::ArrayXd> x(numbers.data(), static_cast<Index>(numbers.size()));
  const auto count = static_cast<double>(numbers.size());
  if (numbers.empty()) return {std::nan(""), {}};
  const double mean = x.mean();
  if (numbers.size() < 2) return {mean, {}};
  return {mean, std::sqrt((x - mean).square().sum() / (count - 1) / count)};
}

const Summary* Row::find(Method method) const {
  const auto found = summaries.find(method);
  return found == summaries.end() ? nullptr : &found->second;
}

std::optional<double> Row::ratio(Method method) const {
  const Summary* summary = find(method);
  return summary == nullptr || summary->risk.draws == 0 ? std::nullopt : std::optional(summary->risk.ratio);
}

Results::Results(const Plan& plan, const store::Store& store) : plan_(plan), store_(store) {
  std::vector<Cell> cells = make_cells(plan);
  for (const Method method : plan.methods)
    for (const Regime regime : plan.regimes)
      for (std::size_t point = 0; follows_training(plan, method) && point < plan.points(); ++point)
        for (Cell& cell : schedule::following_cells_at(plan, store, method, regime, point))
          cells.push_back(std::move(cell));
  auto found = find_cells(plan, store, cells);
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (found[i]) by_key_.emplace(cell_key(plan, cells[i]), std::move(*found[i]));
}

const store::Result* Results::find(const Cell& cell) const {
  const auto found = by_key_.find(cell_key(plan_, cell));
  return found == by_key_.end() ? nullptr : &found->second;
}

std::vector<Row> summarise(const Results& results) {
  const Plan& plan = results.plan();
  std::vector<Row> rows;
  for (const Regime regime : plan.regimes) {
    std::vector<std::string> asked;  // Bayes: one row for all widths
    for (std::size_t point = 0; point < plan.points(); ++point) {
      if (!starts_row(plan, point)) continue;
      if (regime == Regime::bayes) {
        const std::string name = route::name(plan.at(Method::exact, regime, point));
        if (std::find(asked.begin(), asked.end(), name) != asked.end()) continue;
        asked.push_back(name);
      }
      rows.push_back(make_row(results, regime, point));
    }
  }
  return rows;
}

std::vector<Row> summarise(const Plan& plan, const store::Store& store) {
  return summarise(Results(plan, store));
}

std::vector<const Key*> coordinates(const Plan& plan) {
  std::vector<const Key*> keys;
  for (std::size_t i = 0; i < plan.axes.size(); ++i) {
    if (is_reduced(plan, i) || plan.axes[i].points.size() < 2) continue;
    for (const Key* key : plan.axes[i].keys)
      if (key->path != "network.width" && key->path != "network.rho") keys.push_back(key);
  }
  return keys;
}

std::string coordinate_text(const Plan& plan, const Row& row, const Key& key) {
  return question::plain_text(key.get(plan.at(Method::limit, row.regime, row.point)));
}

}  // namespace lazygap::report
