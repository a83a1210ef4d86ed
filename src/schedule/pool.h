#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lazygap/schedule/run.h"
#include "schedule/tasks.h"

namespace lazygap::schedule {

using Clock = std::chrono::steady_clock;

/// Steps of a trained network; 0 for other methods.
[[nodiscard]] std::int64_t steps_of(const Question& question, const store::Result& result);

/// Works through cells with a fixed number of threads. Everything that the threads share is behind `mutex_`.
class Pool {
 public:
  Pool(const Plan& plan, store::Store& store, const RunOptions& options, int jobs, double memory);

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
  /// Starts `count` threads, or as many as the system lets the process have; none is no error.
  void start(std::vector<std::jthread>& threads, std::size_t count);

  void work_or_record_error();

  void work();

  /// Saves the results of small cells, which share a transaction.
  void save_finished(std::unique_lock<std::mutex>& lock);

  /// The task without what another process has finished since the run began.
  Task refreshed(const Task& task);

  void compute(const Task& given);

  /// Computes the cells of a task, which is `running` or a part of it. Where a task of several cells fails,
  /// each of its cells is tried by itself. A cell that fails by itself is recorded with a message.
  void compute_cells(const Task& task, const Task& running);

  /// Marks what is done; their results are saved as they come. Tells what went wrong with the others.
  std::string try_cells(const Task& task, const Task& running, std::vector<bool>& done);

  /// What halving has ended is stored under a name of its own.
  void rename(store::Result& result, const Cell& cell);

  store::Result failed_result(const Cell& cell, const std::string& message);

  struct Ending {
    double seconds = 0;
    bool may_wait = false;  ///< to be saved with others
    std::int64_t look_ahead_steps = 0;
  };

  /// A cell has its result.
  void finish(store::Result result, const Cell& cell, const Ending& ending);

  bool is_stopping();

  // The functions below need `mutex_`.

  bool must_stop();

  void report(std::string message);

  const Plan& plan_;
  store::Store& store_;
  const RunOptions& options_;
  const int jobs_;
  const double memory_;
  const Clock::time_point start_ = Clock::now();

  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Task> waiting_;
  std::map<const Task*, double> running_;  ///< work done within the tasks that are running
  std::vector<store::Result> unsaved_;
  Clock::time_point saved_ = Clock::now();
  double memory_in_use_ = 0;
  double work_done_ = 0, work_total_ = 0;
  std::size_t done_ = 0, total_ = 0, computed_ = 0, found_ = 0, failed_ = 0;
  std::int64_t look_ahead_steps_ = 0;
  bool stopped_ = false;
  std::exception_ptr error_;
};

}  // namespace lazygap::schedule
