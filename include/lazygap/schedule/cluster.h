#pragma once

#include <string>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/store/store.h"

/// What a plan would take on machines that are not here. Everything is a prediction from a model.
namespace lazygap::schedule {

/// Machines that are all alike, one rank of MPI on each. The defaults of the network are those of Ethernet of
/// 10 gigabits a second, through TCP; InfiniBand is faster.
struct Cluster {
  int machines = 1;
  int cores = 1;                   ///< of each machine
  double latency_seconds = 50e-6;  ///< of one message
  double bytes_per_second = 1e9;   ///< of the network at rank 0
  /// What rank 0 spends on one cell, its part of the queue and its row in the store. Measured: 5000 exact
  /// cells of NT with d = 2 take 1.2 s of processor time in all.
  double seconds_per_cell = 2.5e-4;
  /// Amdahl's part of a group that only one of its cores can do: an assumption, by which two cores make a
  /// group 1.82 times as fast.
  double serial_fraction = 0.1;
};

/// One group of cells that no other needs, as the model sees it.
struct Work {
  double seconds = 0;  ///< on one core
  double bytes = 0;    ///< of memory while it is computed
  int cells = 1;
  bool is_threaded = false;
  std::string text;  ///< "exact NT, N = 450, draw 0": for people
};

struct ClusterEstimate {
  double seconds = 0;            ///< from start to end
  double work_seconds = 0;       ///< of all groups on one core, none of them cut
  double efficiency = 0;         ///< work_seconds / (seconds * all cores)
  double bytes_per_machine = 0;  ///< largest sum over the groups that are side by side on one machine
  double queue_seconds = 0;      ///< rank 0 at its messages and its store
  double longest_seconds = 0;    ///< of the group that takes longest, on its cores
  int longest_cores = 0;
  std::string longest;  ///< that group
};

/// Groups are started as run_plan starts them: the longest first, on the machine with the most free cores;
/// one that can use several cores takes its part of all cores, as far as they are free there. A group on c
/// cores takes seconds * (serial_fraction + (1 - serial_fraction) / c); elsewhere than on the first machine
/// two messages for each cell come on top. Plans cut groups as run_plan does, which costs what they share.
/// The end is that of the last group or of rank 0, whichever is later. Not in the model: memory that is too
/// small, groups that start while rank 0 is busy, states of training, cores that share caches and memory,
/// slow nodes. Throws UsageError for numbers out of range.
[[nodiscard]] ClusterEstimate estimate_on(const Cluster& cluster, std::vector<Work> work);

/// The same for what `store` lacks of a plan; the routes that follow the training start after the last of the
/// others. `operations_per_second` of one core: 0 measures this one.
[[nodiscard]] ClusterEstimate estimate_on(const Cluster& cluster, const plan::Plan& plan,
                                          const store::Store& store, double operations_per_second = 0);

}  // namespace lazygap::schedule
