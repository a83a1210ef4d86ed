// Cells that are computed together, and the search by halving.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "../src/schedule/tasks.h"
#include "lazygap/report/summary.h"
#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

using question::Value;

/// Two draws, five step sizes, of which halving ends some early.
Plan searching(const Overrides& more = {}) {
  Overrides overrides{{"sweep.methods", "[train]"}, {"sweep.regimes", "[NT, NN]"},
                      {"sweep.neurons", "[2, 5]"},  {"train.steps", "1600"},
                      {"train.draws", "2"},         {"train.step_sizes", "[1e-5, 1e-4, 1e-3, 3e-3, 0.01]"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return small_plan(overrides);
}
const Overrides kHalving{{"train.search", "halving"}};

std::map<std::string, Result> run(const Plan& plan, Store& store, RunReport* report = nullptr) {
  const RunReport made = run_plan(plan, store, {.jobs = 2});
  if (report != nullptr) *report = made;
  EXPECT_EQ(made.failed, 0u);
  std::map<std::string, Result> results;
  for (const Result& result : results_of(plan, store)) results[result.key] = result;
  return results;
}

TEST(Groups, SharingBetweenWidthsChangesNothing) {
  Store one = Store::in_memory(), other = Store::in_memory();
  const auto a = run(searching(), one), b = run(searching({{"train.share_samples", "widths"}}), other);
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [key, result] : a) {
    ASSERT_TRUE(b.contains(key));
    EXPECT_EQ(result.ratio, b.at(key).ratio);
    EXPECT_EQ(result.test_ratio, b.at(key).test_ratio);
  }
}

TEST(HalvingPlan, EndsLosersFindsTheWinnersAndSaysWhatItSaved) {
  const Plan full = searching(), halving = searching(kHalving);
  Store all = Store::in_memory(), some = Store::in_memory();
  RunReport full_report, report;
  const auto everything = run(full, all, &full_report), survivors = run(halving, some, &report);
  EXPECT_EQ(survivors.size(), everything.size());
  std::size_t eliminated = 0;
  for (const auto& [key, result] : survivors) {
    if (result.status == Status::eliminated) {
      ++eliminated;
      EXPECT_FALSE(everything.contains(key));  // it has a key of its own
      EXPECT_LT(result.n, full.base.train.options.steps * full.base.train.options.batch);
      EXPECT_TRUE(std::isnan(result.ratio));
      continue;
    }
    ASSERT_TRUE(everything.contains(key));
    EXPECT_EQ(result.ratio, everything.at(key).ratio);
  }
  EXPECT_GT(eliminated, 0u);
  for (const Regime regime : {Regime::nt, Regime::nn})
    for (const Index N : {2, 5})
      EXPECT_EQ(best_at(halving, some, regime, N), best_at(full, all, regime, N)) << to_string(regime) << N;
  EXPECT_EQ(full_report.steps, full_report.steps_of_full_grid);
  EXPECT_EQ(report.steps_of_full_grid, full_report.steps_of_full_grid);
  EXPECT_LT(report.steps, report.steps_of_full_grid);

  // All of it is answered from the store; the full grid only has the losers left to do.
  EXPECT_EQ(run_plan(halving, some, {.jobs = 2}).computed, 0u);
  EXPECT_EQ(run_plan(full, some, {.jobs = 2}).computed, eliminated);
  for (const report::Row& row : report::summarise(full, some))
    for (const auto& [method, summary] : row.summaries) EXPECT_EQ(summary.missing, 0u);
}

TEST(HalvingPlan, EliminatedCellsBelongToTheirGridWhereverItComesFrom) {
  Plan given = searching(kHalving);
  const Cell cell = make_cells(given)[0];
  const std::vector<double> grid = step_sizes(given, question_of(given, cell));
  EXPECT_EQ(elimination_name(given, cell, grid), elimination_name(given, cell, given.step_sizes));
  EXPECT_NE(elimination_name(given, cell, grid), elimination_name(given, cell, {1e-5, 1e-4}));

  // The default grid, named or not.
  Plan plan = given;
  plan.step_sizes.clear();
  plan.axes.back().points = {{Value(std::int64_t{5})}};
  plan.regimes = {Regime::nn};
  given = plan;
  given.step_sizes = step_sizes(plan, plan.at(Method::train, Regime::nn, 0));
  Store store = Store::in_memory();
  const auto results = run(plan, store);
  EXPECT_TRUE(std::any_of(results.begin(), results.end(),
                          [](const auto& entry) { return entry.second.status == Status::eliminated; }));
  EXPECT_EQ(run_plan(given, store, {.jobs = 1}).computed, 0u);
}

TEST(HalvingPlan, SavesWhatHasEndedBeforeTheOthersGoOn) {
  const Plan plan = searching({{"train.search", "halving"},
                               {"sweep.regimes", "[NN]"},
                               {"sweep.neurons", "[5]"},
                               {"train.steps", "320"}});
  Store store = Store::in_memory();
  std::size_t reports = 0;
  static_cast<void>(run_plan(plan, store, {.jobs = 1, .progress = [&](const Progress& progress) {
                                             ++reports;
                                             EXPECT_EQ(results_of(plan, store).size(), progress.done);
                                           }}));
  EXPECT_GE(reports, make_cells(plan).size());
}

TEST(HalvingPlan, AGroupTooLargeForTheMemoryIsTrainedCellByCell) {
  const Plan plan =
      searching({{"train.search", "halving"}, {"sweep.regimes", "[NN]"}, {"sweep.neurons", "[5]"}});
  const std::vector<Cell> cells = make_cells(plan);
  const double memory = 2 * cost_of(plan, {cells[0]}).bytes;
  ASSERT_GT(cost_of(plan, cells).bytes, memory);
  std::string message;
  int polls = 0;
  RunOptions options{.jobs = 1, .memory_bytes = memory};
  options.progress = [&](const Progress& progress) { message += progress.message; };
  options.stop = [&] { return polls++ > 60; };
  Store store = Store::in_memory();
  const RunReport first = run_plan(plan, store, options);
  EXPECT_EQ(
      message.find("no successive halving for 10 cells with \"train NN, N = 5, draw 1, step size 0.01\""), 0u)
      << message;
  ASSERT_TRUE(first.stopped);
  ASSERT_GT(first.computed, 0u);
  // With some of its cells known the group is as large as before.
  options.stop = {};
  const RunReport rest = run_plan(plan, store, options);
  EXPECT_EQ(rest.computed + first.computed, cells.size());
  // Nothing is compared, so nobody looks ahead.
  EXPECT_EQ(rest.steps, rest.steps_of_full_grid);
  for (const Result& result : results_of(plan, store)) EXPECT_NE(result.status, Status::eliminated);
}

TEST(HalvingPlan, SurvivorsOfAFullSearchHaveNotLookedAhead) {
  Store store = Store::in_memory();
  static_cast<void>(run(searching(), store));
  const RunReport report = run_plan(searching(kHalving), store, {.jobs = 1});
  EXPECT_EQ(report.computed, 0u);
  EXPECT_EQ(report.steps, report.steps_of_full_grid);
}

TEST(HalvingPlan, IsTheSameAfterInterruptions) {
  const Plan plan = searching(kHalving);
  Store undisturbed = Store::in_memory(), disturbed = Store::in_memory();
  const auto expected = run(plan, undisturbed);
  for (int round = 0; round < 200; ++round) {
    int looks = 0;
    RunOptions options{.jobs = 1, .checkpoint_every = std::chrono::seconds(0)};
    options.stop = [&] { return ++looks > 12; };
    if (!run_plan(plan, disturbed, options).stopped) break;
  }
  const auto found = run(plan, disturbed);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [key, result] : expected) {
    ASSERT_TRUE(found.contains(key));
    EXPECT_EQ(found.at(key).status, result.status);
    if (result.status == Status::ok) {
      EXPECT_EQ(found.at(key).ratio, result.ratio);
    }
    EXPECT_EQ(found.at(key).n, result.n);
  }
}

}  // namespace
}  // namespace lazygap::schedule
