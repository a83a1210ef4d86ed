#include "schedule/pool.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/network/weights.h"
#include "lazygap/question/name.h"
#include "lazygap/schedule/provenance.h"
#include "lazygap/train/sgd.h"

namespace lazygap::schedule {
namespace {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Results that come within kSmallSeconds of the start of their group are saved together, every kSaveTogether
/// seconds: so much work is lost at most when the process is killed. Groups expected to take longer than
/// kSmallOperations are not small.
constexpr double kSmallSeconds = 0.1;
constexpr double kSaveTogether = 0.3;
constexpr double kSmallOperations = 1e10;

}  // namespace

std::int64_t steps_of(const Question& question, const store::Result& result) {
  return question.method == Method::train ? result.n.value_or(0) / question.train.options.batch : 0;
}

Pool::Pool(const Plan& plan, store::Store& store, const RunOptions& options, const std::vector<Place>& places)
    : plan_(plan),
      store_(store),
      options_(options),
      cores_(cores_of(places)),
      free_memory_(memory_of(places)) {
  for (const Place& place : places) stations_.push_back({.place = &place, .free_cores = place.cores});
}

void Pool::run(std::vector<Task> tasks, const std::vector<std::string>& messages, std::size_t done,
               std::size_t total) {
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Task& a, const Task& b) { return a.cost.operations > b.cost.operations; });
  std::reverse(tasks.begin(), tasks.end());
  waiting_ = std::move(tasks);
  done_ = done;
  total_ = total;
  for (const Task& task : waiting_) work_total_ += task.cost.operations;
  for (const std::string& message : messages) report(message);
  {
    // Plain threads: the queue, the memory limit and stopping are ours in any case, and a task scheduler
    // would only hide them from the thread sanitizer.
    std::vector<std::jthread> threads;
    std::size_t count = 0;
    for (const Station& station : stations_)
      count += std::min(waiting_.size(), static_cast<std::size_t>(station.place->cores));
    threads.reserve(count);
    for (Station& station : stations_) start(threads, station);
    if (threads.empty()) work_or_record_error(stations_.front());
  }
  if (error_) std::rethrow_exception(error_);
}

void Pool::start(std::vector<std::jthread>& threads, Station& station) {
  std::unique_lock lock(mutex_);  // other places are at work by now
  const std::size_t count = std::min(waiting_.size(), static_cast<std::size_t>(station.place->cores));
  lock.unlock();
  std::size_t started = 0;
  try {
    for (; started < count; ++started)
      threads.emplace_back([this, &station] { work_or_record_error(station); });
  } catch (const std::system_error& error) {  // a limit on processes or on the address space
    lock.lock();
    report(fmt::format("{} of {} jobs could not be started: {}", count - started, count,
                       error.code().message()));
  }
}

void Pool::work_or_record_error(Station& station) {
  try {
    work(station);
  } catch (...) {  // nothing may leave a thread
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

std::optional<Task> Pool::take(const Station& station) {
  if (station.free_cores == 0) return {};
  const double memory = free_memory_.at(station.place->host);
  const auto next = std::find_if(waiting_.rbegin(), waiting_.rend(),
                                 [&](const Task& task) { return task.cost.bytes <= memory; });
  if (next == waiting_.rend()) return {};
  Task task = std::move(*next);
  waiting_.erase(std::next(next).base());
  return task;
}

void Pool::work(Station& station) {
  std::unique_lock lock(mutex_);
  while (!must_stop() && !waiting_.empty()) {
    const std::optional<Task> taken = take(station);
    if (!taken) {  // a running group has to return its memory or its cores first
      save_finished(lock);
      freed_.wait_for(lock, std::chrono::milliseconds(100));
      continue;
    }
    const Task& task = *taken;
    const double left = work_total_ - work_done();
    const Seat seat{.place = station.place,
                    .cores = std::min(station.free_cores,
                                      cores_for(task.cost.operations, left, cores_, task.is_threaded))};
    // Before the lock is released, or another group would take them too.
    free_memory_.at(station.place->host) -= task.cost.bytes;
    station.free_cores -= seat.cores;
    // What is finished must not wait for a long cell to be saved.
    if (seconds_since(saved_) > kSaveTogether || task.cost.operations > kSmallOperations) save_finished(lock);
    lock.unlock();
    std::exception_ptr error;
    try {
      compute(task, seat);
    } catch (...) {  // the store cannot be read or written: nothing can go on
      error = std::current_exception();
    }
    lock.lock();
    free_memory_.at(station.place->host) += task.cost.bytes;
    station.free_cores += seat.cores;
    running_.erase(&task);
    work_done_ += task.cost.operations;
    if (error && !error_) error_ = error;
    report({});
    freed_.notify_all();
  }
  save_finished(lock);  // after an error too: what is finished is not lost with it
}

void Pool::save_finished(std::unique_lock<std::mutex>& lock) {
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

Task Pool::refreshed(const Task& task) {
  const auto results = find_cells(plan_, store_, task.cells);
  std::vector<Status> ended = task.ended;
  std::size_t elsewhere = 0;
  for (std::size_t i = 0; i < ended.size(); ++i)
    if (ended[i] == Status::none && is_finished(results[i])) {
      ended[i] = results[i]->status;
      ++elsewhere;
    }
  if (elsewhere == 0) return task;
  const std::lock_guard lock(mutex_);
  done_ += elsewhere;
  found_ += elsewhere;
  return make_task(plan_, task.cells, std::move(ended));
}

void Pool::compute(const Task& given, const Seat& seat) {
  const Task task = refreshed(given);
  if (task.missing() > 0) compute_cells(task, given, seat);
}

void Pool::compute_cells(const Task& task, const Task& running, const Seat& seat) {
  const Clock::time_point start = Clock::now();
  std::vector<bool> done(task.cells.size(), false);
  const std::string message = try_cells(task, running, seat, done);
  for (std::size_t i = 0; i < task.cells.size(); ++i) {
    if (done[i] || task.ended[i] != Status::none) continue;
    if (is_stopping()) return;
    if (task.cells.size() > 1) {
      compute_cells(make_task(plan_, {task.cells[i]}, {Status::none}), running, seat);
      continue;
    }
    const double seconds = seconds_since(start);
    finish(failed_result(task.cells[i], message), task.cells[i],
           {.seconds = seconds, .threads = seat.cores, .may_wait = seconds <= kSmallSeconds});
  }
}

std::string Pool::try_cells(const Task& task, const Task& running, const Seat& seat,
                            std::vector<bool>& done) {
  const bool trains = task.cells.front().method == Method::train, halves = is_halving(plan_, task.cells);
  const std::vector<Question> questions = questions_of(plan_, task.cells);
  const Clock::time_point start = Clock::now();
  Clock::time_point reported = start, last_end = start;
  double seconds = 0;
  std::vector<std::vector<std::byte>> states;
  route::Control hooks;
  hooks.ended = task.ended;
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
    const std::int64_t steps = steps_of(questions[i], result);
    const std::int64_t look_ahead =
        halves ? train::halving_steps(task.cells[i].regime, questions[i].train.options, steps) - steps : 0;
    if (result.status == Status::eliminated) rename(result, task.cells[i]);
    finish(std::move(result), task.cells[i],
           {.seconds = seconds, .threads = seat.cores, .may_wait = is_small, .look_ahead_steps = look_ahead});
  };
  hooks.save_every = options_.checkpoint_every;
  hooks.save = [&](std::size_t i, std::span<const std::byte> bytes) {
    store_.save_checkpoint(cell_key(plan_, task.cells[i]), bytes);
  };
  if (!options_.keep_in.empty())
    hooks.keep_weights = [&](std::size_t i, const Weights& weights) {
      const std::filesystem::path folder = std::filesystem::path("weights") / cell_key(plan_, task.cells[i]);
      write_weights(options_.keep_in / folder, weights);
      return folder.string();
    };
  hooks.stop = [this] { return is_stopping(); };
  hooks.threads = seat.cores;
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
    seat.place->answer(questions, hooks);
  } catch (const FileError&) {
    throw;
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& error) {
    return error.what();
  }
  return "the computation ended without a result";
}

void Pool::rename(store::Result& result, const Cell& cell) {
  const std::vector<double> grid = step_sizes(plan_, plan_.at(cell.method, cell.regime, cell.point));
  result.parameters = elimination_name(plan_, cell, grid);
  result.key = question::identity(result.parameters);
}

store::Result Pool::failed_result(const Cell& cell, const std::string& message) {
  const Question question = question_of(plan_, cell);
  return route::failed_result(question, *plan_.instances->of(question), message);
}

void Pool::finish(store::Result result, const Cell& cell, const Ending& ending) {
  if (result.provenance.commit.empty()) result.provenance = provenance();  // else that of another process
  result.provenance.threads = ending.threads;
  result.provenance.seconds = ending.seconds;
  result.provenance.finished_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  if (!ending.may_wait) store_.save(result);
  const std::lock_guard lock(mutex_);
  std::string message;
  if (result.status == Status::failed) {
    ++failed_;
    message = fmt::format("failed: {}: {}", cell_text(plan_, cell), result.message);
  } else {
    ++computed_;
    ++done_;
  }
  look_ahead_steps_ += ending.look_ahead_steps;
  if (ending.may_wait) unsaved_.push_back(std::move(result));
  report(std::move(message));
}

bool Pool::is_stopping() {
  const std::lock_guard lock(mutex_);
  return must_stop();
}

bool Pool::must_stop() {
  try {
    if (!stopped_ && !error_ && options_.stop && options_.stop()) stopped_ = true;
  } catch (...) {  // the caller's, not the cell's
    error_ = std::current_exception();
  }
  return stopped_ || error_;
}

double Pool::work_done() const {
  double work = work_done_;
  for (const auto& [task, part] : running_) work += part;
  return work;
}

void Pool::report(std::string message) {
  if (!options_.progress || error_) return;
  const double work = work_done();
  Progress progress{.done = done_, .total = total_, .failed = failed_, .message = std::move(message)};
  progress.fraction = work_total_ > 0 ? work / work_total_ : 1;
  progress.elapsed_seconds = seconds_since(start_);
  progress.remaining_seconds =
      work > 0 ? progress.elapsed_seconds * (work_total_ - work) / work : std::nan("");
  try {
    options_.progress(progress);
  } catch (...) {  // the caller's, not the cell's
    if (!error_) error_ = std::current_exception();
  }
}

}  // namespace lazygap::schedule
