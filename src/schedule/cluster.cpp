#include "lazygap/schedule/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <queue>
#include <set>
#include <utility>

#include "core/machine.h"
#include "lazygap/core/error.h"
#include "lazygap/plan/cells.h"
#include "schedule/expected.h"
#include "schedule/places.h"
#include "schedule/tasks.h"

namespace lazygap::schedule {
namespace {

/// Bytes of a question and its answer as JSON objects; those of the plans of the paper have 1 to 3 kB.
constexpr double kBytesOfACell = 4096;

void check(const Cluster& cluster) {
  static constexpr int kMost = 1'000'000;
  const auto count = [](const char* name, int value) {
    if (value < 1 || value > kMost)
      throw UsageError(fmt::format("{} is {}, but must be from 1 to {}", name, value, kMost));
  };
  count("the number of machines", cluster.machines);
  count("the number of cores of a machine", cluster.cores);
  if (static_cast<std::int64_t>(cluster.machines) * cluster.cores > kMost)
    throw UsageError(fmt::format("{} machines of {} cores are more than {} cores", cluster.machines,
                                 cluster.cores, kMost));
  if (!(cluster.latency_seconds >= 0) || !std::isfinite(cluster.latency_seconds))
    throw UsageError(fmt::format("the latency is {} s, but must be at least 0", cluster.latency_seconds));
  if (!(cluster.bytes_per_second > 0))
    throw UsageError(fmt::format("the bandwidth is {} bytes a second, but must be larger than 0",
                                 cluster.bytes_per_second));
}

/// Machines at work on one stage after the other.
class Simulation {
 public:
  explicit Simulation(const Cluster& cluster)
      : cluster_(cluster), all_cores_(cluster.machines * cluster.cores) {
    const auto machines = static_cast<std::size_t>(cluster.machines);
    bytes_.assign(machines, 0);
    free_.assign(machines, cluster.cores);
    for (int i = 0; i < cluster.machines; ++i) idle_.insert({-cluster.cores, i});
  }

  /// Does all of `work`, from the end of what was done before; `uncut`: its seconds where nothing is cut.
  void run(std::vector<Work> work, double uncut) {
    estimate_.work_seconds += uncut;
    std::stable_sort(work.begin(), work.end(),
                     [](const Work& a, const Work& b) { return a.seconds > b.seconds; });
    const double start = now_;
    double queue = 0;
    left_ = 0;
    for (const Work& part : work) {
      left_ += part.seconds;
      queue += part.cells * (cluster_.seconds_per_cell + bytes_seconds());
    }
    estimate_.queue_seconds += queue;
    for (const Work& part : work) {
      while (idle_.empty() || -idle_.begin()->first == 0) end_next();
      begin(part);
    }
    while (!running_.empty()) end_next();
    now_ = std::max(now_, start + queue);
  }

  [[nodiscard]] ClusterEstimate estimate() const {
    ClusterEstimate estimate = estimate_;
    estimate.seconds = now_;
    if (now_ > 0) estimate.efficiency = estimate.work_seconds / (now_ * all_cores_);
    return estimate;
  }

 private:
  struct Running {
    double end = 0;
    int machine = 0, cores = 0;
    double bytes = 0, work_a_second = 0;
    bool operator>(const Running& other) const {
      return std::pair(end, machine) > std::pair(other.end, other.machine);
    }
  };

  /// One machine sends nothing.
  [[nodiscard]] double bytes_seconds() const {
    return cluster_.machines > 1 ? kBytesOfACell / cluster_.bytes_per_second : 0;
  }

  void begin(const Work& work) {
    const auto [negative, machine] = *idle_.begin();
    const int cores = std::min(-negative, cores_for(work.seconds, left_, all_cores_, work.is_threaded));
    const double serial = cores > 1 ? cluster_.serial_fraction : 0;
    double seconds = work.seconds * (serial + (1 - serial) / cores);
    const double rate = seconds > 0 ? work.seconds / seconds : 0;
    if (seconds > estimate_.longest_seconds) {
      estimate_.longest_seconds = seconds;
      estimate_.longest_cores = cores;
      estimate_.longest = work.text;
    }
    if (machine > 0) seconds += work.cells * (2 * cluster_.latency_seconds + bytes_seconds());
    double& bytes = bytes_[static_cast<std::size_t>(machine)];
    bytes += work.bytes;
    estimate_.bytes_per_machine = std::max(estimate_.bytes_per_machine, bytes);
    take(machine, cores);
    running_.push({now_ + seconds, machine, cores, work.bytes, rate});
    rate_ += rate;
  }

  /// Goes on to the end of the group that ends next.
  void end_next() {
    const Running next = running_.top();
    running_.pop();
    left_ = std::max(0.0, left_ - rate_ * (next.end - now_));
    rate_ -= next.work_a_second;
    now_ = next.end;
    bytes_[static_cast<std::size_t>(next.machine)] -= next.bytes;
    take(next.machine, -next.cores);
  }

  void take(int machine, int cores) {
    int& free = free_[static_cast<std::size_t>(machine)];
    idle_.erase({-free, machine});
    free -= cores;
    idle_.insert({-free, machine});
  }

  Cluster cluster_;
  int all_cores_;
  double now_ = 0, left_ = 0, rate_ = 0;
  std::vector<double> bytes_;
  std::vector<int> free_;
  std::set<std::pair<int, int>> idle_;  ///< (- free cores, machine): the most free cores first
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running_;
  ClusterEstimate estimate_;
};

void run_cells(Simulation& simulation, const Plan& plan, const store::Store& store,
               const std::vector<Cell>& cells, int cores, double rate) {
  std::vector<Task> tasks = make_tasks(plan, store, cells);
  double uncut = 0;
  for (const Task& task : tasks) uncut += task.cost.operations / rate;
  cut_groups(plan, static_cast<std::size_t>(cores), tasks);
  std::vector<Work> work;
  for (const Task& task : tasks)
    work.push_back({.seconds = task.cost.operations / rate,
                    .bytes = task.cost.bytes,
                    .cells = static_cast<int>(task.missing()),
                    .is_threaded = task.is_threaded,
                    .text = cell_text(plan, task.cells.back())});
  simulation.run(std::move(work), uncut);
}

}  // namespace

ClusterEstimate estimate_on(const Cluster& cluster, std::vector<Work> work) {
  check(cluster);
  Simulation simulation(cluster);
  double uncut = 0;
  for (const Work& part : work) uncut += part.seconds;
  simulation.run(std::move(work), uncut);
  return simulation.estimate();
}

ClusterEstimate estimate_on(const Cluster& cluster, const Plan& plan, const store::Store& store,
                            double operations_per_second) {
  check(cluster);
  const double rate = operations_per_second > 0 ? operations_per_second : matrix_product_rate();
  const int cores = cluster.machines * cluster.cores;
  Simulation simulation(cluster);
  run_cells(simulation, plan, store, make_cells(plan), cores, rate);
  run_cells(simulation, plan, store, expected_following_cells(plan, store), cores, rate);
  return simulation.estimate();
}

}  // namespace lazygap::schedule
