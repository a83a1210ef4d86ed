#include "../src/schedule/tasks.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "schedule/runs.h"
#include "support/contains.h"
#include "support/message.h"

namespace lazygap::schedule {
namespace {

using namespace test;

TEST(Tasks, AreTheGroupsThatAreNotFinished) {
  const Plan plan = small_plan();
  Store store = Store::in_memory();
  const std::vector<Cell> cells = make_cells(plan);
  std::size_t missing = 0;
  for (const Task& task : make_tasks(plan, store, cells)) missing += task.missing();
  EXPECT_EQ(missing, cells.size());
  static_cast<void>(run_plan(plan, store, {.jobs = 1}));
  EXPECT_TRUE(make_tasks(plan, store, cells).empty());
  // A failed cell is tried again, alone.
  Result failed = *store.find(cell_key(plan, cells[0]));
  failed.status = Status::failed;
  store.save(failed);
  const std::vector<Task> tasks = make_tasks(plan, store, cells);
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(tasks[0].missing(), 1u);
}

TEST(CellText, NamesAllThatVaries) {
  const Plan plan = small_plan({{"axes.fit.ridge", "[0.0, 0.25]"}});
  const std::vector<Cell> cells = make_cells(plan);
  EXPECT_EQ(cell_text(plan, cells.back()), "fit RF(Gamma*), N = 24, draw 2, fit.ridge = 0.25");
  EXPECT_EQ(cell_text(small_plan(), cell_at(small_plan(), Method::train, Regime::nn, 6, 1, 0.01)),
            "train NN, N = 6, draw 1, step size 0.01");
}

TEST(CutGroups, GivesEveryJobAPartOfAFullSearch) {
  const Plan plan = small_plan({{"sweep.methods", "[train]"},
                                {"sweep.regimes", "[NN]"},
                                {"sweep.neurons", "[6]"},
                                {"train.step_sizes", "[1e-3, 3e-3, 0.01]"}});
  const std::vector<Cell> cells = make_cells(plan);
  std::vector<Task> tasks = make_tasks(plan, Store::in_memory(), cells);
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_TRUE(can_be_cut(plan, tasks[0].cells));
  cut_groups(plan, 8, tasks);
  EXPECT_EQ(tasks.size(), 3u);
  const Plan halving = small_plan({{"sweep.methods", "[train]"}, {"train.search", "halving"}});
  EXPECT_FALSE(can_be_cut(halving, make_cells(halving)));
  EXPECT_TRUE(is_halving(halving, make_cells(halving)));
}

TEST(SplitGroups, MakesSingleCellsOfWhatDoesNotFit) {
  const Plan plan =
      small_plan({{"sweep.methods", "[train]"}, {"sweep.regimes", "[NN]"}, {"train.search", "halving"}});
  std::vector<Task> tasks = make_tasks(plan, Store::in_memory(), make_cells(plan));
  const std::size_t before = tasks.size();
  EXPECT_TRUE(split_groups(plan, std::numeric_limits<double>::infinity(), tasks).empty());
  EXPECT_EQ(tasks.size(), before);
  const std::vector<std::string> sentences = split_groups(plan, 1, tasks);
  EXPECT_EQ(sentences.size(), before);
  EXPECT_EQ(tasks.size(), make_cells(plan).size());
  expect_contains(message([&] { return check_tasks(plan, tasks, 1), 0; }),
                  "of memory, but 1 KiB is available");
}

}  // namespace
}  // namespace lazygap::schedule
