#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lazygap/schedule/run.h"
#include "schedule/places.h"
#include "schedule/tasks.h"

namespace lazygap::schedule {

using Clock = std::chrono::steady_clock;

/// Steps of a trained network; 0 for other methods.
[[nodiscard]] std::int64_t steps_of(const Question& question, const store::Result& result);

/// Works through groups of cells at some places, with one thread for each of their cores. Everything that the
/// threads share is behind `mutex_`.
class Pool {
 public:
  Pool(const Plan& plan, store::Store& store, const RunOptions& options, const std::vector<Place>& places);

  /// Computes `tasks` after passing on `messages`; `total` and `done` count the cells of the whole plan.
  void run(std::vector<Task> tasks, const std::vector<std::string>& messages, std::size_t done,
           std::size_t total);

  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::size_t computed() const { return computed_; }
  /// Cells that another process has finished meanwhile.
  [[nodiscard]] std::size_t found() const { return found_; }
  /// The steps that the comparisons of halving have taken and taken back, for the cells that were computed.
  [[nodiscard]] std::int64_t look_ahead_steps() const { return look_ahead_steps_; }

 private:
  /// A place with what is free there.
  struct Station {
    const Place* place = nullptr;
    int free_cores = 0;
  };
  /// Where a group is computed, and on how many cores.
  struct Seat {
    const Place* place = nullptr;
    int cores = 1;
  };
  /// Starts a thread for each core of a place, or as many as the system lets the process have; none is no
  /// error.
  void start(std::vector<std::jthread>& threads, Station& station);

  void work_or_record_error(Station& station);

  void work(Station& station);

  /// Saves the results of small cells, which share a transaction.
  void save_finished(std::unique_lock<std::mutex>& lock);

  /// The task without what another process has finished since the run began.
  Task refreshed(const Task& task);

  void compute(const Task& given, const Seat& seat);

  /// Computes the cells of a task, which is `running` or a part of it. Where a task of several cells fails,
  /// each of its cells is tried by itself. A cell that fails by itself is recorded with a message.
  void compute_cells(const Task& task, const Task& running, const Seat& seat);

  /// Marks what is done; their results are saved as they come. Tells what went wrong with the others.
  std::string try_cells(const Task& task, const Task& running, const Seat& seat, std::vector<bool>& done);

  /// What halving has ended is stored under a name of its own.
  void rename(store::Result& result, const Cell& cell);

  store::Result failed_result(const Cell& cell, const std::string& message);

  struct Ending {
    double seconds = 0;
    int threads = 1;
    bool may_wait = false;  ///< to be saved with others
    std::int64_t look_ahead_steps = 0;
  };

  /// A cell has its result.
  void finish(store::Result result, const Cell& cell, const Ending& ending);

  bool is_stopping();

  // The functions below need `mutex_`.

  bool must_stop();

  /// The first task that the station has room for, taken from those that wait; empty: none.
  std::optional<Task> take(const Station& station);

  /// Operations that are done, of this and of the running tasks.
  [[nodiscard]] double work_done() const;

  void report(std::string message);

  const Plan& plan_;
  store::Store& store_;
  const RunOptions& options_;
  std::vector<Station> stations_;
  const int cores_;
  const Clock::time_point start_ = Clock::now();

  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Task> waiting_;              ///< the next one at the end
  std::map<const Task*, double> running_;  ///< work done within the tasks that are running
  std::vector<store::Result> unsaved_;
  Clock::time_point saved_ = Clock::now();
  std::map<std::string, double> free_memory_;  ///< of each host
  double work_done_ = 0, work_total_ = 0;
  std::size_t done_ = 0, total_ = 0, computed_ = 0, found_ = 0, failed_ = 0;
  std::int64_t look_ahead_steps_ = 0;
  bool stopped_ = false;
  std::exception_ptr error_;
};

}  // namespace lazygap::schedule
