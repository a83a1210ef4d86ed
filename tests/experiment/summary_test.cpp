#include "lazygap/experiment/summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "experiment/small_plan.h"
#include "lazygap/experiment/runner.h"

namespace lazygap::experiment {
namespace {

using store::Result;
using store::Store;

/// Means and standard errors of a handful of numbers, computed in another order.
constexpr double kRounding = 1e-14;

/// A store in which the cells of `plan` have the results that `ratio` gives them; NaN leaves the cell
/// missing.
Store filled(const Plan& plan, const std::function<void(const Cell&, Result&)>& fill) {
  Store store = Store::in_memory();
  for (const Cell& cell : make_cells(plan)) {
    Result result;
    result.key = cell_key(plan, cell);
    result.regime = to_string(cell.regime);
    result.method = to_string(cell.method);
    result.N = cell.N;
    result.draw = cell.draw;
    if (cell.step_size > 0) result.step_size = cell.step_size;
    result.status = Status::ok;
    fill(cell, result);
    if (result.status != Status::none) store.save(result);
  }
  return store;
}

Plan trained_plan(const char* draws = "1") {
  return small_plan({{"sweep.regimes", "[NT]"},
                     {"sweep.neurons", "[6]"},
                     {"sweep.methods", "[limit, exact, train]"},
                     {"sweep.draws", "3"},
                     {"train.step_sizes", "[0.001, 0.003, 0.01]"},
                     {"train.draws", draws}});
}

TEST(Summary, AveragesOverDraws) {
  const Plan plan = trained_plan();
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    if (cell.method == Method::limit) result.ratio = 0.5;
    if (cell.method == Method::exact) result.ratio = 0.4 + 0.1 * static_cast<double>(cell.draw);
    if (cell.method == Method::train) {
      result.ratio = cell.step_size == 0.003 ? 0.45 : 0.6;
      result.test_ratio = 0.46;
      result.test_se = 0.02;
    }
  });
  const std::vector<Row> rows = summarise(plan, store);
  ASSERT_EQ(rows.size(), 1u);
  const Row& row = rows[0];
  EXPECT_EQ(row.regime, Regime::nt);
  EXPECT_EQ(row.N, 6);
  EXPECT_EQ(row.rho, 0.5);
  EXPECT_EQ(row.limit, 0.5);
  EXPECT_EQ(row.exact.draws, 3);
  EXPECT_NEAR(row.exact.ratio, 0.5, kRounding);
  EXPECT_NEAR(row.exact.se.value(), 0.1 / std::sqrt(3), kRounding);
  EXPECT_EQ(row.step_size, 0.003);
  EXPECT_FALSE(row.step_size_at_edge);
  EXPECT_EQ(row.train.risk.draws, 1);
  EXPECT_EQ(row.train.risk.ratio, 0.45);
  EXPECT_FALSE(row.train.risk.se);
  // One draw: the paper's estimate against the exact risk of draw 0, 0.4.
  EXPECT_NEAR(row.train.difference_in_se.value(), (0.46 - 0.4) / 0.02, 1e-12);
  EXPECT_EQ(row.missing + row.failed + row.diverged + row.not_converged, 0u);
  EXPECT_EQ(row.fit.risk.draws, 0);
}

TEST(Summary, PairsDrawsWithTheExactRiskOfTheSameW) {
  const Plan plan = trained_plan("2");
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    const auto draw = static_cast<double>(cell.draw);
    result.ratio = 0.4 + 0.1 * draw;
    if (cell.method == Method::train) result.ratio += cell.draw == 0 ? 0.01 : 0.03;
    if (cell.method == Method::train) result.test_ratio = 0.5, result.test_se = 0.02;
  });
  const Row row = summarise(plan, store)[0];
  // The spread of W cancels: differences 0.01 and 0.03, mean 0.02, standard error 0.01.
  EXPECT_NEAR(row.train.difference_in_se.value(), 2, 1e-9);
  EXPECT_NEAR(row.train.risk.se.value(), 0.06, 1e-9);
}

TEST(Summary, TakesTheBestStepSizeThatNeverDiverged) {
  const Plan plan = trained_plan("2");
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    result.ratio = cell.method == Method::train ? 1 - 10 * cell.step_size : 0.3;
    if (cell.step_size == 0.01 && cell.draw == 1) {
      result.status = Status::diverged;
      result.ratio = std::nan("");
    }
  });
  const Row row = summarise(plan, store)[0];
  EXPECT_EQ(row.step_size, 0.003);
  EXPECT_EQ(row.diverged, 1u);
  EXPECT_EQ(best_step_size(plan, store, Regime::nt, 6), 0.003);
}

TEST(Summary, TellsThatTheBestIsAtTheEdge) {
  const Plan plan = trained_plan();
  for (const bool falling : {true, false}) {
    const Store store = filled(plan, [&](const Cell& cell, Result& result) {
      result.ratio = falling ? 1 - cell.step_size : 1 + cell.step_size;
    });
    const Row row = summarise(plan, store)[0];
    EXPECT_EQ(row.step_size, falling ? 0.01 : 0.001);
    EXPECT_TRUE(row.step_size_at_edge);
  }
}

TEST(Summary, ChoosesNothingBeforeTheGridIsComplete) {
  const Plan plan = trained_plan();
  for (const Status status : {Status::none, Status::failed}) {
    const Store store = filled(plan, [&](const Cell& cell, Result& result) {
      result.ratio = 0.5;
      if (cell.step_size == 0.01) result.status = status;
    });
    const Row row = summarise(plan, store)[0];
    EXPECT_FALSE(row.step_size);
    EXPECT_EQ(row.train.risk.draws, 0);
    EXPECT_EQ(row.missing, status == Status::none ? 1u : 0u);
    EXPECT_EQ(row.failed, status == Status::failed ? 1u : 0u);
    EXPECT_FALSE(flow_cell(plan, store, Regime::nt, 6));
  }
}

TEST(Summary, ComparesNnWithItsOneExactRisk) {
  const Plan plan = small_plan({{"sweep.regimes", "[NN]"},
                                {"sweep.neurons", "[6]"},
                                {"train.draws", "3"},
                                {"sweep.methods", "[exact, train]"},
                                {"train.step_sizes", "[0.01]"}});
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    result.ratio = cell.method == Method::exact ? 0.1 : 0.12 + 0.01 * static_cast<double>(cell.draw);
  });
  const Row row = summarise(plan, store)[0];
  EXPECT_EQ(row.exact.draws, 1);
  EXPECT_FALSE(row.exact.se);
  EXPECT_EQ(row.step_size, 0.01);
  EXPECT_FALSE(row.step_size_at_edge);  // a grid of one
  EXPECT_NEAR(row.train.difference_in_se.value(), 0.03 / (0.01 / std::sqrt(3)), 1e-9);
}

TEST(Summary, FitsHaveTheirOwnDraws) {
  const Plan plan = small_plan({{"sweep.regimes", "[RF(I)]"},
                                {"sweep.neurons", "[6]"},
                                {"fit.draws", "2"},
                                {"sweep.methods", "[exact, fit]"}});
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    result.ratio = 0.5 + (cell.method == Method::fit ? 0.1 : 0) * (1 + static_cast<double>(cell.draw));
  });
  const Row row = summarise(plan, store)[0];
  EXPECT_EQ(row.exact.draws, 3);
  EXPECT_EQ(row.fit.risk.draws, 2);
  EXPECT_NEAR(row.fit.risk.ratio, 0.65, kRounding);
  // Differences 0.1 and 0.2: mean 0.15, standard error 0.05.
  EXPECT_NEAR(row.fit.difference_in_se.value(), 3, 1e-9);
}

TEST(Summary, AnEmptyStoreGivesRowsWithoutNumbers) {
  const Plan plan = small_plan();
  const std::vector<Row> rows = summarise(plan, Store::in_memory());
  ASSERT_EQ(rows.size(), 12u);
  for (const Row& row : rows) {
    EXPECT_FALSE(row.limit);
    EXPECT_EQ(row.exact.draws, 0);
    EXPECT_TRUE(std::isnan(row.exact.ratio));
    EXPECT_FALSE(row.train.difference_in_se);
    EXPECT_GT(row.missing, 0u);
  }
  for (const Curves& curves : training_curves(plan, Store::in_memory())) {
    EXPECT_TRUE(curves.train.empty());
    EXPECT_FALSE(curves.flow);
  }
}

TEST(Summary, CurvesAreThoseOfTheBestStepSize) {
  const Plan plan = small_plan({{"sweep.methods", "[limit, exact, train, flow]"}, {"train.draws", "2"}});
  Store store = Store::in_memory();
  static_cast<void>(run_plan(plan, store, {.jobs = 1}));
  const std::vector<Curves> curves = training_curves(plan, store);
  ASSERT_EQ(curves.size(), 6u);  // NT and NN at three widths
  for (const Curves& curve : curves) {
    ASSERT_EQ(curve.train.size(), 2u);
    ASSERT_TRUE(curve.flow);
    EXPECT_EQ(curve.train[0].step_size, curve.flow->step_size);
    EXPECT_EQ(curve.train[0].draw, 0);
    EXPECT_EQ(curve.train[1].draw, 1);
    EXPECT_EQ(curve.train[0].trajectory.size(), curve.flow->trajectory.size());
  }
  for (const Row& row : summarise(plan, store)) EXPECT_EQ(row.missing + row.failed, 0u);
}

}  // namespace
}  // namespace lazygap::experiment
