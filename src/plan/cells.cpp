#include "lazygap/plan/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/question/name.h"
#include "lazygap/route/route.h"
#include "lazygap/route/train.h"

namespace lazygap::plan {
namespace {

bool is_asked(const Plan& plan, Method method, Regime regime) {
  const auto& fitted = plan.fit_regimes;
  return method != Method::fit || std::find(fitted.begin(), fitted.end(), regime) != fitted.end();
}

/// The point with the places of `key`'s axis set to 0, where the axis is of that key alone.
std::size_t without(const Plan& plan, std::size_t point, const Key& key) {
  std::size_t stride = 1;
  for (std::size_t i = plan.axes.size(); i-- > 0; stride *= plan.axes[i].points.size()) {
    if (!plan.axes[i].has(key)) continue;
    return plan.axes[i].keys.size() == 1 ? point - stride * plan.place_on(i, point) : point;
  }
  return point;
}

void check_count(std::size_t count) {
  if (count > kMostCells)
    throw UsageError(
        fmt::format("the plan has more than {} cells, the product of its methods, regimes, axes, draws and "
                    "step sizes; fewer "
                    "are needed",
                    kMostCells));
}

/// The cells of a point before they have their names, which take time and memory.
struct Unnamed {
  Method method;
  Regime regime;
  std::size_t point;
  Index draws;
  std::vector<double> grid;  ///< of step sizes
  std::string first_key;     ///< of the first cell, which tells whether another point asks the same question

  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(draws) * grid.size(); }
};

std::optional<Unnamed> unnamed_at(const Plan& plan, Method method, Regime regime, std::size_t point) {
  const route::Route& route = route::route_of(method);
  if (!route.applies(regime) || !is_asked(plan, method, regime)) return {};
  const Question question = plan.at(method, regime, point);
  if (route.refuses(question, *plan.instances->of(question))) return {};
  Unnamed cells{.method = method,
                .regime = regime,
                .point = point,
                .draws = plan.draws_of(method, regime),
                .grid = has_grid(plan, method) ? step_sizes(plan, question) : std::vector<double>{0}};
  cells.first_key =
      cell_key(plan, {.method = method, .regime = regime, .point = point, .step_size = cells.grid.front()});
  return cells;
}

std::vector<Cell> named(const Plan& plan, const Unnamed& unnamed) {
  if (unnamed.count() == 1)
    return {{.method = unnamed.method,
             .regime = unnamed.regime,
             .point = unnamed.point,
             .step_size = unnamed.grid.front(),
             .key = unnamed.first_key}};
  const Question question = plan.at(unnamed.method, unnamed.regime, unnamed.point);
  std::vector<question::Repetition> repetitions;
  for (Index draw = 0; draw < unnamed.draws; ++draw)
    for (const double step_size : unnamed.grid)
      repetitions.push_back({.draw = static_cast<std::uint32_t>(draw), .step_size = step_size});
  const std::vector<std::string> names =
      question::names(question, route::route_of(unnamed.method).version(question), repetitions);
  std::vector<Cell> cells;
  cells.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    cells.push_back({.method = unnamed.method,
                     .regime = unnamed.regime,
                     .point = unnamed.point,
                     .draw = repetitions[i].draw,
                     .step_size = repetitions[i].step_size,
                     .key = question::identity(names[i])});
  return cells;
}

}  // namespace

bool follows_training(const Plan& plan, Method method) {
  const route::StepSizes kind = route::route_of(method).step_sizes;
  if (plan.base.train.search == train::Search::predicted && kind != route::StepSizes::best_or_smallest)
    return kind == route::StepSizes::grid;  // the prediction has the grid
  return kind == route::StepSizes::best_or_smallest ||
         (kind == route::StepSizes::best_or_grid && plan.asks(Method::train));
}

bool has_grid(const Plan& plan, Method method) {
  const route::StepSizes kind = route::route_of(method).step_sizes;
  return kind != route::StepSizes::none && !follows_training(plan, method);
}

std::vector<Cell> cells_at(const Plan& plan, Method method, Regime regime, std::size_t point) {
  const std::optional<Unnamed> cells = unnamed_at(plan, method, regime, point);
  if (!cells) return {};
  check_count(cells->count());
  return named(plan, *cells);
}

std::vector<Cell> make_cells(const Plan& plan) {
  std::vector<Unnamed> asked;
  std::size_t count = 0;
  for (const Method method : plan.methods) {
    if (follows_training(plan, method)) continue;
    for (const Regime regime : plan.regimes) {
      // Points that differ in keys that the route does not read ask the same question.
      std::unordered_set<std::string> keys;
      for (std::size_t point = 0; point < plan.points(); ++point) {
        std::optional<Unnamed> more = unnamed_at(plan, method, regime, point);
        if (!more || !keys.insert(more->first_key).second) continue;
        check_count(count += more->count());
        asked.push_back(std::move(*more));
      }
    }
  }
  std::vector<Cell> cells;
  cells.reserve(count);
  for (const Unnamed& unnamed : asked) {
    std::vector<Cell> more = named(plan, unnamed);
    std::move(more.begin(), more.end(), std::back_inserter(cells));
  }
  return cells;
}

Question question_of(const Plan& plan, const Cell& cell) {
  Question question = plan.at(cell.method, cell.regime, cell.point);
  question.draw = static_cast<std::uint32_t>(cell.draw);
  if (cell.step_size > 0) question.train.options.step_size = cell.step_size;
  return question;
}

std::string cell_name(const Plan& plan, const Cell& cell) { return route::name(question_of(plan, cell)); }
std::string cell_key(const Plan& plan, const Cell& cell) {
  return cell.key.empty() ? question::identity(cell_name(plan, cell)) : cell.key;
}

std::vector<double> step_sizes(const Plan& plan, const Question& question) {
  if (!plan.step_sizes.empty()) return plan.step_sizes;
  if (question::is_given(question, question::key_at("train.step_size")))
    return {question.train.options.step_size};
  return route::default_step_sizes(question, *plan.instances->of(question));
}

std::string elimination_name(const Plan& plan, const Cell& cell, const std::vector<double>& grid) {
  return route::elimination_name(question_of(plan, cell), plan.draws_of(cell.method, cell.regime), grid);
}

std::vector<std::optional<store::Result>> find_cells(const Plan& plan, const store::Store& store,
                                                     const std::vector<Cell>& cells) {
  std::vector<std::string> keys;
  keys.reserve(cells.size());
  for (const Cell& cell : cells) keys.push_back(cell_key(plan, cell));
  auto results = store.find_all(keys);
  if (plan.base.train.search != train::Search::halving) return results;

  std::map<std::pair<Regime, std::size_t>, std::vector<double>> grids;
  std::vector<std::size_t> places;
  keys.clear();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].method != Method::train || (results[i] && results[i]->status != Status::failed)) continue;
    const auto [grid, is_new] = grids.try_emplace({cells[i].regime, cells[i].point});
    if (is_new) grid->second = step_sizes(plan, plan.at(Method::train, cells[i].regime, cells[i].point));
    places.push_back(i);
    keys.push_back(question::identity(elimination_name(plan, cells[i], grid->second)));
  }
  auto eliminated = store.find_all(keys);
  for (std::size_t k = 0; k < places.size(); ++k)
    if (eliminated[k]) results[places[k]] = std::move(eliminated[k]);
  return results;
}

std::vector<std::vector<std::size_t>> make_groups(const Plan& plan, const std::vector<Cell>& cells) {
  // What the cells of a group have in common; -1 stands for any.
  using Common = std::tuple<Method, Regime, std::size_t, Index, double>;
  constexpr Index kAny = -1;
  std::map<Common, std::size_t> places;
  std::map<std::pair<Method, Regime>, std::vector<std::string_view>> nests;
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    Common common{cell.method, cell.regime, cell.point, cell.draw, cell.step_size};
    const auto [nested, is_new_kind] = nests.try_emplace({cell.method, cell.regime});
    if (is_new_kind)
      nested->second = route::route_of(cell.method).nests(plan.at(cell.method, cell.regime, cell.point));
    for (const std::string_view key : nested->second) {
      if (key == "network.draw")
        std::get<3>(common) = kAny;
      else if (key == "train.step_size")
        std::get<4>(common) = kAny;
      else
        std::get<2>(common) = without(plan, std::get<2>(common), question::key_at(key));
    }
    const auto [place, is_new] = places.try_emplace(common, groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(i);
  }
  return groups;
}

}  // namespace lazygap::plan
