// Shares of a plan for runs on different machines.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "../src/schedule/tasks.h"
#include "lazygap/core/error.h"
#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

const Overrides kWithFlow{{"sweep.methods", "[limit, exact, train, fit, flow]"}, {"train.search", "halving"}};

TEST(Shares, DivideThePlanIntoWholeGroups) {
  const Plan plan = small_plan(kWithFlow);
  const std::vector<Cell> cells = make_cells(plan);
  for (const int of : {1, 2, 5, 500}) {
    std::multiset<std::string> keys;
    std::vector<double> loads;
    for (int part = 1; part <= of; ++part) {
      const std::vector<Cell> mine = cells_of_share(plan, cells, {.part = part, .of = of});
      double load = 0;
      for (const auto& group : make_groups(plan, mine)) {
        std::vector<Cell> members;
        for (const std::size_t i : group) members.push_back(mine[i]);
        load += cost_of(plan, members).operations;
      }
      loads.push_back(load);
      for (const Cell& cell : mine) keys.insert(cell_key(plan, cell));
    }
    EXPECT_EQ(keys.size(), cells.size()) << of;
    EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), cells.size()) << of;
    // No share has more than the least one by more than one group, and the largest group bounds it.
    double largest = 0;
    for (const auto& group : make_groups(plan, cells)) {
      std::vector<Cell> members;
      for (const std::size_t i : group) members.push_back(cells[i]);
      largest = std::max(largest, cost_of(plan, members).operations);
    }
    const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
    EXPECT_LE(*most - *least, largest) << of;
  }
}

TEST(Shares, MergedAreTheRunOfOneMachine) {
  const Plan plan = small_plan(kWithFlow);
  Store whole = Store::in_memory(), merged = Store::in_memory();
  static_cast<void>(run_plan(plan, whole, {.jobs = 2}));
  for (int part = 1; part <= 3; ++part) {
    Store own = Store::in_memory();
    const RunReport report = run_plan(plan, own, {.jobs = 1, .share = {.part = part, .of = 3}});
    EXPECT_EQ(report.computed, report.cells);
    static_cast<void>(store::merge(merged, own));
  }
  // The flow waits for the step sizes that win, which no share knows.
  const RunReport rest = run_plan(plan, merged, {.jobs = 1});
  EXPECT_EQ(rest.computed, rest.cells - make_cells(plan).size());
  expect_same_numbers(results_of(plan, merged), results_of(plan, whole));
}

TEST(Shares, ThatThereAreNotAreRefused) {
  const Plan plan = small_plan();
  for (const Share share : {Share{3, 2}, Share{0, 2}, Share{1, 0}, Share{-1, -1}}) {
    Store store = Store::in_memory();
    EXPECT_THROW(static_cast<void>(run_plan(plan, store, {.jobs = 1, .share = share})), UsageError);
  }
}

}  // namespace
}  // namespace lazygap::schedule
