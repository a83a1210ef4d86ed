#include "schedule/tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lazygap/core/error.h"

namespace lazygap::schedule {
namespace {

bool searches_by_halving(const Plan& plan) { return plan.base.train.search == train::Search::halving; }

}  // namespace

bool is_finished(const std::optional<store::Result>& result) {
  return result && (result->status == Status::ok || result->status == Status::diverged ||
                    result->status == Status::not_converged || result->status == Status::eliminated);
}

std::size_t Task::missing() const {
  return static_cast<std::size_t>(std::count(ended.begin(), ended.end(), Status::none));
}

std::vector<Question> questions_of(const Plan& plan, const std::vector<Cell>& cells) {
  std::vector<Question> questions;
  questions.reserve(cells.size());
  for (const Cell& cell : cells) questions.push_back(question_of(plan, cell));
  return questions;
}

Cost cost_of(const Plan& plan, const std::vector<Cell>& cells) {
  const std::vector<Question> questions = questions_of(plan, cells);
  Cost cost = route::route_of(cells.front().method).cost(questions);
  cost.bytes += question::instance_bytes(questions.front());
  return cost;
}

// No route divides a group over threads so far.
bool is_threaded(const Plan& plan, const std::vector<Cell>& cells) {
  const route::Route& route = route::route_of(cells.front().method);
  return route.is_threaded != nullptr && route.is_threaded(questions_of(plan, cells));
}

bool is_halving(const Plan& plan, const std::vector<Cell>& cells) {
  return cells.size() > 1 && cells.front().method == Method::train && searches_by_halving(plan);
}

bool can_be_cut(const Plan& plan, const std::vector<Cell>& cells) {
  return cells.size() > 1 && cells.front().method == Method::train && !searches_by_halving(plan);
}

std::string cell_text(const Plan& plan, const Cell& cell) {
  std::string text = fmt::format("{} {}", to_string(cell.method), to_string(cell.regime));
  const Question question = question_of(plan, cell);
  if (question.neurons() > 0) text += fmt::format(", N = {}, draw {}", question.neurons(), cell.draw);
  for (const plan::Axis& axis : plan.axes)
    for (const plan::Key* key : axis.keys)
      if (key->path != "network.width" && key->path != "network.rho")
        text += fmt::format(", {} = {}", key->path, question::plain_text(key->get(question)));
  if (cell.step_size > 0) text += fmt::format(", step size {}", cell.step_size);
  return text;
}

Task make_task(const Plan& plan, std::vector<Cell> cells, std::vector<Status> ended) {
  std::vector<Cell> missing;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (ended[i] == Status::none) missing.push_back(cells[i]);
  Cost cost = missing.empty() ? Cost{.operations = 0, .bytes = 0} : cost_of(plan, missing);
  const bool threaded = !missing.empty() && is_threaded(plan, missing);
  // Only halving wants to know of what is finished, and has it in memory too.
  if (is_halving(plan, cells)) {
    cost.bytes = cost_of(plan, cells).bytes;
    return {.cells = std::move(cells), .ended = std::move(ended), .cost = cost, .is_threaded = threaded};
  }
  std::vector<Status> none(missing.size(), Status::none);
  return {.cells = std::move(missing), .ended = std::move(none), .cost = cost, .is_threaded = threaded};
}

std::vector<Task> make_tasks(const Plan& plan, const store::Store& store, const std::vector<Cell>& cells) {
  const auto results = find_cells(plan, store, cells);
  std::vector<Task> tasks;
  for (const std::vector<std::size_t>& group : make_groups(plan, cells)) {
    std::vector<Cell> members;
    std::vector<Status> ended;
    for (const std::size_t i : group) {
      members.push_back(cells[i]);
      ended.push_back(is_finished(results[i]) ? results[i]->status : Status::none);
    }
    if (std::find(ended.begin(), ended.end(), Status::none) == ended.end()) continue;
    tasks.push_back(make_task(plan, std::move(members), std::move(ended)));
  }
  return tasks;
}

std::vector<Cell> cells_of_share(const Plan& plan, std::vector<Cell> cells, const Share& share) {
  if (share.of < 1 || share.part < 1 || share.part > share.of)
    throw UsageError(fmt::format("the shard is {}/{}, but must be i/n with n at least 1 and i from 1 to n",
                                 share.part, share.of));
  if (share.of == 1) return cells;
  struct Work {
    std::vector<std::size_t> places;
    double operations = 0;
  };
  std::vector<Work> groups;
  for (std::vector<std::size_t>& places : make_groups(plan, cells)) {
    std::vector<Cell> members;
    for (const std::size_t i : places) members.push_back(cells[i]);
    groups.push_back({std::move(places), cost_of(plan, members).operations});
  }
  // The longest first, each to the share with the least to do.
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Work& a, const Work& b) { return a.operations > b.operations; });
  std::vector<double> loads(static_cast<std::size_t>(share.of), 0);
  std::vector<bool> is_mine(cells.size(), false);
  for (const Work& group : groups) {
    const auto least = std::min_element(loads.begin(), loads.end());
    *least += group.operations;
    if (least - loads.begin() == share.part - 1)
      for (const std::size_t i : group.places) is_mine[i] = true;
  }
  std::vector<Cell> mine;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (is_mine[i]) mine.push_back(std::move(cells[i]));
  return mine;
}

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
          task.cells.size(), cell_text(plan, task.cells.back()), bytes_text(task.cost.bytes),
          bytes_text(available),
          plan.base.train.share_between_widths ? " (train.share_samples = \"step-sizes\" needs less)" : ""));
    for (std::size_t i = 0; i < task.cells.size(); ++i)
      if (task.ended[i] == Status::none) parts.push_back(make_task(plan, {task.cells[i]}, {Status::none}));
  }
  tasks = std::move(parts);
  return sentences;
}

void check_tasks(const Plan& plan, const std::vector<Task>& tasks, double available) {
  for (const Task& task : tasks) {
    const Question question = question_of(plan, task.cells.front());
    if (const std::string lack = route::route_of(question.method).lacks(question); !lack.empty())
      throw UsageError(lack);
  }
  const auto largest = std::max_element(
      tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.cost.bytes < b.cost.bytes; });
  if (largest != tasks.end() && largest->cost.bytes > available)
    throw UsageError(fmt::format(
        "the cell \"{}\" needs about {} of memory, but {} is available; use smaller problem.d or "
        "sweep.neurons",
        cell_text(plan, largest->cells.front()), bytes_text(largest->cost.bytes), bytes_text(available)));
}

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

std::string bytes_text(double bytes) {
  constexpr double kMebi = 1 << 20, kGibi = 1 << 30;
  if (bytes < kMebi) return fmt::format("{:.0f} KiB", std::ceil(bytes / 1024));
  if (bytes < kGibi) return fmt::format("{:.0f} MiB", bytes / kMebi);
  return fmt::format("{:.1f} GiB", bytes / kGibi);
}

}  // namespace lazygap::schedule
