#include "lazygap/report/summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "lazygap/schedule/run.h"
#include "support/small_plan.h"

namespace lazygap::report {
namespace {

using namespace test;
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
    result.N = neurons(plan, cell);
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
  EXPECT_EQ(row.d, 12);
  EXPECT_EQ(row.rho, 0.5);
  EXPECT_EQ(row.ratio(Method::limit), 0.5);
  const Summary& exact = *row.find(Method::exact);
  EXPECT_EQ(exact.risk.draws, 3);
  EXPECT_NEAR(exact.risk.ratio, 0.5, kRounding);
  EXPECT_NEAR(exact.risk.se.value(), 0.1 / std::sqrt(3), kRounding);
  const Summary& train = *row.find(Method::train);
  EXPECT_EQ(train.step_size, 0.003);
  EXPECT_FALSE(train.step_size_at_edge);
  EXPECT_EQ(train.risk.draws, 1);
  EXPECT_EQ(train.risk.ratio, 0.45);
  EXPECT_FALSE(train.risk.se);
  EXPECT_EQ(train.test_ratio, 0.46);
  EXPECT_EQ(train.test_se, 0.02);
  // One draw: its risk above the exact risk of draw 0, with the error of the estimate on fresh samples.
  EXPECT_EQ(train.exact_ratio, 0.4);
  EXPECT_FALSE(train.exact_se);
  EXPECT_NEAR(train.excess.value(), 0.05, kRounding);
  EXPECT_EQ(train.excess_se, 0.02);
  for (const auto& [method, summary] : row.summaries)
    EXPECT_EQ(summary.missing + summary.failed + summary.diverged + summary.not_converged, 0u);
  EXPECT_EQ(row.find(Method::fit), nullptr);
  EXPECT_FALSE(row.ratio(Method::fit));
}

TEST(Summary, PairsDrawsWithTheExactRiskOfTheSameW) {
  const Plan plan = trained_plan("2");
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    const auto draw = static_cast<double>(cell.draw);
    result.ratio = 0.4 + 0.1 * draw;
    if (cell.method == Method::train) result.ratio += cell.draw == 0 ? 0.01 : 0.03;
    if (cell.method == Method::train) result.test_ratio = 0.5, result.test_se = 0.02;
  });
  const std::vector<Row> rows = summarise(plan, store);
  const Summary& train = *rows.at(0).find(Method::train);
  // The spread of W cancels: differences 0.01 and 0.03, mean 0.02, standard error 0.01.
  EXPECT_NEAR(train.exact_ratio.value(), 0.45, kRounding);
  EXPECT_NEAR(train.exact_se.value(), 0.05, kRounding);
  EXPECT_NEAR(train.excess.value(), 0.02, kRounding);
  EXPECT_NEAR(train.excess_se.value(), 0.01, kRounding);
  EXPECT_NEAR(train.risk.se.value(), 0.06, kRounding);
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
  const std::vector<Row> rows = summarise(plan, store);
  const Summary& train = *rows.at(0).find(Method::train);
  EXPECT_EQ(train.step_size, 0.003);
  EXPECT_EQ(train.diverged, 1u);
  EXPECT_FALSE(train.largest_diverged) << "in one draw only";
  EXPECT_EQ(train.by_step_size.at(0.001).draws, 2);
  EXPECT_EQ(train.by_step_size.at(0.01).draws, 1);
  EXPECT_NEAR(train.by_step_size.at(0.001).ratio, 0.99, kRounding);
}

TEST(Summary, TellsThatTheBestIsAtTheEdge) {
  const Plan plan = trained_plan();
  for (const bool falling : {true, false}) {
    const Store store = filled(plan, [&](const Cell& cell, Result& result) {
      result.ratio = falling ? 1 - cell.step_size : 1 + cell.step_size;
    });
    const std::vector<Row> rows = summarise(plan, store);
    const Summary& train = *rows.at(0).find(Method::train);
    EXPECT_EQ(train.step_size, falling ? 0.01 : 0.001);
    EXPECT_TRUE(train.step_size_at_edge);
  }
}

TEST(Summary, TellsThatTheLargestStepSizeDiverged) {
  const Plan plan = trained_plan("2");
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    result.ratio = 0.5;
    if (cell.step_size == 0.01) result.status = Status::diverged;
  });
  const std::vector<Row> rows = summarise(plan, store);
  EXPECT_TRUE(rows.at(0).find(Method::train)->largest_diverged);
}

TEST(Summary, ChoosesNothingBeforeTheGridIsComplete) {
  const Plan plan = trained_plan();
  for (const Status status : {Status::none, Status::failed}) {
    const Store store = filled(plan, [&](const Cell& cell, Result& result) {
      result.ratio = 0.5;
      if (cell.step_size == 0.01) result.status = status;
    });
    const std::vector<Row> rows = summarise(plan, store);
    const Summary& train = *rows.at(0).find(Method::train);
    EXPECT_FALSE(train.step_size);
    EXPECT_EQ(train.risk.draws, 0);
    EXPECT_EQ(train.missing, status == Status::none ? 1u : 0u);
    EXPECT_EQ(train.failed, status == Status::failed ? 1u : 0u);
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
  const std::vector<Row> rows = summarise(plan, store);
  EXPECT_EQ(rows.at(0).find(Method::exact)->risk.draws, 1);
  EXPECT_FALSE(rows.at(0).find(Method::exact)->risk.se);
  const Summary& train = *rows.at(0).find(Method::train);
  EXPECT_EQ(train.step_size, 0.01);
  EXPECT_FALSE(train.step_size_at_edge);  // a grid of one
  EXPECT_NEAR(train.exact_ratio.value(), 0.1, kRounding);
  EXPECT_FALSE(train.exact_se);  // one number for all draws
  EXPECT_NEAR(train.excess.value(), 0.03, kRounding);
  EXPECT_NEAR(train.excess_se.value(), 0.01 / std::sqrt(3), kRounding);
}

// With an output scale the end of training is that of lazy_rich, for the W of the same draw.
TEST(Summary, ComparesScaledNnWithItsOwnEnd) {
  const Plan plan = small_plan({{"sweep.regimes", "[NN]"},
                                {"sweep.neurons", "[6]"},
                                {"sweep.methods", "[exact, lazy_rich, train]"},
                                {"train.parameterisation", "unit"},
                                {"train.draws", "2"},
                                {"network.output_scale", "3.0"}});
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    result.ratio = 0.1;  // exact
    if (cell.method == Method::lazy_rich) result.ratio = 0.3 + 0.1 * static_cast<double>(cell.draw);
    if (cell.method == Method::train) result.ratio = 0.32 + 0.1 * static_cast<double>(cell.draw);
  });
  const std::vector<Row> rows = summarise(plan, store);
  const Summary* trained = rows.at(0).find(Method::train);
  ASSERT_TRUE(trained != nullptr && trained->excess);
  EXPECT_NEAR(*trained->exact_ratio, 0.35, kRounding);
  EXPECT_NEAR(*trained->excess, 0.02, kRounding);
}

TEST(Summary, FitsHaveTheirOwnDraws) {
  const Plan plan = small_plan({{"sweep.regimes", "[RF(I)]"},
                                {"sweep.neurons", "[6]"},
                                {"fit.draws", "2"},
                                {"sweep.methods", "[exact, fit]"}});
  const Store store = filled(plan, [](const Cell& cell, Result& result) {
    result.ratio = 0.5 + (cell.method == Method::fit ? 0.1 : 0) * (1 + static_cast<double>(cell.draw));
  });
  const std::vector<Row> rows = summarise(plan, store);
  EXPECT_EQ(rows.at(0).find(Method::exact)->risk.draws, 3);
  const Summary& fit = *rows.at(0).find(Method::fit);
  EXPECT_EQ(fit.risk.draws, 2);
  EXPECT_NEAR(fit.risk.ratio, 0.65, kRounding);
  // Differences 0.1 and 0.2: mean 0.15, standard error 0.05.
  EXPECT_NEAR(fit.excess.value(), 0.15, kRounding);
  EXPECT_NEAR(fit.excess_se.value(), 0.05, kRounding);
}

TEST(Summary, AnEmptyStoreGivesRowsWithoutNumbers) {
  const std::vector<Row> rows = summarise(small_plan(), Store::in_memory());
  ASSERT_EQ(rows.size(), 12u);
  for (const Row& row : rows)
    for (const auto& [method, summary] : row.summaries) {
      EXPECT_FALSE(row.ratio(method));
      EXPECT_EQ(summary.risk.draws, 0);
      EXPECT_TRUE(std::isnan(summary.risk.ratio));
      EXPECT_FALSE(summary.excess);
      EXPECT_GT(summary.missing, 0u);
    }
}

TEST(Summary, HasTheResultsOfTheBestStepSize) {
  const Plan plan = small_plan({{"sweep.methods", "[limit, exact, train, flow]"},
                                {"sweep.regimes", "[NT, NN]"},
                                {"train.draws", "2"}});
  Store store = Store::in_memory();
  static_cast<void>(schedule::run_plan(plan, store, {.jobs = 1}));
  const std::vector<Row> rows = summarise(plan, store);
  ASSERT_EQ(rows.size(), 6u);  // NT and NN at three widths
  for (const Row& row : rows) {
    const Summary& train = *row.find(Method::train);
    const Summary& flow = *row.find(Method::flow);
    ASSERT_EQ(train.results.size(), 2u);
    ASSERT_EQ(flow.results.size(), 2u) << "of the draws that are trained";
    for (const Result& result : train.results) EXPECT_EQ(result.step_size, train.step_size);
    for (const Result& result : flow.results) EXPECT_EQ(result.step_size, train.step_size);
    EXPECT_EQ(train.results[0].draw, 0);
    EXPECT_EQ(train.results[1].draw, 1);
    EXPECT_EQ(train.results[0].trajectory.size(), flow.results[0].trajectory.size());
    for (const auto& [method, summary] : row.summaries) EXPECT_EQ(summary.missing + summary.failed, 0u);
  }
}

TEST(Summary, KeepsTheBestAlongAnAxisOfEachRoute) {
  const Plan plan = small_plan({{"sweep.regimes", "[RF(I)]"},
                                {"sweep.neurons", "[6]"},
                                {"sweep.methods", "[exact, fit]"},
                                {"fit.draws", "1"},
                                {"axes.fit.ridge", "[0.0, 0.5, 1.0]"},
                                {"axes.activation.name", "[relu, quadratic]"},
                                {"sweep.best", "[fit.ridge]"}});
  const Store store = filled(plan, [&](const Cell& cell, Result& result) {
    const Question question = question_of(plan, cell);
    const double shift = question.network.activation.name == "relu" ? 0.1 : 0;
    const double off = question.fit.ridge - 0.5;
    result.ratio = 0.3 + shift + (cell.method == Method::fit ? off * off : 0);
  });
  const std::vector<Row> rows = summarise(plan, store);
  ASSERT_EQ(rows.size(), 2u) << "one for each activation";
  for (const Row& row : rows) {
    const Summary& fit = *row.find(Method::fit);
    EXPECT_EQ(plan.at(Method::fit, row.regime, fit.point).fit.ridge, 0.5);
    EXPECT_NEAR(fit.excess.value(), 0, kRounding);
  }
  ASSERT_EQ(coordinates(plan).size(), 1u);
  EXPECT_EQ(coordinates(plan)[0]->path, "activation.name");
  EXPECT_NE(coordinate_text(plan, rows[0], *coordinates(plan)[0]),
            coordinate_text(plan, rows[1], *coordinates(plan)[0]));
}

// As one does who has samples and no theory: the best by the criterion, which need not have the least risk.
TEST(Summary, TheBestMayBeChosenByCrossValidation) {
  const auto best_ridge = [](const std::string& by) {
    const Plan plan = small_plan({{"sweep.regimes", "[RF(I)]"},
                                  {"sweep.neurons", "[6]"},
                                  {"sweep.methods", "[fit]"},
                                  {"fit.draws", "2"},
                                  {"axes.fit.ridge", "[0.0, 0.5, 1.0]"},
                                  {"sweep.best", "[fit.ridge]"},
                                  {"sweep.best_by", by}});
    const Store store = filled(plan, [&](const Cell& cell, Result& result) {
      const double ridge = question_of(plan, cell).fit.ridge;
      result.ratio = 0.3 + ridge;
      result.gcv_ratio = 0.3 + std::abs(ridge - 0.5);
      result.loo_ratio = 0.9 - ridge;
    });
    const std::vector<Row> rows = summarise(plan, store);
    EXPECT_EQ(rows.size(), 1u);
    const Summary& fit = *rows.at(0).find(Method::fit);
    EXPECT_NEAR(fit.gcv_ratio.value(),
                0.3 + std::abs(plan.at(Method::fit, rows[0].regime, fit.point).fit.ridge - 0.5), kRounding);
    return plan.at(Method::fit, rows[0].regime, fit.point).fit.ridge;
  };
  EXPECT_EQ(best_ridge("risk"), 0);
  EXPECT_EQ(best_ridge("gcv"), 0.5);
  EXPECT_EQ(best_ridge("leave-one-out"), 1);
}

TEST(Summary, BayesHasARowForEachProblem) {
  const Plan plan = small_plan({{"problem.model", "mg"},
                                {"problem.spectrum", "{law = identity, scale = 0.1}"},
                                {"axes.problem.spectrum.scale", "[0.1, 0.2]"},
                                {"axes.train.batch", "[1, 2]"},
                                {"sweep.regimes", "[Bayes, NT]"},
                                {"sweep.methods", "[exact]"}});
  std::size_t bayes = 0;
  for (const Row& row : summarise(plan, Store::in_memory())) {
    if (row.regime != Regime::bayes) continue;
    ++bayes;
    EXPECT_EQ(row.N, 0);
  }
  EXPECT_EQ(bayes, 2u);
}

TEST(MeanAndSe, OfFewNumbers) {
  EXPECT_TRUE(std::isnan(mean_and_se({}).first));
  EXPECT_EQ(mean_and_se({3}), (std::pair<double, std::optional<double>>(3, std::nullopt)));
  const auto [mean, se] = mean_and_se({1, 3});
  EXPECT_EQ(mean, 2);
  EXPECT_NEAR(se.value(), 1, kRounding);  // standard deviation sqrt(2), divided by sqrt(2)
}

}  // namespace
}  // namespace lazygap::report
