#include "lazygap/report/contents.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lazygap/schedule/run.h"

namespace lazygap::report {
namespace {

plan::Plan plan_of(const std::string& more) {
  return plan::plan_from_text(
      "name = \"contents\"\nproblem = { model = \"qf\", d = 4, spectrum = { law = \"exponential\" } }\n"
      "sweep = { regimes = [\"NT\", \"RF(I)\"], neurons = [2, 3], methods = [\"limit\", \"exact\"], draws = "
      "3 }\n" +
          more,
      "contents.toml");
}

std::size_t column(const Table& table, const std::string& name) {
  return static_cast<std::size_t>(std::find(table.header.begin(), table.header.end(), name) -
                                  table.header.begin());
}

TEST(Contents, OfPlansThatShareAStoreAreToldApart) {
  store::Store store = store::Store::in_memory();
  schedule::run_plan(plan_of(""), store);
  const Table one = contents(store);
  EXPECT_EQ(one.header, (std::vector<std::string>{"model", "regime", "route", "d", "N", "R/R0", "draws",
                                                  "step size", "without a number"}));
  ASSERT_EQ(one.lines.size(), 8u);
  schedule::run_plan(plan_of("activation.name = \"relu\"\n"), store);
  const Table two = contents(store);
  const std::size_t activation = column(two, "activation.name");
  ASSERT_LT(activation, two.header.size()) << align(two);
  std::size_t relu = 0;
  for (const auto& line : two.lines) {
    EXPECT_EQ(line.size(), two.header.size());
    relu += line[activation] == "relu";
    if (line[2] == "exact") {
      EXPECT_EQ(line[column(two, "draws")], "3");
      EXPECT_NE(line[column(two, "R/R0")].find('('), std::string::npos) << "no standard error";
    }
  }
  EXPECT_EQ(relu, two.lines.size() - one.lines.size());
}

TEST(Contents, TrainingStandsAtItsBestStepSize) {
  store::Store store = store::Store::in_memory();
  store::Result result;
  result.method = "train";
  result.regime = "NT";
  result.model = "qf";
  result.d = 4;
  result.N = 2;
  result.null_risk = 1;
  const auto save = [&](double step_size, int draw, double ratio) {
    result.key = std::to_string(step_size) + std::to_string(draw);
    result.parameters = "{\"task\":\"train\",\"draw\":" + std::to_string(draw) + "}";
    result.step_size = step_size;
    result.draw = draw;
    result.ratio = result.risk = ratio;
    result.status = std::isnan(ratio) ? Status::diverged : Status::ok;
    store.save(result);
  };
  save(0.1, 0, 0.5);
  save(0.1, 1, 0.6);
  save(0.2, 0, 0.4);
  save(0.2, 1, 0.5);
  save(0.4, 0, 0.1);
  save(0.4, 1, std::nan(""));
  const Table table = contents(store);
  ASSERT_EQ(table.lines.size(), 1u);
  EXPECT_EQ(table.lines[0],
            (std::vector<std::string>{"qf", "NT", "train", "4", "2", "0.45(5)", "2", "0.2", "1"}));
}

TEST(Contents, OfAnEmptyStoreIsAHeader) { EXPECT_TRUE(contents(store::Store::in_memory()).lines.empty()); }

}  // namespace
}  // namespace lazygap::report
