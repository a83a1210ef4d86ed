#include "lazygap/schedule/estimate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "core/machine.h"
#include "lazygap/plan/cells.h"
#include "schedule/expected.h"
#include "schedule/places.h"
#include "schedule/tasks.h"

namespace lazygap::schedule {
namespace {

/// Paths are the same for cells that differ in draw and step size.
void add_paths(const Plan& plan, const std::vector<Cell>& cells, GroupEstimate& group) {
  const route::Route& route = route::route_of(group.method);
  std::vector<std::string> paths;
  const Cell* last = nullptr;
  for (const Cell& cell : cells) {
    if (last != nullptr && last->point == cell.point) continue;
    last = &cell;
    const Question question = question_of(plan, cell);
    const Index N = question.neurons();
    if (group.widths.empty() || group.widths.back() != N) group.widths.push_back(N);
    const std::string path = route.path(question, *plan.instances->of(question));
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  group.path = fmt::format("{}", fmt::join(paths, "; "));
}

/// Adds a group to the last one where they differ in their draws only.
void add_group(std::vector<GroupEstimate>& groups, GroupEstimate group) {
  const bool is_new = groups.empty() || groups.back().method != group.method ||
                      groups.back().regime != group.regime || groups.back().widths != group.widths;
  if (is_new) {
    groups.push_back(std::move(group));
    return;
  }
  groups.back().cells += group.cells;
  groups.back().finished += group.finished;
  groups.back().seconds += group.seconds;
  groups.back().bytes = std::max(groups.back().bytes, group.bytes);
  groups.back().cores = std::max(groups.back().cores, group.cores);
}

/// What is left to do of a group.
struct Ahead {
  std::size_t group = 0;
  double seconds = 0;  ///< of its longest part that is not cut, on one core
  double bytes = 0;
  bool is_threaded = false;
};

/// The cores of the groups, and the time and the memory of all of them; `here`: on this machine.
void set_totals(const std::vector<Ahead>& ahead, std::vector<GroupEstimate>& groups, bool here,
                PlanEstimate& estimate) {
  double work = 0, longest = 0;
  for (const GroupEstimate& group : groups) work += group.seconds;
  // More threads than processors take turns.
  const int cores = here ? std::min(estimate.cores, processors()) : estimate.cores;
  std::vector<double> bytes;
  for (const Ahead& part : ahead) {
    GroupEstimate& group = groups[part.group];
    group.cores = cores_for(part.seconds, work, estimate.cores, part.is_threaded);
    longest = std::max(longest, part.seconds / std::min(group.cores, cores));
    bytes.push_back(part.bytes);
  }
  estimate.seconds = std::max(longest, work / cores);
  std::sort(bytes.begin(), bytes.end(), std::greater<>());
  for (std::size_t i = 0; i < std::min(bytes.size(), static_cast<std::size_t>(estimate.cores)); ++i)
    estimate.bytes += bytes[i];
}

}  // namespace

PlanEstimate estimate_plan(const Plan& plan, const store::Store& store, const RunOptions& options) {
  const std::vector<Place> places = places_of(plan, options);
  const double memory = largest_memory(places);  // before the first product, which takes a buffer of a job
  const double rate = matrix_product_rate();
  std::vector<Cell> cells = cells_of_share(plan, make_cells(plan), options.share);
  std::vector<Cell> following =
      options.share.of == 1 ? expected_following_cells(plan, store) : std::vector<Cell>();
  std::move(following.begin(), following.end(), std::back_inserter(cells));

  PlanEstimate estimate{.groups = {}, .cores = cores_of(places), .available_bytes = memory};
  std::vector<Ahead> ahead;
  const auto results = find_cells(plan, store, cells);
  std::vector<GroupEstimate> groups;
  for (const std::vector<std::size_t>& group_places : make_groups(plan, cells)) {
    const Cell& first = cells[group_places.front()];
    GroupEstimate group{.method = first.method,
                        .regime = first.regime,
                        .widths = {},
                        .cells = group_places.size(),
                        .path = {}};
    std::vector<Cell> members, missing;
    for (const std::size_t i : group_places) {
      members.push_back(cells[i]);
      if (!is_finished(results[i])) missing.push_back(cells[i]);
    }
    add_paths(plan, members, group);
    group.finished = members.size() - missing.size();
    group.bytes = cost_of(plan, members).bytes;
    if (!missing.empty()) {
      const Cost cost = cost_of(plan, missing);
      group.seconds = cost.operations / rate;
      // What can be cut is as long as its longest cell.
      ahead.push_back({.group = groups.size(),
                       .seconds = can_be_cut(plan, missing)
                                      ? cost_of(plan, {missing.back()}).operations / rate
                                      : group.seconds,
                       .bytes = cost.bytes,
                       .is_threaded = is_threaded(plan, missing)});
    }
    groups.push_back(std::move(group));
  }
  set_totals(ahead, groups, options.places.empty(), estimate);
  for (GroupEstimate& group : groups) add_group(estimate.groups, std::move(group));
  return estimate;
}

}  // namespace lazygap::schedule
