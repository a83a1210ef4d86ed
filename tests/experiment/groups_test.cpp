// Cells that are computed together, and the search by halving.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "experiment/small_plan.h"
#include "lazygap/experiment/cells.h"
#include "lazygap/experiment/runner.h"
#include "lazygap/experiment/summary.h"

namespace lazygap::experiment {
namespace {

using store::Result;
using store::Store;

/// Two draws, five step sizes, of which halving ends some early.
Plan searching(const Overrides& more = {}) {
  Overrides overrides{{"sweep.methods", "[train]"}, {"sweep.regimes", "[NT, NN]"},
                      {"sweep.neurons", "[2, 5]"},  {"train.steps", "1600"},
                      {"train.draws", "2"},         {"train.step_sizes", "[1e-5, 1e-4, 1e-3, 3e-3, 0.01]"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return small_plan(overrides);
}
const Overrides kHalving{{"train.search", "halving"}};

/// `count` groups of `size` cells each.
using Sizes = std::vector<std::size_t>;
Sizes equal_sizes(std::size_t count, std::size_t size) { return Sizes(count, size); }
Sizes sizes(const std::vector<std::vector<std::size_t>>& groups) {
  Sizes all;
  for (const auto& group : groups) all.push_back(group.size());
  return all;
}

TEST(Groups, FollowWhatIsShared) {
  const auto groups = [](const Plan& plan) { return make_groups(plan, make_cells(plan)); };
  // Regimes x widths x draws groups of the five step sizes.
  EXPECT_EQ(sizes(groups(searching())), equal_sizes(8, 5));
  EXPECT_EQ(sizes(groups(searching({{"train.share_samples", "widths"}}))), equal_sizes(4, 10));
  EXPECT_EQ(sizes(groups(searching(kHalving))), equal_sizes(4, 10));
  EXPECT_EQ(sizes(groups(searching({{"train.search", "halving"}, {"train.share_samples", "widths"}}))),
            equal_sizes(2, 20));
  // RF: the three widths of a draw; the draws differ.
  const Plan rf = small_plan({{"sweep.methods", "[exact, fit]"}, {"sweep.regimes", "[RF(I), NN]"}});
  for (const auto& group : groups(rf)) {
    const std::vector<Cell> cells = make_cells(rf);
    EXPECT_EQ(group.size(), cells[group.front()].regime == Regime::nn ? 1u : 3u);
    for (const std::size_t i : group) EXPECT_EQ(cells[i].draw, cells[group.front()].draw);
  }
}

TEST(Groups, AreWorthLessThanTheSumOfTheirCells) {
  const Plan plan = small_plan();
  const std::vector<Cell> cells = make_cells(plan);
  for (const auto& group : make_groups(plan, cells)) {
    std::vector<Cell> members;
    double operations = 0, bytes = 0;
    for (const std::size_t i : group) {
      members.push_back(cells[i]);
      operations += group_cost(plan, {&cells[i], 1}).operations;
      bytes = std::max(bytes, group_cost(plan, {&cells[i], 1}).bytes);
    }
    const Cost cost = group_cost(plan, members);
    EXPECT_GE(cost.bytes, bytes);
    EXPECT_GT(cost.operations, 0);
    if (group.size() > 1) {
      EXPECT_LT(cost.operations, operations);
    }
  }
}

TEST(Groups, DrawsShareNothing) {
  // Sums in another order.
  constexpr double kRounding = 1e-12;
  for (const char* activation : {"relu", "quadratic"})
    for (const char* model : {"qf", "mg"}) {
      const Plan plan = searching({{"activation.name", activation},
                                   {"problem.model", model},
                                   {"problem.spectrum", "{law = identity, scale = 0.5}"},
                                   {"train.search", "halving"},
                                   {"train.share_samples", "widths"}});
      const std::vector<Cell> cells = make_cells(plan);
      for (const auto& group : make_groups(plan, cells)) {
        std::vector<Cell> both, one;
        for (const std::size_t i : group) {
          both.push_back(cells[i]);
          if (cells[i].draw == 0) one.push_back(cells[i]);
        }
        const Cost of_both = group_cost(plan, both), of_one = group_cost(plan, one);
        EXPECT_NEAR(of_both.operations / of_one.operations, 2, kRounding);
        EXPECT_NEAR(of_both.bytes / of_one.bytes, 2, kRounding);
      }
    }
}

TEST(Groups, StepSizesShareTheMomentsOfNt) {
  const Plan plan = searching({{"activation.name", "relu"}, {"train.share_samples", "widths"}});
  const auto bytes = [&](const std::vector<Cell>& cells) { return group_cost(plan, cells).bytes; };
  const Cell a{.method = Method::train, .regime = Regime::nt, .N = 1000, .draw = 0, .step_size = 0.001};
  Cell b = a, wider = a;
  b.step_size = 0.01;
  wider.N = 1001;
  const double moments = sizeof(double) * 3 * 1000.0 * 1000.0;
  EXPECT_LT(bytes({a, b}), 2 * bytes({a}) - 0.99 * moments);
  EXPECT_EQ(bytes({a, wider}), bytes({a}) + bytes({wider}));
  EXPECT_LT(bytes({a, b, wider}), bytes({a}) + bytes({b}) + bytes({wider}) - 0.99 * moments);
}

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
      EXPECT_LT(result.n, full.train.options.steps * full.train.options.batch);
      EXPECT_TRUE(std::isnan(result.ratio));
      continue;
    }
    ASSERT_TRUE(everything.contains(key));
    EXPECT_EQ(result.ratio, everything.at(key).ratio);
  }
  EXPECT_GT(eliminated, 0u);
  for (const Regime regime : {Regime::nt, Regime::nn})
    for (const Index N : {2, 5})
      EXPECT_EQ(best_step_size(halving, some, regime, N), best_step_size(full, all, regime, N))
          << to_string(regime) << N;
  EXPECT_EQ(full_report.steps, full_report.steps_of_full_grid);
  EXPECT_EQ(report.steps_of_full_grid, full_report.steps_of_full_grid);
  EXPECT_LT(report.steps, report.steps_of_full_grid);

  // All of it is answered from the store; the full grid only has the losers left to do.
  EXPECT_EQ(run_plan(halving, some, {.jobs = 2}).computed, 0u);
  EXPECT_EQ(run_plan(full, some, {.jobs = 2}).computed, eliminated);
  for (const Row& row : summarise(full, some)) EXPECT_EQ(row.missing, 0u);
}

TEST(HalvingPlan, EliminatedCellsBelongToTheirGridWhereverItComesFrom) {
  Plan given = searching(kHalving);
  const Cell cell = make_cells(given)[0];
  const std::vector<double> grid = step_sizes(given, make_setting(given), cell.regime, cell.N);
  EXPECT_EQ(elimination_key(given, cell, grid), elimination_key(given, cell, given.train.step_sizes));
  EXPECT_NE(elimination_key(given, cell, grid), elimination_key(given, cell, {1e-5, 1e-4}));

  // The default grid, named or not.
  Plan plan = given;
  plan.train.step_sizes.clear();
  plan.sweep.neurons = {5};
  plan.sweep.regimes = {Regime::nn};
  given = plan;
  given.train.step_sizes = step_sizes(plan, make_setting(plan), Regime::nn, 5);
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
  const double memory = 2 * group_cost(plan, {&cells[0], 1}).bytes;
  ASSERT_GT(group_cost(plan, cells).bytes, memory);
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
}  // namespace lazygap::experiment
