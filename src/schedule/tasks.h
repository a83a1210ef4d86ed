#pragma once

#include <string>
#include <vector>

#include "lazygap/plan/cells.h"
#include "lazygap/route/route.h"
#include "lazygap/schedule/run.h"
#include "lazygap/store/store.h"

/// What is left to do of a plan, in groups.
namespace lazygap::schedule {

using plan::Cell;
using plan::Plan;
using question::Method;
using question::Question;
using route::Cost;

/// Whether there is a result and it is an answer. A failed cell has no answer and is tried again.
[[nodiscard]] bool is_finished(const std::optional<store::Result>& result);

/// A group of cells, all or some of which are to be computed.
struct Task {
  std::vector<Cell> cells;
  std::vector<Status> ended;  ///< of cells that are finished; none for the others
  Cost cost;
  bool is_threaded = false;  ///< whether several cores make it faster

  [[nodiscard]] std::size_t missing() const;
};

[[nodiscard]] std::vector<Question> questions_of(const Plan& plan, const std::vector<Cell>& cells);
[[nodiscard]] Cost cost_of(const Plan& plan, const std::vector<Cell>& cells);
/// Whether several cores make the cells faster, which are a group or a part of one.
[[nodiscard]] bool is_threaded(const Plan& plan, const std::vector<Cell>& cells);
/// Whether successive halving ends some of the cells early.
[[nodiscard]] bool is_halving(const Plan& plan, const std::vector<Cell>& cells);
/// Whether cells of a group may be computed apart: those of a full search of step sizes, whose numbers do not
/// depend on their company.
[[nodiscard]] bool can_be_cut(const Plan& plan, const std::vector<Cell>& cells);

/// A cell in a few words: "train NN, N = 5, draw 1, step size 0.01".
[[nodiscard]] std::string cell_text(const Plan& plan, const Cell& cell);

[[nodiscard]] Task make_task(const Plan& plan, std::vector<Cell> cells, std::vector<Status> ended);
/// The groups of the cells as the store has them.
[[nodiscard]] std::vector<Task> make_tasks(const Plan& plan, const store::Store& store,
                                           const std::vector<Cell>& cells);

/// The cells of a share of the plan, whole groups in their order. Throws UsageError for a share that there is
/// not.
[[nodiscard]] std::vector<Cell> cells_of_share(const Plan& plan, std::vector<Cell> cells, const Share& share);

/// Replaces groups that do not fit into memory by the cells of theirs that are missing. A sentence for each
/// that is no longer searched by halving.
[[nodiscard]] std::vector<std::string> split_groups(const Plan& plan, double available,
                                                    std::vector<Task>& tasks);
/// Throws UsageError where a task does not fit into memory, or where this machine cannot compute it.
void check_tasks(const Plan& plan, const std::vector<Task>& tasks, double available);
/// Cuts groups, the longest first, until there is one for every job or nothing is left to cut.
void cut_groups(const Plan& plan, std::size_t jobs, std::vector<Task>& tasks);

/// "3 MiB": a size in memory for people.
[[nodiscard]] std::string bytes_text(double bytes);

}  // namespace lazygap::schedule
