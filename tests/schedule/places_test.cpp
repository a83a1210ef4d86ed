#include "../src/schedule/places.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "lazygap/schedule/estimate.h"
#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

TEST(Places, OneIsThisProcess) {
  const Plan plan = small_plan();
  const std::vector<Place> places = places_of(plan, {.jobs = 3, .memory_bytes = 1e9});
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(cores_of(places), 3);
  EXPECT_EQ(largest_memory(places), 1e9);
}

TEST(Places, OfOneHostShareItsMemory) {
  const std::vector<Place> places{{.cores = 2, .host = "a", .memory_bytes = 5},
                                  {.cores = 1, .host = "b", .memory_bytes = 7},
                                  {.cores = 4, .host = "a", .memory_bytes = 3}};
  EXPECT_EQ(cores_of(places), 7);
  EXPECT_EQ(memory_of(places), (std::map<std::string, double>{{"a", 3}, {"b", 7}}));
  EXPECT_EQ(largest_memory(places), 7);
}

TEST(Places, AGroupGetsItsPartOfTheCores) {
  EXPECT_EQ(cores_for(10, 10, 4, true), 4);
  EXPECT_EQ(cores_for(10, 10, 4, false), 1);
  EXPECT_EQ(cores_for(6, 10, 4, true), 2);
  EXPECT_EQ(cores_for(1, 100, 4, true), 1);
  EXPECT_EQ(cores_for(0, 0, 4, true), 1);
  // Sums that have been rounded, or work that has been underestimated.
  EXPECT_EQ(cores_for(0.3, 0.1 + 0.2, 4, true), 4);
  EXPECT_EQ(cores_for(20, 10, 4, true), 4);
}

/// Two places of this process that count what they are asked.
struct Counted {
  std::atomic<int> groups{0}, side_by_side{0}, most{0};
  Place place(const Plan& plan, int cores, const std::string& host, double memory) {
    Place place = this_process({.jobs = cores, .memory_bytes = memory}, plan.instances);
    place.host = host;
    place.answer = [this, here = place.answer](std::span<const Question> questions,
                                               const route::Control& control) {
      ++groups;
      const int now = ++side_by_side;
      for (int before = most; now > before && !most.compare_exchange_weak(before, now);) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      here(questions, control);
      --side_by_side;
    };
    return place;
  }
};

TEST(Places, ShareTheGroupsOfARun) {
  const Plan plan = small_plan(kWithFlow);
  Counted first, second;
  Store store = Store::in_memory();
  const RunReport report =
      run_plan(plan, store, {.places = {first.place(plan, 1, "a", 1e9), second.place(plan, 2, "b", 1e9)}});
  EXPECT_EQ(report.computed, report.cells);
  EXPECT_GT(first.groups, 0);
  EXPECT_GT(second.groups, 0);
  EXPECT_EQ(first.most, 1);
  EXPECT_LE(second.most, 2);
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 1));
}

TEST(Places, WithoutTheMemoryForAGroupAreLeftOut) {
  const Plan plan = small_plan();
  Counted small, large;
  Store store = Store::in_memory();
  const RunReport report =
      run_plan(plan, store, {.places = {small.place(plan, 1, "a", 1), large.place(plan, 1, "b", 1e9)}});
  EXPECT_EQ(report.computed, report.cells);
  EXPECT_EQ(small.groups, 0);
}

TEST(Places, AGroupAloneGetsAllCoresAndKeepsItsNumbers) {
  for (const char* method : {"exact", "fit", "train"}) {
    const Plan plan = small_plan({{"sweep.methods", "[" + std::string(method) + "]"},
                                  {"sweep.regimes", method == std::string("train") ? "[NN]" : "[\"RF(I)\"]"},
                                  {"sweep.neurons", "[120]"},
                                  {"sweep.draws", "1"},
                                  {"train.step_sizes", "[0.003]"},
                                  {"activation.name", "relu"}});
    const PlanEstimate estimate = estimate_plan(plan, Store::in_memory(), {.jobs = 2});
    ASSERT_EQ(estimate.groups.size(), 1u);
    EXPECT_EQ(estimate.groups[0].cores, 2) << method;
    Store store = Store::in_memory();
    static_cast<void>(run_plan(plan, store, {.jobs = 2}));
    const std::vector<Result> results = results_of(plan, store);
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].provenance.threads, 2) << method;
    expect_same_numbers(results, run_in_memory(plan, 1));
  }
}

TEST(Places, AreWhatAnEstimateIsFor) {
  const Plan plan = small_plan();
  Counted a;
  const PlanEstimate estimate = estimate_plan(
      plan, Store::in_memory(), {.places = {a.place(plan, 2, "a", 5e8), a.place(plan, 3, "b", 1e9)}});
  EXPECT_EQ(estimate.cores, 5);
  EXPECT_EQ(estimate.available_bytes, 1e9);
  EXPECT_EQ(a.groups, 0);
}

}  // namespace
}  // namespace lazygap::schedule
