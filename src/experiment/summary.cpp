#include "lazygap/experiment/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace lazygap::experiment {
namespace {

using Results = std::vector<std::optional<store::Result>>;

/// Cells of one regime and width with what the store has of them.
struct Group {
  std::vector<Cell> cells;
  Results results;
};

Group find_group(const Plan& plan, const store::Store& store, std::vector<Cell> cells) {
  Results results = find_cells(plan, store, cells);
  return {.cells = std::move(cells), .results = std::move(results)};
}

bool is_ok(const std::optional<store::Result>& result) {
  // A result that did not converge may be a number too; the counts of the row say that it is there.
  return result && (result->status == Status::ok || result->status == Status::not_converged) &&
         std::isfinite(result->ratio);
}

/// Mean and its standard error; no standard error for fewer than two numbers.
std::pair<double, std::optional<double>> mean_and_se(const std::vector<double>& numbers) {
  const Eigen::Map<const Eigen::ArrayXd> x(numbers.data(), static_cast<Index>(numbers.size()));
  const auto count = static_cast<double>(numbers.size());
  if (numbers.empty()) return {std::nan(""), {}};
  const double mean = x.mean();
  if (numbers.size() < 2) return {mean, {}};
  return {mean, std::sqrt((x - mean).square().sum() / (count - 1) / count)};
}

Average average(const std::vector<double>& ratios) {
  const auto [mean, se] = mean_and_se(ratios);
  return {.draws = static_cast<Index>(ratios.size()), .ratio = mean, .se = se};
}

/// The ratio of the exact risk for each draw; one entry, at 0, where no W is drawn.
using ExactRatios = std::map<Index, double>;

/// Standard errors of R/R0 below this are rounding errors.
constexpr double kRounding = 1e-13;

/// Simulated results, one for each draw, against the exact risks of the same draws.
Simulation simulation(const std::vector<store::Result>& results, const ExactRatios& exact,
                      bool exact_has_draws) {
  Simulation s;
  std::vector<double> ratios, tests, test_variances, differences;
  for (const store::Result& result : results) {
    ratios.push_back(result.ratio);
    if (result.test_ratio && result.test_se) {
      tests.push_back(*result.test_ratio);
      test_variances.push_back(*result.test_se * *result.test_se);
    }
    if (const auto found = exact.find(exact_has_draws ? result.draw : 0); found != exact.end())
      differences.push_back(result.ratio - found->second);
  }
  s.risk = average(ratios);
  if (!tests.empty() && tests.size() == results.size()) {
    // Draws share nothing but the problem, so the variances of the estimates add up; with several draws the
    // spread over W is part of the error of the mean.
    const auto [mean, se] = mean_and_se(tests);
    s.test_ratio = mean;
    s.test_se = se.value_or(std::sqrt(test_variances[0]));
  }
  if (differences.size() == results.size()) {
    const auto [mean, se] = mean_and_se(differences);
    if (se && *se > kRounding) s.difference_in_se = mean / *se;
    if (results.size() == 1 && s.test_se && *s.test_se > 0)
      s.difference_in_se = (*s.test_ratio - (ratios[0] - differences[0])) / *s.test_se;
  }
  return s;
}

/// Best of the grid among complete, never diverged step sizes. Empty while a cell is missing or failed.
std::optional<double> best_of(const Group& train) {
  std::map<double, std::vector<double>> ratios;
  for (std::size_t i = 0; i < train.cells.size(); ++i) {
    const auto& result = train.results[i];
    if (!result || result->status == Status::failed) return {};
    ratios[train.cells[i].step_size].push_back(is_ok(result) ? result->ratio : std::nan(""));
  }
  std::optional<double> best;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [step_size, values] : ratios) {
    const double mean = mean_and_se(values).first;  // NaN where one draw diverged
    if (mean < least) {
      least = mean;
      best = step_size;
    }
  }
  return best;
}

std::vector<Cell> cells_of(const std::vector<Cell>& cells, Method method, Regime regime, Index N) {
  std::vector<Cell> some;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(some), [&](const Cell& cell) {
    return cell.method == method && cell.regime == regime && cell.N == N;
  });
  return some;
}

bool has_method(const Plan& plan, Method method) {
  const auto& methods = plan.sweep.methods;
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

void count(const Group& group, Row& row) {
  for (const auto& result : group.results) {
    if (!result) {
      ++row.missing;
      continue;
    }
    row.diverged += result->status == Status::diverged ? 1 : 0;
    row.not_converged += result->status == Status::not_converged ? 1 : 0;
    row.failed += result->status == Status::failed ? 1 : 0;
  }
}

std::vector<store::Result> ok_results(const Group& group, std::optional<double> step_size = {}) {
  std::vector<store::Result> results;
  for (std::size_t i = 0; i < group.cells.size(); ++i)
    if (is_ok(group.results[i]) && (!step_size || group.cells[i].step_size == *step_size))
      results.push_back(*group.results[i]);
  return results;
}

Row make_row(const Plan& plan, const store::Store& store, const std::vector<Cell>& all, Regime regime,
             Index N) {
  Row row;
  row.regime = regime;
  row.N = N;
  row.rho = static_cast<double>(N) / static_cast<double>(plan.problem.d);
  const auto group = [&](Method method) {
    Group found = find_group(plan, store, cells_of(all, method, regime, N));
    count(found, row);
    return found;
  };
  for (const store::Result& result : ok_results(group(Method::limit))) row.limit = result.ratio;

  const Group exact = group(Method::exact);
  ExactRatios exact_ratios;
  std::vector<double> ratios;
  for (const store::Result& result : ok_results(exact)) {
    exact_ratios[result.draw] = result.ratio;
    ratios.push_back(result.ratio);
  }
  row.exact = average(ratios);
  const bool exact_has_draws = regime != Regime::nn && regime != Regime::bayes;

  row.fit = simulation(ok_results(group(Method::fit)), exact_ratios, exact_has_draws);

  const Group train = group(Method::train);
  row.step_size = best_of(train);
  if (row.step_size) {
    row.train = simulation(ok_results(train, row.step_size), exact_ratios, exact_has_draws);
    const auto [least, most] = std::minmax_element(
        train.cells.begin(), train.cells.end(), [](auto& a, auto& b) { return a.step_size < b.step_size; });
    row.step_size_at_edge = least->step_size < most->step_size &&
                            (*row.step_size == least->step_size || *row.step_size == most->step_size);
  }
  if (has_method(plan, Method::flow) && (regime == Regime::nt || regime == Regime::nn)) {
    if (const auto flow = flow_cell(plan, store, regime, N))
      count(find_group(plan, store, {*flow}), row);
    else
      ++row.missing;
  }
  return row;
}

}  // namespace

std::vector<Row> summarise(const Plan& plan, const store::Store& store) {
  const std::vector<Cell> cells = make_cells(plan);
  std::vector<Row> rows;
  for (const Regime regime : plan.sweep.regimes)
    for (const Index N : widths(plan, regime)) rows.push_back(make_row(plan, store, cells, regime, N));
  return rows;
}

std::optional<double> best_step_size(const Plan& plan, const store::Store& store, Regime regime, Index N) {
  return best_of(find_group(plan, store, cells_of(make_cells(plan), Method::train, regime, N)));
}

std::optional<Cell> flow_cell(const Plan& plan, const store::Store& store, Regime regime, Index N) {
  const std::optional<double> step_size = has_method(plan, Method::train)
                                              ? best_step_size(plan, store, regime, N)
                                              : step_sizes(plan, make_setting(plan), regime, N).front();
  if (!step_size) return {};
  return Cell{.method = Method::flow, .regime = regime, .N = N, .draw = 0, .step_size = *step_size};
}

std::vector<Curves> training_curves(const Plan& plan, const store::Store& store) {
  const std::vector<Cell> cells = make_cells(plan);
  std::vector<Curves> curves;
  for (const Regime regime : plan.sweep.regimes) {
    if (regime != Regime::nt && regime != Regime::nn) continue;
    for (const Index N : widths(plan, regime)) {
      Curves curve{.regime = regime, .N = N, .train = {}, .flow = {}};
      const Group train = find_group(plan, store, cells_of(cells, Method::train, regime, N));
      if (const auto best = best_of(train)) curve.train = ok_results(train, best);
      if (has_method(plan, Method::flow))
        if (const auto flow = flow_cell(plan, store, regime, N))
          if (auto result = store.find(cell_key(plan, *flow)); is_ok(result)) curve.flow = std::move(result);
      curves.push_back(std::move(curve));
    }
  }
  return curves;
}

}  // namespace lazygap::experiment
