#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/schedule/place.h"
#include "lazygap/store/store.h"

namespace lazygap::schedule {

/// State of a run, reported after every finished cell and about once a second within long ones.
struct Progress {
  std::size_t done = 0;  ///< cells that have their result, from earlier runs too
  std::size_t total = 0;
  std::size_t failed = 0;  ///< in this run
  double fraction = 0;     ///< of the expected work of this run
  double elapsed_seconds = 0;
  double remaining_seconds = 0;  ///< NaN while unknown
  /// A sentence that must not be lost (a failed cell, a search that is off), else empty.
  std::string message = {};
};

/// A share of the groups of a plan: part 1 to `of`, balanced by expected work. It depends on the plan only,
/// not on what is finished.
struct Share {
  int part = 1, of = 1;
};

struct RunOptions {
  int jobs = 0;                    ///< cores to compute on; 0: all processors
  double memory_bytes = 0;         ///< for all groups together; 0: what the machine has available
  std::vector<Place> places = {};  ///< where to compute instead, whatever `jobs` and `memory_bytes` are
  Share share = {};  ///< what is left is for other runs, each with a store of its own (store::merge)
  std::chrono::seconds checkpoint_every{30};
  /// Called by one thread at a time. What it throws ends the run as `stop` does, and is then thrown by
  /// run_plan.
  std::function<void(const Progress&)> progress = {};
  /// Trained numbers are kept in a folder for each cell, weights/KEY inside this one, where the plan asks for
  /// it (train.keep_weights). Empty: nowhere.
  std::filesystem::path keep_in = {};
  std::function<bool()> stop = {};  ///< polled by all threads, one at a time: true saves and ends the run
};

struct RunReport {
  std::size_t cells = 0;          ///< of the plan, or of the share
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
/// transaction when it is finished. Cells of a group (plan::make_groups) are computed together. A diverged or
/// eliminated cell is finished; a failed one is not. Results do not depend on the number of jobs, on the
/// order or on interruptions. The number of threads of BLAS is the caller's, and best 1.
///
/// A group takes one core, side by side with others.
///
/// Groups of a full search of step sizes are cut where there are fewer groups than jobs.
/// A group that does not fit in memory is computed cell by cell; halving, which compares cells, is then off
/// for it, and a message to RunOptions::progress says so. The seconds stored with the cells of a group add up
/// to the time of the group.
///
/// Throws UsageError before anything is computed where a single cell cannot fit in memory or cannot be
/// computed on this processor, and FileError where the store cannot be written.
RunReport run_plan(const plan::Plan& plan, store::Store& store, const RunOptions& options = {});

/// This process as a place of runs: `jobs` and `memory_bytes` of the options.
[[nodiscard]] Place this_process(const RunOptions& options, std::shared_ptr<question::Instances> instances);

/// Throws UsageError where the limit on the address space leaves too little for the buffers of the BLAS,
/// without which its first product would never end.
void check_address_space();

/// Throws the UsageError that run_plan would throw before it computes anything.
void check_plan_fits(const plan::Plan& plan, const store::Store& store, const RunOptions& options = {});

/// The results of the plan that the store has, in the order of plan::make_cells, then flow; failed ones
/// included.
[[nodiscard]] std::vector<store::Result> results_of(const plan::Plan& plan, const store::Store& store);

}  // namespace lazygap::schedule
