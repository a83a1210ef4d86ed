#include "lazygap/experiment/runner.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "experiment/machine.h"
#include "lazygap/core/error.h"
#include "lazygap/experiment/provenance.h"
#include "lazygap/experiment/summary.h"
#include "lazygap/train/sgd.h"

namespace lazygap::experiment {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Failed cells are tried again; everything else is an answer.
bool is_finished(const std::optional<store::Result>& result) {
  return result && (result->status == Status::ok || result->status == Status::diverged ||
                    result->status == Status::not_converged || result->status == Status::eliminated);
}

std::string cell_text(const Cell& cell) {
  std::string text = fmt::format("{} {}", to_string(cell.method), to_string(cell.regime));
  if (cell.N > 0) text += fmt::format(", N = {}, draw {}", cell.N, cell.draw);
  if (cell.step_size > 0) text += fmt::format(", step size {}", cell.step_size);
  return text;
}

/// Results that come within kSmallSeconds of the start of their group are saved together, every kSaveTogether
/// seconds: so much work is lost at most when the process is killed. Groups expected to take longer than
/// kSmallOperations are not small.
constexpr double kSmallSeconds = 0.1;
constexpr double kSaveTogether = 0.3;
constexpr double kSmallOperations = 1e10;

/// A group of cells, all or some of which are to be computed.
struct Task {
  std::vector<Cell> cells;
  std::vector<Status> known;  ///< of cells that are finished; none for the others
  Cost cost;

  [[nodiscard]] std::size_t missing() const {
    return static_cast<std::size_t>(std::count(known.begin(), known.end(), Status::none));
  }
};

Task make_task(const Plan& plan, std::vector<Cell> cells, std::vector<Status> known) {
  std::vector<Cell> missing;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (known[i] == Status::none) missing.push_back(cells[i]);
  Cost cost = missing.empty() ? Cost{.operations = 0, .bytes = 0} : group_cost(plan, missing);
  // Only halving wants to know of what is finished, and has it in memory too.
  if (is_halving(plan, cells)) {
    cost.bytes = group_cost(plan, cells).bytes;
    return {.cells = std::move(cells), .known = std::move(known), .cost = cost};
  }
  std::vector<Status> none(missing.size(), Status::none);
  return {.cells = std::move(missing), .known = std::move(none), .cost = cost};
}

/// The groups of the cells as the store has them.
std::vector<Task> make_tasks(const Plan& plan, const store::Store& store, const std::vector<Cell>& cells) {
  const auto results = find_cells(plan, store, cells);
  std::vector<Task> tasks;
  for (const std::vector<std::size_t>& group : make_groups(plan, cells)) {
    std::vector<Cell> members;
    std::vector<Status> known;
    for (const std::size_t i : group) {
      members.push_back(cells[i]);
      known.push_back(is_finished(results[i]) ? results[i]->status : Status::none);
    }
    tasks.push_back(make_task(plan, std::move(members), std::move(known)));
  }
  return tasks;
}

/// Steps of a trained network; 0 for other methods.
std::int64_t steps_of(const Plan& plan, const store::Result& result) {
  return result.method == to_string(Method::train) ? result.n.value_or(0) / plan.train.options.batch : 0;
}

bool has_flow(const Plan& plan) {
  const auto& methods = plan.sweep.methods;
  return std::find(methods.begin(), methods.end(), Method::flow) != methods.end();
}

bool is_trained(Regime regime) { return regime == Regime::nt || regime == Regime::nn; }

/// The flow cells that are known by now.
std::vector<Cell> flow_cells(const Plan& plan, const store::Store& store) {
  std::vector<Cell> cells;
  if (!has_flow(plan)) return cells;
  for (const Regime regime : plan.sweep.regimes)
    if (is_trained(regime))
      for (const Index N : plan.sweep.neurons)
        if (const auto cell = flow_cell(plan, store, regime, N)) cells.push_back(*cell);
  return cells;
}

std::size_t flow_count(const Plan& plan) {
  const auto& regimes = plan.sweep.regimes;
  return has_flow(plan)
             ? static_cast<std::size_t>(std::count_if(regimes.begin(), regimes.end(), is_trained)) *
                   plan.sweep.neurons.size()
             : 0;
}

/// Replaces groups that do not fit into memory by the cells of theirs that are missing. A sentence for each
/// that is no longer searched by halving.
std::vector<std::string> split_groups(const Plan& plan, double available, std::vector<Task>& tasks) {
  std::vector<std::string> sentences;
  std::vector<Task> parts;
  for (Task& task : tasks) {
    if (task.cost.bytes <= available || task.cells.size() == 1) {
      parts.push_back(std::move(task));
      continue;
    }
    if (is_halving(plan, task.cells))
      sentences.push_back(fmt::format(
          "no successive halving for {} cells with \"{}\": together they need about {} of memory, but {} is "
          "available; each is trained alone, to its end{}",
          task.cells.size(), cell_text(task.cells.back()), bytes_text(task.cost.bytes), bytes_text(available),
          plan.train.share_between_widths ? " (train.share_samples = \"step-sizes\" needs less)" : ""));
    for (std::size_t i = 0; i < task.cells.size(); ++i)
      if (task.known[i] == Status::none) parts.push_back(make_task(plan, {task.cells[i]}, {Status::none}));
  }
  tasks = std::move(parts);
  return sentences;
}

/// `tasks` as split_groups left them.
void check_memory(const std::vector<Task>& tasks, double available) {
  const auto largest = std::max_element(
      tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.cost.bytes < b.cost.bytes; });
  if (largest != tasks.end() && largest->cost.bytes > available)
    throw UsageError(fmt::format(
        "the cell \"{}\" needs about {} of memory, but {} is available; use smaller "
        "problem.d or sweep.neurons",
        cell_text(largest->cells.front()), bytes_text(largest->cost.bytes), bytes_text(available)));
}

/// Groups of a full search: the numbers of a network do not depend on its company.
bool can_be_cut(const Plan& plan, std::span<const Cell> group) {
  return group.front().method == Method::train && plan.train.search == train::Search::full &&
         group.size() > 1;
}

/// Cuts groups, the longest first, until there is one for every job or nothing is left to cut.
void cut_groups(const Plan& plan, std::size_t jobs, std::vector<Task>& tasks) {
  const auto work = [&](const Task& task) { return can_be_cut(plan, task.cells) ? task.cost.operations : 0; };
  while (!tasks.empty() && tasks.size() < jobs) {
    const auto longest = std::max_element(tasks.begin(), tasks.end(),
                                          [&](const Task& a, const Task& b) { return work(a) < work(b); });
    if (work(*longest) == 0) return;
    std::vector<Cell> first = longest->cells;
    const std::vector<Cell> second(first.begin() + std::ssize(first) / 2, first.end());
    first.resize(first.size() - second.size());
    *longest = make_task(plan, first, std::vector<Status>(first.size(), Status::none));
    tasks.push_back(make_task(plan, second, std::vector<Status>(second.size(), Status::none)));
  }
}

void check_processor(const Plan& plan, const std::vector<Task>& tasks) {
  if (std::any_of(tasks.begin(), tasks.end(),
                  [&](const Task& task) { return lacks_processor(plan, task.cells.front()); }))
    throw UsageError(
        "train.precision is \"bf16\", but this processor has no AVX512_BF16: \"fp32\" or \"fp64\" is needed");
}

/// Works through cells with a fixed number of threads. Everything that the threads share is behind `mutex_`.
class Pool {
 public:
  Pool(const Plan& plan, store::Store& store, const RunOptions& options, int jobs, double memory)
      : plan_(plan),
        setting_(make_setting(plan)),
        store_(store),
        options_(options),
        jobs_(jobs),
        memory_(memory) {}

  /// Computes `tasks` after passing on `messages`; `total` and `done` count the cells of the whole plan.
  void run(std::vector<Task> tasks, const std::vector<std::string>& messages, std::size_t done,
           std::size_t total) {
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Task& a, const Task& b) { return a.cost.operations > b.cost.operations; });
    waiting_ = std::move(tasks);
    done_ = done;
    total_ = total;
    for (const Task& task : waiting_) work_total_ += task.cost.operations;
    for (const std::string& message : messages) report(message);
    {
      // Plain threads: the queue, the memory limit and stopping are ours in any case, and a task scheduler
      // would only hide them from the thread sanitizer.
      std::vector<std::jthread> threads;
      const std::size_t count = std::min(waiting_.size(), static_cast<std::size_t>(jobs_));
      for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work_or_record_error(); });
    }
    if (error_) std::rethrow_exception(error_);
  }

  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::size_t computed() const { return computed_; }
  /// Cells that another process has finished meanwhile.
  [[nodiscard]] std::size_t found() const { return found_; }
  /// Steps that halving has taken to look ahead, for the cells computed.
  [[nodiscard]] std::int64_t look_ahead_steps() const { return look_ahead_steps_; }

 private:
  void work_or_record_error() {
    try {
      work();
    } catch (...) {  // nothing may leave a thread
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!must_stop() && !waiting_.empty()) {
      const auto next = std::find_if(waiting_.begin(), waiting_.end(), [this](const Task& task) {
        return task.cost.bytes <= memory_ - memory_in_use_;
      });
      if (next == waiting_.end()) {  // a running cell has to return its memory first
        save_finished(lock);
        freed_.wait_for(lock, std::chrono::milliseconds(100));
        continue;
      }
      const Task task = *next;
      waiting_.erase(next);
      memory_in_use_ += task.cost.bytes;  // before the lock is released, or another cell would take it too
      // What is finished must not wait for a long cell to be saved.
      if (seconds_since(saved_) > kSaveTogether || task.cost.operations > kSmallOperations)
        save_finished(lock);
      lock.unlock();
      std::exception_ptr error;
      try {
        compute(task);
      } catch (...) {  // the store cannot be read or written: nothing can go on
        error = std::current_exception();
      }
      lock.lock();
      memory_in_use_ -= task.cost.bytes;
      running_.erase(&task);
      work_done_ += task.cost.operations;
      if (error && !error_) error_ = error;
      report({});
      freed_.notify_all();
    }
    save_finished(lock);  // after an error too: what is finished is not lost with it
  }

  /// Saves the results of small cells, which share a transaction.
  void save_finished(std::unique_lock<std::mutex>& lock) {
    std::vector<store::Result> results;
    results.swap(unsaved_);
    if (results.empty()) return;
    saved_ = Clock::now();
    lock.unlock();
    std::exception_ptr error;
    try {
      store_.save(results);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !error_) error_ = error;
  }

  /// The task without what another process has finished since the run began.
  Task refreshed(const Task& task) {
    const auto results = find_cells(plan_, store_, task.cells);
    std::vector<Status> known = task.known;
    std::size_t elsewhere = 0;
    for (std::size_t i = 0; i < known.size(); ++i)
      if (known[i] == Status::none && is_finished(results[i])) {
        known[i] = results[i]->status;
        ++elsewhere;
      }
    if (elsewhere == 0) return task;
    const std::lock_guard lock(mutex_);
    done_ += elsewhere;
    found_ += elsewhere;
    return make_task(plan_, task.cells, std::move(known));
  }

  void compute(const Task& given) {
    const Task task = refreshed(given);
    if (task.missing() > 0) compute_cells(task, given);
  }

  /// Computes the cells of a task, which is `running` or a part of it. What is not done of it fails with a
  /// message; of several cells each gets a chance of its own before.
  void compute_cells(const Task& task, const Task& running) {
    const Clock::time_point start = Clock::now();
    std::vector<bool> done(task.cells.size(), false);
    const std::string message = try_cells(task, running, done);
    for (std::size_t i = 0; i < task.cells.size(); ++i) {
      if (done[i] || task.known[i] != Status::none) continue;
      if (is_stopping()) return;
      if (task.cells.size() > 1) {
        compute_cells(make_task(plan_, {task.cells[i]}, {Status::none}), running);
        continue;
      }
      const double seconds = seconds_since(start);
      finish(failed_result(plan_, setting_, task.cells[i], message), task.cells[i],
             {.seconds = seconds, .may_wait = seconds <= kSmallSeconds});
    }
  }

  /// Marks what is done; their results are saved as they come. Tells what went wrong with the others.
  std::string try_cells(const Task& task, const Task& running, std::vector<bool>& done) {
    const bool trains = task.cells.front().method == Method::train, halves = is_halving(plan_, task.cells);
    const Clock::time_point start = Clock::now();
    Clock::time_point reported = start, last_end = start;
    double seconds = 0;
    std::vector<std::vector<std::byte>> states;
    GroupHooks hooks;
    hooks.known = task.known;
    hooks.finished = [&](std::size_t i, store::Result result) {
      // Networks end one after the other, the cells of the other methods together.
      if (trains || last_end == start)
        seconds = seconds_since(last_end) / static_cast<double>(trains ? 1 : task.cells.size());
      last_end = Clock::now();
      done[i] = true;
      // What halving has ended must be known before any other network of the group goes on from a state that
      // comes after it, or a continued run would let it live.
      const bool is_small =
          task.cost.operations <= kSmallOperations && seconds_since(start) <= kSmallSeconds && !halves;
      const std::int64_t steps = steps_of(plan_, result);
      const std::int64_t look_ahead =
          halves ? train::halving_steps(task.cells[i].regime, plan_.train.options, steps) - steps : 0;
      finish(std::move(result), task.cells[i],
             {.seconds = seconds, .may_wait = is_small, .look_ahead_steps = look_ahead});
    };
    hooks.save_every = options_.checkpoint_every;
    hooks.save = [&](std::size_t i, std::span<const std::byte> bytes) {
      store_.save_checkpoint(cell_key(plan_, task.cells[i]), bytes);
    };
    hooks.stop = [this] { return is_stopping(); };
    hooks.progress = [&](double fraction) {
      if (seconds_since(reported) < 0.5) return;
      reported = Clock::now();
      const std::lock_guard lock(mutex_);
      running_[&running] = fraction * task.cost.operations;
      report({});
    };
    for (const Cell& cell : task.cells) states.push_back(store_.checkpoint(cell_key(plan_, cell)));
    for (const std::vector<std::byte>& state : states) hooks.resume.emplace_back(state);
    try {
      compute_group(plan_, setting_, task.cells, hooks);
    } catch (const FileError&) {
      throw;
    } catch (const std::bad_alloc&) {
      return "out of memory";
    } catch (const std::exception& error) {
      return error.what();
    }
    return "the computation ended without a result";
  }

  struct Ending {
    double seconds = 0;
    bool may_wait = false;  ///< to be saved with others
    std::int64_t look_ahead_steps = 0;
  };

  /// A cell has its result.
  void finish(store::Result result, const Cell& cell, const Ending& ending) {
    result.provenance = provenance();
    result.provenance.threads = 1;
    result.provenance.seconds = ending.seconds;
    result.provenance.finished_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    if (!ending.may_wait) store_.save(result);
    const std::lock_guard lock(mutex_);
    std::string message;
    if (result.status == Status::failed) {
      ++failed_;
      message = fmt::format("failed: {}: {}", cell_text(cell), result.message);
    } else {
      ++computed_;
      ++done_;
    }
    look_ahead_steps_ += ending.look_ahead_steps;
    if (ending.may_wait) unsaved_.push_back(std::move(result));
    report(std::move(message));
  }

  bool is_stopping() {
    const std::lock_guard lock(mutex_);
    return must_stop();
  }

  // The functions below need `mutex_`.

  bool must_stop() {
    if (!stopped_ && options_.stop && options_.stop()) stopped_ = true;
    return stopped_ || error_;
  }

  void report(std::string message) {
    if (!options_.progress) return;
    double work = work_done_;
    for (const auto& [task, part] : running_) work += part;
    Progress progress{.done = done_, .total = total_, .failed = failed_, .message = std::move(message)};
    progress.fraction = work_total_ > 0 ? work / work_total_ : 1;
    progress.elapsed_seconds = seconds_since(start_);
    progress.remaining_seconds =
        work > 0 ? progress.elapsed_seconds * (work_total_ - work) / work : std::nan("");
    options_.progress(progress);
  }

  const Plan& plan_;
  const Setting setting_;
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

int job_count(const RunOptions& options) {
  if (options.jobs < 0)
    throw UsageError(
        fmt::format("run_plan: jobs is {}, but must be at least 1, or 0 for all processors", options.jobs));
  return options.jobs > 0 ? options.jobs : processors();
}

double memory_limit(const RunOptions& options) {
  return options.memory_bytes > 0 ? options.memory_bytes : available_memory();
}

}  // namespace

std::string bytes_text(double bytes) {
  constexpr double kMebi = 1 << 20, kGibi = 1 << 30;
  if (bytes < kMebi) return fmt::format("{:.0f} KiB", std::ceil(bytes / 1024));
  if (bytes < kGibi) return fmt::format("{:.0f} MiB", bytes / kMebi);
  return fmt::format("{:.1f} GiB", bytes / kGibi);
}

RunReport run_plan(const Plan& plan, store::Store& store, const RunOptions& options) {
  const Clock::time_point start = Clock::now();
  const int jobs = job_count(options);
  const double memory = memory_limit(options);
  use_one_blas_thread();

  RunReport report;
  Pool pool(plan, store, options, jobs, memory);
  std::size_t known = 0;  // finished cells, of this run or of an earlier one
  const auto run_cells = [&](const std::vector<Cell>& cells, std::size_t total) {
    std::vector<Task> tasks = make_tasks(plan, store, cells);
    std::erase_if(tasks, [](const Task& task) { return task.missing() == 0; });
    std::size_t reused = cells.size();
    for (const Task& task : tasks) reused -= task.missing();
    report.reused += reused;
    known += reused;
    const std::vector<std::string> messages = split_groups(plan, memory, tasks);
    check_memory(tasks, memory);
    check_processor(plan, tasks);
    cut_groups(plan, static_cast<std::size_t>(jobs), tasks);
    const std::size_t before = pool.computed() + pool.found();
    if (!tasks.empty()) pool.run(std::move(tasks), messages, known, total);
    known += pool.computed() + pool.found() - before;
  };
  const std::vector<Cell> cells = make_cells(plan);
  report.cells = cells.size() + flow_count(plan);
  run_cells(cells, report.cells);
  // The flow runs at the step size that won the training, which is known only now.
  if (!pool.stopped()) run_cells(flow_cells(plan, store), report.cells);

  report.computed = pool.computed();
  report.reused += pool.found();
  report.stopped = pool.stopped();
  report.steps = pool.look_ahead_steps();
  const auto results = find_cells(plan, store, cells);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!results[i] || cells[i].method != Method::train) continue;
    const std::int64_t steps = steps_of(plan, *results[i]);
    report.steps += steps;
    report.steps_of_full_grid += results[i]->status == Status::eliminated ? plan.train.options.steps : steps;
  }
  for (const store::Result& result : results_of(plan, store)) {
    report.diverged += result.status == Status::diverged ? 1 : 0;
    report.not_converged += result.status == Status::not_converged ? 1 : 0;
    report.failed += result.status == Status::failed ? 1 : 0;
  }
  report.seconds = seconds_since(start);
  return report;
}

std::vector<store::Result> results_of(const Plan& plan, const store::Store& store) {
  std::vector<Cell> cells = make_cells(plan);
  const std::vector<Cell> flow = flow_cells(plan, store);
  cells.insert(cells.end(), flow.begin(), flow.end());
  std::vector<store::Result> results;
  for (auto& result : find_cells(plan, store, cells))
    if (result) results.push_back(std::move(*result));
  return results;
}

PlanEstimate estimate_plan(const Plan& plan, const store::Store& store, const RunOptions& options) {
  const int jobs = job_count(options);
  use_one_blas_thread();
  const double rate = matrix_product_rate();
  const Setting setting = make_setting(plan);

  std::vector<Cell> cells = make_cells(plan);
  if (has_flow(plan))
    for (const Regime regime : plan.sweep.regimes)
      if (is_trained(regime))
        for (const Index N : plan.sweep.neurons) {
          // Before the training has ended any step size will do for an estimate.
          const Cell unknown{.method = Method::flow,
                             .regime = regime,
                             .N = N,
                             .draw = 0,
                             .step_size = step_sizes(plan, setting, regime, N).front()};
          cells.push_back(flow_cell(plan, store, regime, N).value_or(unknown));
        }

  PlanEstimate estimate{.groups = {}, .available_bytes = memory_limit(options)};
  double longest = 0, work = 0;
  std::vector<double> bytes;
  const auto results = find_cells(plan, store, cells);
  for (const std::vector<std::size_t>& places : make_groups(plan, cells)) {
    const Cell& first = cells[places.front()];
    GroupEstimate group{.method = first.method, .regime = first.regime, .cells = places.size()};
    std::vector<std::string> paths;
    std::vector<Cell> members, missing;
    for (const std::size_t i : places) {
      members.push_back(cells[i]);
      if (!is_finished(results[i])) missing.push_back(cells[i]);
      if (!group.widths.empty() && group.widths.back() == cells[i].N) continue;
      group.widths.push_back(cells[i].N);
      const std::string path = path_of(plan, setting, cells[i]);
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
    }
    group.path = fmt::format("{}", fmt::join(paths, "; "));
    group.finished = members.size() - missing.size();
    group.bytes = group_cost(plan, members).bytes;
    if (!missing.empty()) {
      const Cost cost = group_cost(plan, missing);
      group.seconds = cost.operations / rate;
      work += group.seconds;
      // What can be cut is as long as its longest cell.
      longest = std::max(longest, can_be_cut(plan, missing)
                                      ? group_cost(plan, {&missing.back(), 1}).operations / rate
                                      : group.seconds);
      bytes.push_back(cost.bytes);
    }
    auto& groups = estimate.groups;
    const bool is_new = groups.empty() || groups.back().method != group.method ||
                        groups.back().regime != group.regime || groups.back().widths != group.widths;
    if (is_new) {
      groups.push_back(std::move(group));
      continue;
    }
    groups.back().cells += group.cells;
    groups.back().finished += group.finished;
    groups.back().seconds += group.seconds;
  }
  // More cells side by side than processors take turns.
  estimate.seconds = std::max(longest, work / std::min(jobs, processors()));
  std::sort(bytes.begin(), bytes.end(), std::greater<>());
  for (std::size_t i = 0; i < std::min(bytes.size(), static_cast<std::size_t>(jobs)); ++i)
    estimate.bytes += bytes[i];
  return estimate;
}

}  // namespace lazygap::experiment
