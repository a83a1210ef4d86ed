#include "lazygap/schedule/estimate.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

TEST(Estimate, NamesThePathsOfAllWidths) {
  const Plan plan = small_plan(
      {{"sweep.methods", "[train]"}, {"sweep.regimes", "[NN]"}, {"train.share_samples", "widths"}});
  const PlanEstimate estimate = estimate_plan(plan, Store::in_memory(), {.jobs = 1});
  ASSERT_EQ(estimate.groups.size(), 1u);
  const std::string& path = estimate.groups[0].path;
  EXPECT_EQ(path.find("direct, "), 0u) << path;
  EXPECT_NE(path.find("; LQ, "), std::string::npos) << path;
}

TEST(Estimate, NamesThePathsThatRun) {
  const Plan plan = small_plan(
      {{"sweep.methods", "[train]"}, {"sweep.regimes", "[NT, NN]"}, {"train.step_sizes", "[0.003]"}});
  const std::vector<Cell> cells = make_cells(plan);
  const PlanEstimate estimate = estimate_plan(plan, Store::in_memory(), {.jobs = 1});
  const std::vector<Result> results = run_in_memory(plan, 1);
  ASSERT_EQ(results.size(), cells.size());
  ASSERT_EQ(estimate.groups.size(), cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    EXPECT_EQ(results[i].message, estimate.groups[i].path);
    EXPECT_EQ(results[i].message.find(cells[i].regime == Regime::nt  ? "error form, "
                                      : neurons(plan, cells[i]) > 12 ? "LQ, "
                                                                     : "direct, "),
              0u)
        << results[i].message;
  }
}

TEST(Estimate, CountsCellsTimeAndMemory) {
  const Plan plan = small_plan(kWithFlow);
  Store store = Store::in_memory();
  const auto total = [](const PlanEstimate& estimate) {
    std::size_t cells = 0, finished = 0;
    for (const GroupEstimate& group : estimate.groups) {
      cells += group.cells;
      finished += group.finished;
      EXPECT_EQ(group.seconds > 0, group.finished < group.cells);
      EXPECT_GT(group.bytes, 0);
    }
    return std::pair(cells, finished);
  };
  const PlanEstimate before = estimate_plan(plan, store, {.jobs = 2});
  EXPECT_EQ(total(before), std::pair(make_cells(plan).size() + 6, std::size_t{0}));
  EXPECT_GT(before.seconds, 0);
  EXPECT_GT(before.bytes, 0);
  EXPECT_GT(before.available_bytes, before.bytes);
  EXPECT_TRUE(results_of(plan, store).empty());
  static_cast<void>(run_plan(plan, store, {.jobs = 2}));
  const PlanEstimate after = estimate_plan(plan, store, {.jobs = 2});
  EXPECT_EQ(total(after), std::pair(make_cells(plan).size() + 6, make_cells(plan).size() + 6));
  EXPECT_EQ(after.seconds, 0);
  EXPECT_EQ(after.bytes, 0);
}

TEST(BytesText, HasAUnitThatFits) {
  EXPECT_EQ(bytes_text(1), "1 KiB");
  EXPECT_EQ(bytes_text(1024.0 * 1024 * 3), "3 MiB");
  EXPECT_EQ(bytes_text(1.5 * 1024 * 1024 * 1024), "1.5 GiB");
}

}  // namespace
}  // namespace lazygap::schedule
