#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "lazygap/schedule/best.h"
#include "lazygap/schedule/run.h"
#include "support/small_plan.h"

namespace lazygap::test {

using schedule::Progress;
using schedule::RunOptions;
using schedule::RunReport;
using store::Result;
using store::Store;

/// Bits of a number: two NaN of the same kind are equal, 0 and -0 are not.
inline std::uint64_t bits(double number) {
  std::uint64_t word = 0;
  std::memcpy(&word, &number, sizeof(word));
  return word;
}

inline void expect_same_numbers(const std::vector<Result>& a, const std::vector<Result>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    SCOPED_TRACE(a[i].parameters);
    EXPECT_EQ(a[i].key, b[i].key);
    EXPECT_EQ(a[i].status, b[i].status);
    EXPECT_EQ(bits(a[i].risk), bits(b[i].risk)) << a[i].risk << " " << b[i].risk;
    EXPECT_EQ(a[i].test_ratio, b[i].test_ratio);
    ASSERT_EQ(a[i].trajectory.size(), b[i].trajectory.size());
    for (std::size_t k = 0; k < a[i].trajectory.size(); ++k)
      EXPECT_EQ(a[i].trajectory[k].risk, b[i].trajectory[k].risk);
  }
}

inline std::vector<Result> run_in_memory(const Plan& plan, int jobs) {
  Store store = Store::in_memory();
  const RunReport report = schedule::run_plan(plan, store, {.jobs = jobs});
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(report.computed, report.cells);
  return schedule::results_of(plan, store);
}

inline const Overrides kWithFlow{{"sweep.methods", "[limit, exact, train, fit, flow]"}};

inline std::optional<double> best_at(const Plan& plan, const Store& store, Regime regime, Index N) {
  const std::vector<Cell> cells = cells_at(plan, Method::train, regime, point_of_width(plan, N));
  return schedule::best_step_size(cells, find_cells(plan, store, cells));
}

}  // namespace lazygap::test
