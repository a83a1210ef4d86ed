#include "lazygap/report/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/hand_made.h"

namespace lazygap::report {
namespace {

plan::Plan two_rows() {
  plan::Plan plan = hand_made::plan("left", "qf", {{"sweep.neurons", "[4]"}});
  plan.regimes = {Regime::nt, Regime::rf_isotropic};
  return plan;
}

TEST(ReadableTable, ShowsAllRoutes) {
  plan::Plan plan = two_rows();
  const std::vector<Row> rows = hand_made::rows(plan);
  EXPECT_EQ(align(readable_table(plan, rows)),
            "regime  N  rho    limit     exact  simulated    excess  excess/exact  step size\n"
            "NT      4  0.5  0.20000  0.213(8)   0.231(8)  0.019(5)        +8.8 %       0.02\n"
            "RF(I)   4  0.5  0.20000  0.213(8)   0.231(8)  0.019(5)        +8.8 %          -\n");
  plan.methods = {Method::limit};
  std::vector<Row> limits = rows;
  for (Row& row : limits)
    std::erase_if(row.summaries, [](const auto& s) { return s.first != Method::limit; });
  EXPECT_EQ(align(readable_table(plan, limits)),
            "regime  N  rho    limit\n"
            "NT      4  0.5  0.20000\n"
            "RF(I)   4  0.5  0.20000\n");
}

TEST(ReadableTable, TellsTrainedFromFitted) {
  const plan::Plan plan = two_rows();
  std::vector<Row> rows{hand_made::rows(plan).front()};
  rows[0].summaries[Method::fit] = rows[0].summaries[Method::train];
  const Table table = readable_table(plan, rows);
  ASSERT_EQ(table.lines.size(), 2u);
  EXPECT_EQ(table.lines[0][0], "NT trained");
  EXPECT_EQ(table.lines[1][0], "NT fitted");
  EXPECT_EQ(simulations(rows[0]).size(), 2u);
}

TEST(Tables, NameTheFoldersOfKeptWeights) {
  const plan::Plan plan = two_rows();
  std::vector<Row> rows = hand_made::rows(plan);
  for (const Table& table : {readable_table(plan, rows), full_table(plan, rows)})
    EXPECT_NE(table.header.back(), "weights");
  auto& results = rows[0].summaries.at(Method::train).results;
  results[0].weights = "weights/a";
  results[1].weights = "weights/b";
  const Table readable = readable_table(plan, rows);
  EXPECT_EQ(readable.header.back(), "weights");
  EXPECT_EQ(readable.lines[0].back(), "weights/a weights/b");
  EXPECT_EQ(readable.lines[1].back(), "");
  const Table full = full_table(plan, rows);
  EXPECT_EQ(full.header.back(), "weights");
  for (const auto& line : full.lines) {
    EXPECT_EQ(line.size(), full.header.size());
    EXPECT_EQ(line.back(), line[0] == "NT" && line[1] == "train" ? "weights/a weights/b" : "");
  }
}

TEST(ReadableTable, UnknownNumbersAreDashes) {
  const plan::Plan plan = two_rows();
  Row row{.regime = Regime::nt, .point = 0, .N = 4, .d = 8, .rho = 0.5, .summaries = {}};
  row.summaries[Method::train].missing = 3;
  EXPECT_EQ(align(readable_table(plan, {row})),
            "regime  N  rho  limit  exact  simulated  excess  excess/exact  step size  remark\n"
            "NT      4  0.5      -      -          -       -             -          -  3 not computed yet\n");
  EXPECT_EQ(simulations(row).size(), 1u);
}

TEST(ReadableTable, HasAColumnForEveryKeyThatVaries) {
  plan::Plan plan = hand_made::plan("left", "qf", {{"sweep.neurons", "[4]"}, {"axes.fit.ridge", "[0, 0.5]"}});
  plan.regimes = {Regime::rf_isotropic};
  const Table table = readable_table(plan, hand_made::rows(plan));
  ASSERT_EQ(table.lines.size(), 2u);
  EXPECT_EQ(table.header[1], "ridge");
  EXPECT_EQ(table.lines[0][1], "0");
  EXPECT_EQ(table.lines[1][1], "0.5");
}

TEST(FullTable, HasEveryNumberByItself) {
  const plan::Plan plan = hand_made::plan(
      "left", "qf",
      {{"sweep.neurons", "[4]"}, {"axes.fit.ridge", "[0, 0.5]"}, {"problem.label_noise", "0.1"}});
  const std::vector<Row> rows = hand_made::rows(plan);
  const Table table = full_table(plan, rows);
  std::size_t routes = 0;
  for (const Row& row : rows) routes += row.summaries.size();
  ASSERT_EQ(table.lines.size(), routes);
  const auto column = [&](const std::string& name) {
    const auto found = std::find(table.header.begin(), table.header.end(), name);
    EXPECT_NE(found, table.header.end()) << name;
    return static_cast<std::size_t>(found - table.header.begin());
  };
  for (const auto& line : table.lines) {
    ASSERT_EQ(line.size(), table.header.size());
    EXPECT_EQ(line[column("problem.label_noise")], "0.1");
    EXPECT_EQ(line[column("N")], "4");
    EXPECT_EQ(line[column("rho")], "0.5");
    if (line[column("method")] != "train") {
      EXPECT_EQ(line[column("step_size")], "");
      continue;
    }
    EXPECT_EQ(line[column("ratio")], "0.23125");
    EXPECT_EQ(line[column("se")], "0.0078125");
    EXPECT_EQ(line[column("exact_se")], "0.0075");
    EXPECT_EQ(line[column("excess")], "0.01875");
    EXPECT_EQ(line[column("excess_se")], "0.005");
    EXPECT_EQ(line[column("step_size")], "0.02");
    EXPECT_EQ(line[column("draws")], "2");
  }
  EXPECT_EQ(table.lines.front()[column("fit.ridge")], "0");
}

TEST(FullTable, NamesTheBestValueOfAnAxis) {
  const plan::Plan plan = hand_made::plan("left", "qf",
                                          {{"sweep.neurons", "[4]"},
                                           {"axes.fit.ridge", "[0, 0.5]"},
                                           {"sweep.best", "[fit.ridge]"},
                                           {"sweep.regimes", "[RF(I)]"},
                                           {"sweep.methods", "[fit]"}});
  std::vector<Row> rows = hand_made::rows(plan);
  rows.resize(1);
  rows[0].summaries[Method::fit].point = 1;
  const Table table = full_table(plan, rows);
  const auto place = std::find(table.header.begin(), table.header.end(), "fit.ridge") - table.header.begin();
  for (const auto& line : table.lines)
    if (line[1] == "fit") {
      EXPECT_EQ(line.at(static_cast<std::size_t>(place)), "0.5");
    }
}

TEST(Remark, TroubleIsAMissingAnswerNotADivergedStepSize) {
  Row row = hand_made::rows(hand_made::plan()).front();
  Summary& train = row.summaries[Method::train];
  EXPECT_FALSE(is_troubled(row));
  EXPECT_EQ(remark(row), "");
  train.diverged = 2;
  EXPECT_FALSE(is_troubled(row));
  EXPECT_EQ(remark(row), "2 runs diverged");
  train.largest_diverged = true;
  EXPECT_EQ(remark(row), "largest step size diverged");
  train.largest_diverged = false;
  train.step_size.reset();
  EXPECT_TRUE(is_troubled(row)) << "every step size diverged";
  train.step_size = 0.01;
  train.not_converged = 1;
  EXPECT_TRUE(is_troubled(row));
  train.not_converged = 0;
  train.failed = 1;
  train.step_size_at_edge = true;
  EXPECT_TRUE(is_troubled(row));
  EXPECT_EQ(remark(row), "best step size at the edge of the grid, 2 runs diverged, 1 failed");
}

TEST(WithError, HasTheErrorInUnitsOfTheLastDecimal) {
  EXPECT_EQ(with_error(0.8641234, 0.0042), "0.864(4)");
  EXPECT_EQ(with_error(0.8641234, 0.0012), "0.8641(12)") << "two digits where the first one is 1";
  EXPECT_EQ(with_error(0.5, std::nullopt), "0.50000");
  EXPECT_EQ(with_error(0.5, 0.0), "0.50000");
  EXPECT_EQ(with_error(2.5, 3.2), "2(3)");
  EXPECT_EQ(with_error(-1e-14, 0.01), "0.000(10)") << "rounding errors have no sign";
  EXPECT_EQ(ratio_text(-1e-14), "0.00000");
}

}  // namespace
}  // namespace lazygap::report
