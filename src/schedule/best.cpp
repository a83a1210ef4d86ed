#include "lazygap/schedule/best.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "lazygap/route/route.h"

namespace lazygap::schedule {

using plan::Cell;
using plan::Plan;
using question::Method;

bool is_number(const std::optional<store::Result>& result) {
  return result && (result->status == Status::ok || result->status == Status::not_converged) &&
         std::isfinite(result->ratio);
}

std::optional<double> best_step_size(const std::vector<Cell>& cells,
                                     const std::vector<std::optional<store::Result>>& results) {
  struct Sum {
    double ratio = 0;
    int count = 0;
  };
  std::map<double, Sum> sums;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!results[i] || results[i]->status == Status::failed) return {};
    Sum& sum = sums[cells[i].step_size];
    sum.ratio += is_number(results[i]) ? results[i]->ratio : std::nan("");
    ++sum.count;
  }
  std::optional<double> best;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [step_size, sum] : sums)
    if (const double mean = sum.ratio / sum.count; mean < least) {  // NaN where one draw diverged
      least = mean;
      best = step_size;
    }
  return best;
}

bool shows_step_sizes(const Plan& plan) {
  const plan::FigureSpec& figure = plan.figure;
  const plan::Key* key = &question::key_at("train.step_size");
  return figure.x == key || figure.facet == key ||
         std::find(figure.series.begin(), figure.series.end(), key) != figure.series.end();
}

namespace {

/// The step sizes to train: the one that the mean dynamics predict to be best. Empty while they are not
/// known; the whole grid where they predict nothing.
std::vector<double> predicted_step_sizes(const Plan& plan, const store::Store& store, Regime regime,
                                         std::size_t point) {
  const std::vector<Cell> cells = cells_at(plan, Method::dynamics, regime, point);
  const auto results = find_cells(plan, store, cells);
  if (const auto best = best_step_size(cells, results)) return {*best};
  if (std::find(results.begin(), results.end(), std::nullopt) != results.end()) return {};
  return step_sizes(plan, plan.at(Method::train, regime, point));
}

/// The cells that are trained at a point.
std::vector<Cell> trained_cells(const Plan& plan, const store::Store& store, Regime regime,
                                std::size_t point) {
  return follows_training(plan, Method::train) ? following_cells_at(plan, store, Method::train, regime, point)
                                               : cells_at(plan, Method::train, regime, point);
}

}  // namespace

std::vector<Cell> following_cells_at(const Plan& plan, const store::Store& store, Method method,
                                     Regime regime, std::size_t point) {
  const route::Route& route = route::route_of(method);
  if (!plan.asks(method) || !follows_training(plan, method) || !route.applies(regime)) return {};
  const question::Question question = plan.at(method, regime, point);
  if (route.refuses(question, *plan.instances->of(question))) return {};
  std::vector<double> wanted;
  if (shows_step_sizes(plan)) {
    wanted = step_sizes(plan, question);
  } else if (route.step_sizes == route::StepSizes::grid) {
    wanted = predicted_step_sizes(plan, store, regime, point);
  } else if (!plan.asks(Method::train)) {
    wanted = {step_sizes(plan, question).front()};
  } else {
    const std::vector<Cell> trained = trained_cells(plan, store, regime, point);
    if (const auto best = best_step_size(trained, find_cells(plan, store, trained))) wanted = {*best};
  }
  std::vector<Cell> cells;
  for (const double step_size : wanted)
    for (Index draw = 0; draw < plan.draws_of(method, regime); ++draw)
      cells.push_back(
          {.method = method, .regime = regime, .point = point, .draw = draw, .step_size = step_size});
  return cells;
}

}  // namespace lazygap::schedule
