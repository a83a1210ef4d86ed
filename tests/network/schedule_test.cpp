#include "lazygap/network/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace lazygap {
namespace {

constexpr double kRounding = 1e-12;

std::vector<StepSizes> all_step_sizes() {
  std::vector<StepSizes> all;
  for (const Schedule schedule : {Schedule::constant, Schedule::tail_drop, Schedule::quadratic_decay})
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const std::int64_t steps : {1, 2, 7, 12, 1000, 20001})
        all.push_back({schedule, regime, steps, 0.03});
  return all;
}

TEST(Schedule, IsThatOfItsDefinition) {
  const auto at = [](Schedule schedule, Regime regime, std::int64_t step) {
    return StepSizes{schedule, regime, 200000, 0.3}.at(step);
  };
  EXPECT_EQ(at(Schedule::constant, Regime::nn, 199999), 0.3);
  EXPECT_EQ(at(Schedule::tail_drop, Regime::nn, 169999), 0.3);
  EXPECT_EQ(at(Schedule::tail_drop, Regime::nn, 170000), 0.03);
  EXPECT_EQ(at(Schedule::tail_drop, Regime::nn, 185000), 0.02);
  EXPECT_EQ(at(Schedule::tail_drop, Regime::nt, 179999), 0.3);
  EXPECT_EQ(at(Schedule::tail_drop, Regime::nt, 180000), 0.03);
  EXPECT_EQ(at(Schedule::tail_drop, Regime::nt, 190000), 0.02);
  EXPECT_EQ(at(Schedule::quadratic_decay, Regime::nt, 0), 0.3);
  EXPECT_NEAR(at(Schedule::quadratic_decay, Regime::nt, 100000), 0.3 * (0.01 + 0.99 / 4), kRounding);
  EXPECT_NEAR(at(Schedule::quadratic_decay, Regime::nn, 199999), 0.003, 1e-10 * 0.3);  // (1 / T)^2
}

TEST(Schedule, TheTimeIsTheSumOfTheStepSizes) {
  for (const StepSizes& sizes : all_step_sizes()) {
    double sum = 0;
    for (std::int64_t step = 0; step < sizes.steps; ++step) {
      EXPECT_NEAR(sizes.time_after(step), sum,
                  kRounding * sizes.step_size * static_cast<double>(sizes.steps));
      sum += sizes.at(step);
    }
    EXPECT_NEAR(sizes.time_after(sizes.steps), sum, kRounding * sum);
  }
}

TEST(Schedule, AtTheEndStepSizesHaveFallen) {
  for (const StepSizes& sizes : all_step_sizes()) {
    const std::int64_t end = sizes.end_begins();
    ASSERT_GE(end, 0);
    ASSERT_LE(end, sizes.steps);
    if (sizes.schedule == Schedule::constant) {
      EXPECT_EQ(end, sizes.steps);
    }
    if (end < sizes.steps) {
      EXPECT_LT(sizes.at(end), 0.3 * sizes.step_size);
    }
  }
}

TEST(RecordSteps, CoverTheRun) {
  EXPECT_EQ(record_steps(100, 5), (std::vector<std::int64_t>{0, 6, 25, 56, 100}));
  EXPECT_EQ(record_steps(2, 100), (std::vector<std::int64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace lazygap
