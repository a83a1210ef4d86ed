#include "schedule/expected.h"

#include <gtest/gtest.h>

#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

TEST(ExpectedFollowingCells, AreAsManyBeforeTheTrainingAsAfterIt) {
  const Plan plan = small_plan(kWithFlow);
  Store store = Store::in_memory();
  const std::vector<Cell> before = expected_following_cells(plan, store);
  static_cast<void>(run_plan(plan, store, {.jobs = 2}));
  const std::vector<Cell> after = expected_following_cells(plan, store);
  ASSERT_EQ(before.size(), after.size());
  ASSERT_FALSE(before.empty());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].method, after[i].method);
    EXPECT_EQ(before[i].point, after[i].point);
    EXPECT_EQ(before[i].draw, after[i].draw);
  }
  EXPECT_TRUE(expected_following_cells(small_plan({{"sweep.methods", "[exact]"}}), store).empty());
}

}  // namespace
}  // namespace lazygap::schedule
