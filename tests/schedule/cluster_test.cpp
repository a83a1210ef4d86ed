#include "lazygap/schedule/cluster.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

/// The sums that the tests do by hand are short.
constexpr double kRounding = 1e-12;

/// Machines whose network and queue cost nothing.
Cluster ideal(int machines, int cores) {
  return {.machines = machines,
          .cores = cores,
          .latency_seconds = 0,
          .bytes_per_second = 1e300,
          .seconds_per_cell = 0,
          .serial_fraction = 0};
}

TEST(Cluster, TakesTheLongestFirst) {
  const std::vector<Work> work = {{.seconds = 2, .bytes = 5},
                                  {.seconds = 3, .bytes = 7},
                                  {.seconds = 2, .bytes = 11},
                                  {.seconds = 1, .bytes = 13}};
  const ClusterEstimate one = estimate_on(ideal(1, 1), work);
  EXPECT_EQ(one.seconds, 8);
  EXPECT_EQ(one.efficiency, 1);
  EXPECT_EQ(one.bytes_per_machine, 13);
  // 3 and 2 start; 2 follows the 2, 1 the 3.
  const ClusterEstimate two = estimate_on(ideal(1, 2), work);
  EXPECT_EQ(two.seconds, 4);
  EXPECT_EQ(two.work_seconds, 8);
  EXPECT_EQ(two.efficiency, 1);
  EXPECT_EQ(two.bytes_per_machine, 24) << "11 beside 13 at the end";
  // The machines have their memory each, and the longest group is a limit.
  const ClusterEstimate four = estimate_on(ideal(4, 1), work);
  EXPECT_EQ(four.seconds, 3);
  EXPECT_EQ(four.bytes_per_machine, 13);
  EXPECT_NEAR(four.efficiency, 8.0 / 12, kRounding);
}

TEST(Cluster, CoresInsideAGroupFollowAmdahl) {
  Cluster cluster = ideal(1, 4);
  cluster.serial_fraction = 0.1;
  const std::vector<Work> work = {{.seconds = 10, .is_threaded = true, .text = "wide"}};
  const ClusterEstimate estimate = estimate_on(cluster, work);
  EXPECT_NEAR(estimate.seconds, 10 * (0.1 + 0.9 / 4), kRounding);
  EXPECT_EQ(estimate.longest_cores, 4);
  EXPECT_EQ(estimate.longest, "wide");
  // No group spreads over machines.
  EXPECT_NEAR(estimate_on(
                  [&] {
                    auto many = cluster;
                    many.machines = 100;
                    return many;
                  }(),
                  work)
                  .seconds,
              estimate.seconds, kRounding);
  // Two of the same share the cores.
  EXPECT_NEAR(estimate_on(cluster, {work[0], work[0]}).seconds, 10 * (0.1 + 0.9 / 2), kRounding);
  EXPECT_EQ(estimate_on(cluster, {{.seconds = 10}}).seconds, 10) << "a route without threads";
}

TEST(Cluster, TheNetworkAndRankZeroCostTheirTime) {
  Cluster cluster = ideal(2, 1);
  cluster.latency_seconds = 0.25;
  const std::vector<Work> work(2, {.seconds = 1, .cells = 3});
  EXPECT_EQ(estimate_on(cluster, work).seconds, 2.5) << "two messages for each of three cells elsewhere";
  cluster.machines = 1;
  EXPECT_EQ(estimate_on(cluster, work).seconds, 2) << "no messages on one machine";
  cluster.seconds_per_cell = 0.5;
  const ClusterEstimate busy = estimate_on(cluster, work);
  EXPECT_EQ(busy.queue_seconds, 3);
  EXPECT_EQ(busy.seconds, 3) << "rank 0 is what takes longest";
}

TEST(Cluster, MoreMachinesTakeLessTimeAndNeverLessThanTheLongestGroup) {
  const Plan plan = small_plan(kWithFlow);
  const Store store = Store::in_memory();
  constexpr double kRate = 1e9;
  double before = 0, work = 0;
  for (const int machines : {1, 2, 4, 1000}) {
    const ClusterEstimate now = estimate_on(ideal(machines, 1), plan, store, kRate);
    if (before > 0) {
      EXPECT_LE(now.seconds, before);
      EXPECT_NEAR(now.work_seconds, work, kRounding * work);
    }
    EXPECT_GE(now.seconds, now.longest_seconds);
    EXPECT_GE(now.seconds * machines, now.work_seconds * (1 - kRounding));
    EXPECT_LE(now.efficiency, 1 + kRounding);
    before = now.seconds;
    work = now.work_seconds;
  }
  EXPECT_NEAR(estimate_on(ideal(1, 1), plan, store, 2 * kRate).seconds,
              estimate_on(ideal(1, 1), plan, store, kRate).seconds / 2, kRounding * work);
}

TEST(Cluster, WhatIsFinishedTakesNoTime) {
  const Plan plan = small_plan(kWithFlow);
  Store store = Store::in_memory();
  static_cast<void>(run_plan(plan, store, {.jobs = 2}));
  const ClusterEstimate estimate = estimate_on(Cluster{.machines = 3, .cores = 2}, plan, store, 1e9);
  EXPECT_EQ(estimate.seconds, 0);
  EXPECT_EQ(estimate.efficiency, 0);
  EXPECT_EQ(estimate.longest, "");
}

TEST(Cluster, NumbersOutOfRangeAreRefused) {
  const auto message = [](Cluster cluster) {
    try {
      static_cast<void>(estimate_on(cluster, std::vector<Work>()));
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message({.machines = 0}), "the number of machines is 0, but must be from 1 to 1000000");
  EXPECT_EQ(message({.cores = -1}), "the number of cores of a machine is -1, but must be from 1 to 1000000");
  EXPECT_EQ(message({.machines = 2000, .cores = 1000}),
            "2000 machines of 1000 cores are more than 1000000 cores");
  EXPECT_EQ(message({.latency_seconds = -1}), "the latency is -1 s, but must be at least 0");
  EXPECT_EQ(message({.bytes_per_second = 0}), "the bandwidth is 0 bytes a second, but must be larger than 0");
}

}  // namespace
}  // namespace lazygap::schedule
