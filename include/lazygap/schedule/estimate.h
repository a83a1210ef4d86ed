#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/schedule/run.h"
#include "lazygap/store/store.h"

namespace lazygap::schedule {

/// Expected time and memory of the groups of one method and regime with the same numbers of neurons.
struct GroupEstimate {
  question::Method method = question::Method::limit;
  Regime regime = Regime::nn;
  std::vector<Index> widths;  ///< increasing
  std::size_t cells = 0;
  std::size_t finished = 0;  ///< of `cells`, already in the store
  double seconds = 0;        ///< of what is not finished, on one processor
  double bytes = 0;          ///< while a group is computed
  int cores = 1;     ///< that a group will take at its start, side by side with what else is left to do
  std::string path;  ///< how, see route::Route::path; what differs between the widths is listed
};
struct PlanEstimate {
  std::vector<GroupEstimate> groups;
  int cores = 0;       ///< of all places together
  double seconds = 0;  ///< expected time of what is not finished on these cores
  double bytes = 0;    ///< largest expected memory of the groups that are computed side by side
  double available_bytes = 0;
};
/// For --dry-run: operation counts over a rate that is measured in a few milliseconds.
[[nodiscard]] PlanEstimate estimate_plan(const plan::Plan& plan, const store::Store& store,
                                         const RunOptions& options = {});

/// "3 MiB": a size in memory for people.
[[nodiscard]] std::string bytes_text(double bytes);

}  // namespace lazygap::schedule
