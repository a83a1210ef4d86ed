#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lazygap/experiment/cells.h"
#include "lazygap/experiment/plan.h"
#include "lazygap/store/store.h"

namespace lazygap::experiment {

/// State of a run, reported after every finished cell and about once a second within long ones.
struct Progress {
  std::size_t done = 0;  ///< cells that have their result, from earlier runs too
  std::size_t total = 0;
  std::size_t failed = 0;  ///< in this run
  double fraction = 0;     ///< of the expected work of this run
  double elapsed_seconds = 0;
  double remaining_seconds = 0;  ///< NaN while unknown
  std::string message =
      {};  ///< a sentence that must not be lost (a failed cell, a search that is off), else empty
};

struct RunOptions {
  int jobs = 0;             ///< groups of cells computed side by side; 0: one for each processor
  double memory_bytes = 0;  ///< for all groups together; 0: what the machine has available
  std::chrono::seconds checkpoint_every{30};
  std::function<void(const Progress&)> progress = {};  ///< called by one thread at a time
  std::function<bool()> stop = {};  ///< polled by all threads, one at a time: true saves and ends the run
};

struct RunReport {
  std::size_t cells = 0;          ///< of the plan
  std::size_t reused = 0;         ///< answered from the store, also by what another process did meanwhile
  std::size_t computed = 0;       ///< in this run, with any status but failed
  std::size_t diverged = 0;       ///< of all results of the plan
  std::size_t not_converged = 0;  ///< of all results of the plan
  std::size_t failed = 0;         ///< recorded with their message; the next run tries them again
  /// Steps of the trained networks with those that halving took in this run to look ahead, and the steps that
  /// the full grid would take: fewer are taken by halving.
  std::int64_t steps = 0, steps_of_full_grid = 0;
  bool stopped = false;  ///< by RunOptions::stop, before the end
  double seconds = 0;
};

/// Computes every cell of `plan` that `store` does not have yet, the longest first, and saves each in one
/// transaction when it is finished. Cells of a group (make_groups) are computed together. A diverged or
/// eliminated cell is finished; a failed one is not. Results do not depend on the number of jobs, on the
/// order or on interruptions. OpenBLAS is set to one thread for the process.
///
/// Groups of a full search of step sizes are cut where there are fewer groups than jobs.
/// A group that does not fit in memory is computed cell by cell; halving, which compares cells, is then off
/// for it, and a message to RunOptions::progress says so. The seconds stored with the cells of a group add up
/// to the time of the group.
///
/// Throws UsageError before anything is computed where a single cell cannot fit in memory or has to be
/// trained in bf16 by a processor without it, and FileError where the store cannot be written.
RunReport run_plan(const Plan& plan, store::Store& store, const RunOptions& options = {});

/// The results of the plan that the store has, in the order of make_cells, then flow; failed ones included.
[[nodiscard]] std::vector<store::Result> results_of(const Plan& plan, const store::Store& store);

/// Expected time and memory of the groups of one method and regime with the same widths (they differ in their
/// draws).
struct GroupEstimate {
  Method method = Method::limit;
  Regime regime = Regime::nn;
  std::vector<Index> widths;  ///< increasing
  std::size_t cells = 0;
  std::size_t finished = 0;  ///< of `cells`, already in the store
  double seconds = 0;        ///< of what is not finished, on one processor
  double bytes = 0;          ///< while a group is computed
  std::string path;          ///< how, see path_of; what differs between the widths is listed
};
struct PlanEstimate {
  std::vector<GroupEstimate> groups;
  double seconds = 0;  ///< expected time of what is not finished, with `jobs` groups side by side
  double bytes = 0;    ///< largest expected memory, with `jobs` groups side by side
  double available_bytes = 0;
};
/// For --dry-run: operation counts over a rate that is measured in a few milliseconds.
[[nodiscard]] PlanEstimate estimate_plan(const Plan& plan, const store::Store& store,
                                         const RunOptions& options = {});

/// "3 MiB": a size in memory for people.
[[nodiscard]] std::string bytes_text(double bytes);

/// A progress display on stderr: a bar with the remaining time where it is a terminal, plain lines, at most
/// one in five seconds, where it is not.
[[nodiscard]] std::function<void(const Progress&)> progress_on_stderr();

/// Installs handlers for SIGINT and SIGTERM; the function returned tells whether one has come. A second
/// signal ends the process at once, with nothing lost but the work since the last checkpoint.
[[nodiscard]] std::function<bool()> stop_on_signals();

}  // namespace lazygap::experiment
