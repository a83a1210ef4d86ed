#include "lazygap/schedule/best.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

TEST(FlowCells, FlowFollowsTheStepSizeThatWonTheTraining) {
  const Plan plan = small_plan(kWithFlow);
  Store store = Store::in_memory();
  static_cast<void>(run_plan(plan, store, {.jobs = 2}));
  std::size_t flows = 0;
  for (const Result& result : results_of(plan, store))
    if (result.method == "flow") {
      ++flows;
      EXPECT_EQ(result.step_size, best_at(plan, store, regime_from_string(result.regime), result.N));
      EXPECT_FALSE(result.trajectory.empty());
    }
  EXPECT_EQ(flows, 6u);

  // Without training, the first of the grid.
  const Plan alone = small_plan({{"sweep.methods", "[flow]"}});
  Store other = Store::in_memory();
  EXPECT_EQ(run_plan(alone, other, {.jobs = 2}).computed, 6u);
  for (const Result& result : results_of(alone, other)) EXPECT_EQ(result.step_size, 0.003);
}

store::Result with_ratio(double ratio, Status status = Status::ok) {
  store::Result result;
  result.ratio = ratio;
  result.status = status;
  return result;
}

TEST(BestStepSize, IsThatOfTheSmallestMeanThatNeverDiverged) {
  const std::vector<Cell> cells{{.draw = 0, .step_size = 0.1}, {.draw = 0, .step_size = 0.2},
                                {.draw = 0, .step_size = 0.4}, {.draw = 1, .step_size = 0.1},
                                {.draw = 1, .step_size = 0.2}, {.draw = 1, .step_size = 0.4}};
  const auto diverged = with_ratio(std::nan(""), Status::diverged);
  std::vector<std::optional<store::Result>> results{with_ratio(0.5), with_ratio(0.3), with_ratio(0.1),
                                                    with_ratio(0.5), with_ratio(0.4), diverged};
  EXPECT_EQ(best_step_size(cells, results), 0.2);
  results[1] = with_ratio(std::nan(""), Status::eliminated);
  EXPECT_EQ(best_step_size(cells, results), 0.1);
  results[0] = diverged;
  EXPECT_FALSE(best_step_size(cells, results)) << "every step size diverged";
  results = {with_ratio(0.5), with_ratio(0.3), with_ratio(0.1), with_ratio(0.5), with_ratio(0.4), {}};
  EXPECT_FALSE(best_step_size(cells, results)) << "one is missing";
  results.back() = with_ratio(0.1, Status::failed);
  EXPECT_FALSE(best_step_size(cells, results)) << "one has failed";
}

}  // namespace
}  // namespace lazygap::schedule
