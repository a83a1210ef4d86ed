#include "lazygap/schedule/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/machine.h"
#include "lazygap/core/error.h"
#include "lazygap/plan/cells.h"
#include "lazygap/schedule/best.h"
#include "schedule/jobs.h"
#include "schedule/pool.h"

namespace lazygap::schedule {
namespace {

/// The methods whose cells are known only when others are answered, in the order in which they become known:
/// the training, where its step size is predicted, then what follows it.
std::vector<std::vector<Method>> following_stages(const Plan& plan) {
  std::vector<std::vector<Method>> stages(2);
  for (const Method method : plan.methods)
    if (follows_training(plan, method))
      stages[route::route_of(method).step_sizes == route::StepSizes::grid ? 0 : 1].push_back(method);
  return stages;
}

/// The cells of routes that follow others, as far as they are known by now.
std::vector<Cell> following_cells(const Plan& plan, const store::Store& store,
                                  const std::vector<Method>& methods) {
  std::vector<Cell> cells;
  for (const Method method : methods)
    for (const Regime regime : plan.regimes)
      for (std::size_t point = 0; point < plan.points(); ++point) {
        std::vector<Cell> more = following_cells_at(plan, store, method, regime, point);
        std::move(more.begin(), more.end(), std::back_inserter(cells));
      }
  return cells;
}

/// How many there are when all of them are known.
std::size_t following_count(const Plan& plan) {
  std::size_t count = 0;
  for (const Method method : plan.methods) {
    const route::Route& route = route::route_of(method);
    if (!follows_training(plan, method)) continue;
    for (const Regime regime : plan.regimes)
      for (std::size_t point = 0; route.applies(regime) && point < plan.points(); ++point) {
        const Question question = plan.at(method, regime, point);
        if (route.refuses(question, *plan.instances->of(question))) continue;
        const std::size_t sizes = shows_step_sizes(plan) ? step_sizes(plan, question).size() : 1;
        count += sizes * static_cast<std::size_t>(plan.draws_of(method, regime));
      }
  }
  return count;
}

void count_statuses(const std::vector<store::Result>& results, RunReport& report) {
  for (const store::Result& result : results) {
    report.diverged += result.status == Status::diverged ? 1 : 0;
    report.not_converged += result.status == Status::not_converged ? 1 : 0;
    report.failed += result.status == Status::failed ? 1 : 0;
  }
}

/// The steps of the trained networks, and those of the full grid.
void count_steps(const Plan& plan, const std::vector<store::Result>& results, RunReport& report) {
  if (!plan.asks(Method::train)) return;
  const Question question = plan.at(Method::train, plan.regimes.front(), 0);
  for (const store::Result& result : results) {
    if (result.method != to_string(Method::train)) continue;
    const std::int64_t steps = steps_of(question, result);
    report.steps += steps;
    report.steps_of_full_grid += result.status == Status::eliminated ? question.train.options.steps : steps;
  }
}

}  // namespace

void check_address_space() {
  const double left = left_in_address_space();
  if (left < kAddressSpaceOfAJob)
    throw UsageError(
        fmt::format("the limit on the address space (ulimit -v) leaves {}, but OpenBLAS and one job take "
                    "about {} beside the problem: a higher limit is needed",
                    bytes_text(std::max(left, 0.0)), bytes_text(kAddressSpaceOfAJob)));
}

int job_count(const RunOptions& options) {
  if (options.jobs < 0)
    throw UsageError(
        fmt::format("run_plan: jobs is {}, but must be at least 1, or 0 for all processors", options.jobs));
  check_address_space();
  const int wanted = options.jobs > 0 ? options.jobs : processors();
  // Half of what is left is for the cells.
  const double fit = std::floor(left_in_address_space() / 2 / kAddressSpaceOfAJob);
  return fit < wanted ? std::max(1, static_cast<int>(fit)) : wanted;
}

double memory_limit(const RunOptions& options) {
  if (options.memory_bytes > 0) return options.memory_bytes;
  const double jobs = job_count(options);
  const double of_blas = std::isfinite(left_in_address_space()) ? kAddressSpaceOfAJob : kMemoryOfAJob;
  return std::max(0.0, available_memory() - jobs * of_blas);
}

RunReport run_plan(const Plan& plan, store::Store& store, const RunOptions& options) {
  const Clock::time_point start = Clock::now();
  const std::vector<Place> places = places_of(plan, options);
  const double memory = largest_memory(places);

  RunReport report;
  Pool pool(plan, store, options, places);
  std::size_t known = 0;  // finished cells, of this run or of an earlier one
  const auto run_cells = [&](const std::vector<Cell>& cells) {
    std::vector<Task> tasks = make_tasks(plan, store, cells);
    std::size_t reused = cells.size();
    for (const Task& task : tasks) reused -= task.missing();
    report.reused += reused;
    known += reused;
    const std::vector<std::string> messages = split_groups(plan, memory, tasks);
    check_tasks(plan, tasks, memory);
    cut_groups(plan, static_cast<std::size_t>(cores_of(places)), tasks);
    const std::size_t before = pool.computed() + pool.found();
    if (!tasks.empty()) pool.run(std::move(tasks), messages, known, report.cells);
    known += pool.computed() + pool.found() - before;
  };
  const std::vector<Cell> cells = cells_of_share(plan, make_cells(plan), options.share);
  const bool whole = options.share.of == 1;
  report.cells = cells.size() + (whole ? following_count(plan) : 0);
  run_cells(cells);
  // Which step size won the training is known only now; where the work is shared, only after the stores are
  // merged.
  for (const std::vector<Method>& methods : following_stages(plan))
    if (!pool.stopped() && whole) run_cells(following_cells(plan, store, methods));

  report.computed = pool.computed();
  report.reused += pool.found();
  report.stopped = pool.stopped();
  report.steps = pool.look_ahead_steps();
  const std::vector<store::Result> results = results_of(plan, store);
  count_steps(plan, results, report);
  count_statuses(results, report);
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return report;
}

void check_plan_fits(const Plan& plan, const store::Store& store, const RunOptions& options) {
  const double memory = largest_memory(places_of(plan, options));
  std::vector<Task> tasks = make_tasks(plan, store, cells_of_share(plan, make_cells(plan), options.share));
  static_cast<void>(split_groups(plan, memory, tasks));
  check_tasks(plan, tasks, memory);
}

std::vector<store::Result> results_of(const Plan& plan, const store::Store& store) {
  std::vector<Cell> cells = make_cells(plan);
  for (const std::vector<Method>& methods : following_stages(plan)) {
    std::vector<Cell> following = following_cells(plan, store, methods);
    std::move(following.begin(), following.end(), std::back_inserter(cells));
  }
  std::vector<store::Result> results;
  for (auto& result : find_cells(plan, store, cells))
    if (result) results.push_back(std::move(*result));
  return results;
}

}  // namespace lazygap::schedule
