#include "lazygap/schedule/run.h"

#include <cblas.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

#include "../src/schedule/tasks.h"
#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/network/weights.h"
#include "lazygap/report/summary.h"
#include "lazygap/schedule/estimate.h"
#include "schedule/runs.h"
#include "support/message.h"
#include "support/temporary_folder.h"

namespace lazygap::schedule {
namespace {

using namespace test;

TEST(RunPlan, GivesTheSameNumbersForAnyNumberOfJobs) {
  const Plan plan = small_plan(kWithFlow);
  const std::vector<Result> one = run_in_memory(plan, 1);
  EXPECT_EQ(one.size(), make_cells(plan).size() + 6);  // flow of NT and NN at three widths
  expect_same_numbers(one, run_in_memory(plan, 2));
  expect_same_numbers(one, run_in_memory(plan, 5));
}

TEST(RunPlan, WritesWhereTheNumbersComeFrom) {
  const Plan plan = small_plan({{"sweep.methods", "[limit]"}});
  for (const Result& result : run_in_memory(plan, 1)) {
    EXPECT_FALSE(result.provenance.commit.empty());
    EXPECT_FALSE(result.provenance.compiler.empty());
    EXPECT_FALSE(result.provenance.instruction_set.empty());
    EXPECT_FALSE(result.provenance.machine.empty());
    EXPECT_EQ(result.provenance.threads, 1);
    EXPECT_GE(result.provenance.seconds, 0);
    EXPECT_EQ(result.provenance.finished_at.size(), std::string("2026-01-02T03:04:05Z").size());
  }
}

TEST(RunPlan, AnswersAFinishedPlanFromTheStoreAtOnce) {
  const TemporaryFolder folder;
  // Some 800 cells, as in the largest figure.
  const Plan plan = small_plan({{"sweep.neurons", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 24]"},
                                {"sweep.draws", "10"},
                                {"train.steps", "20"},
                                {"fit.samples", "50"}});
  {
    Store store = Store::open(folder / "results.sqlite");
    const RunReport report = run_plan(plan, store, {.jobs = 2});
    EXPECT_EQ(report.computed, report.cells);
  }
  const auto start = std::chrono::steady_clock::now();
  Store store = Store::open(folder / "results.sqlite");
  const RunReport report = run_plan(plan, store, {.jobs = 2});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_GT(report.cells, 600u);
  EXPECT_EQ(report.computed, 0u);
  EXPECT_EQ(report.reused, report.cells);
  EXPECT_LT(seconds, 1.0);
}

TEST(RunPlan, KeptWeightsHaveTheStoredRisk) {
  const TemporaryFolder folder;
  // Records cut the series of general activations at 1e-9 of each second moment, of which the risk is a sum.
  constexpr double kSeries = 1e-6;
  for (const char* activation : {"quadratic", "relu"}) {
    const Plan plan = small_plan({{"sweep.methods", "[train]"},
                                  {"sweep.regimes", "[NN, NT]"},
                                  {"activation.name", activation},
                                  {"train.keep_weights", "true"},
                                  {"train.mechanism", "true"}});
    Store store = Store::in_memory();
    static_cast<void>(run_plan(plan, store, {.jobs = 2, .keep_in = folder / activation}));
    const auto instance = plan.instances->of(plan.at(Method::train, Regime::nn, 0));
    const std::vector<Result> results = results_of(plan, store);
    EXPECT_EQ(results.size(), 2u * 3u * 2u);
    for (const Result& result : results) {
      ASSERT_EQ(result.status, Status::ok);
      EXPECT_EQ(result.weights, "weights/" + result.key);
      const Weights weights = read_weights(folder / activation / result.weights);
      EXPECT_NEAR(population_risk(instance->problem, instance->activation, weights), result.risk,
                  kSeries * result.null_risk);
      EXPECT_EQ(result.mechanism.points.back().step, 300);
    }
  }
  // Nothing is kept where nobody asks for it.
  const Plan plain = small_plan({{"sweep.methods", "[train]"}, {"sweep.regimes", "[NN]"}});
  Store store = Store::in_memory();
  static_cast<void>(run_plan(plain, store, {.jobs = 1, .keep_in = folder / "plain"}));
  EXPECT_FALSE(std::filesystem::exists(folder / "plain"));
}

TEST(RunPlan, SharesResultsBetweenPlans) {
  Store store = Store::in_memory();
  static_cast<void>(run_plan(small_plan(), store, {.jobs = 1}));
  const RunReport report =
      run_plan(small_plan({{"name", "other"}, {"sweep.draws", "4"}}), store, {.jobs = 1});
  // One more draw of exact (RF twice, NT) and fit (RF twice) at three widths.
  EXPECT_EQ(report.computed, 15u);
}

TEST(RunPlan, RecordsFailedCellsAndTriesThemAgain) {
  Plan plan = small_plan();
  plan.base.train.options.alpha = -1;  // load_plan would refuse it; so does the training, cell by cell
  Store store = Store::in_memory();
  for (int round = 0; round < 2; ++round) {
    std::size_t messages = 0;
    const RunReport report =
        run_plan(plan, store,
                 {.jobs = 2, .progress = [&](const Progress& p) { messages += p.message.empty() ? 0 : 1; }});
    EXPECT_EQ(report.failed, 12u);
    EXPECT_EQ(messages, 12u);
    EXPECT_EQ(report.computed, round == 0 ? report.cells - 12 : 0);
    EXPECT_EQ(report.reused, round == 0 ? 0 : report.cells - 12);
  }
  for (const Result& result : results_of(plan, store)) {
    if (result.method != "train") continue;
    EXPECT_EQ(result.status, Status::failed);
    EXPECT_NE(result.message.find("alpha"), std::string::npos) << result.message;
    EXPECT_TRUE(std::isnan(result.risk));
  }

  // A cell that failed before, for want of memory say, is computed.
  const Plan good = small_plan();
  Result failed = compute_cell(good, make_cells(good)[0]);
  failed.status = Status::failed;
  store.save(failed);
  static_cast<void>(run_plan(good, store, {.jobs = 1}));
  EXPECT_EQ(store.find(failed.key)->status, Status::ok);
}

/// Two step sizes together, of which one is impossible.
Plan half_impossible(Plan plan) {
  plan.step_sizes = {0.003, std::numeric_limits<double>::infinity()};
  return plan;
}

TEST(RunPlan, TriesTheCellsOfAFailedGroupOneByOne) {
  Plan plan = half_impossible(small_plan({{"sweep.methods", "[train]"}, {"sweep.regimes", "[NN]"}}));
  Store store = Store::in_memory();
  const RunReport report = run_plan(plan, store, {.jobs = 1});
  EXPECT_EQ(report.failed, 3u);
  EXPECT_EQ(report.computed, 3u);
  for (const Result& result : results_of(plan, store))
    EXPECT_EQ(result.status, result.step_size == 0.003 ? Status::ok : Status::failed);
}

TEST(RunPlan, CountsAsReusedWhatAnotherProcessHasFinishedMeanwhile) {
  const Plan plan = small_plan();
  const std::vector<Result> results = run_in_memory(plan, 1);
  Store store = Store::in_memory();
  // The first look at `stop` comes after the plan has been compared with the store.
  const RunReport report = run_plan(plan, store, {.jobs = 1, .stop = [&] {
                                                    store.save(results);
                                                    return false;
                                                  }});
  EXPECT_EQ(report.computed, 0u);
  EXPECT_EQ(report.reused, report.cells);
}

TEST(RunPlan, KeepsDivergedResults) {
  const Plan plan = small_plan({{"sweep.methods", "[train]"},
                                {"sweep.regimes", "[NN]"},
                                {"train.step_sizes", "[0.003, 1000]"},
                                {"train.steps", "2000"}});
  Store store = Store::in_memory();
  const RunReport first = run_plan(plan, store, {.jobs = 1});
  EXPECT_EQ(first.diverged, 3u);
  EXPECT_EQ(first.failed, 0u);
  const RunReport second = run_plan(plan, store, {.jobs = 1});
  EXPECT_EQ(second.computed, 0u);
  EXPECT_EQ(second.diverged, 3u);
  for (const Result& result : results_of(plan, store))
    if (result.status == Status::diverged) {
      EXPECT_NE(result.message.find("diverged after"), std::string::npos) << result.message;
      EXPECT_TRUE(std::isnan(result.risk));
    }
}

/// One training of a second or so.
Plan long_plan() {
  return small_plan({{"sweep.methods", "[train]"},
                     {"sweep.regimes", "[NN]"},
                     {"sweep.neurons", "[24]"},
                     {"train.step_sizes", "[0.003]"},
                     {"train.steps", "60000"}});
}

TEST(RunPlan, StopsAndResumesWithinACell) {
  const Plan plan = long_plan();
  const std::string key = cell_key(plan, make_cells(plan)[0]);
  Store store = Store::in_memory();
  int polls = 0;
  const RunReport stopped = run_plan(plan, store, {.jobs = 1, .stop = [&] { return ++polls > 20; }});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.computed, 0u);
  EXPECT_FALSE(store.find(key));
  EXPECT_FALSE(store.checkpoint(key).empty());
  const RunReport resumed = run_plan(plan, store, {.jobs = 1});
  EXPECT_EQ(resumed.computed, 1u);
  EXPECT_TRUE(store.checkpoint(key).empty());
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 1));
}

TEST(RunPlan, StopsAndResumesWithinACellOfAFailedGroup) {
  const Plan plan = half_impossible(long_plan());
  const Cell good = make_cells(plan)[0];
  Store store = Store::in_memory();
  int polls = 0;
  const RunReport stopped = run_plan(plan, store, {.jobs = 1, .stop = [&] { return ++polls > 20; }});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.computed, 0u);
  EXPECT_FALSE(store.checkpoint(cell_key(plan, good)).empty());
  EXPECT_EQ(run_plan(plan, store, {.jobs = 1}).computed, 1u);
  EXPECT_EQ(bits(store.find(cell_key(plan, good))->risk), bits(run_in_memory(long_plan(), 1)[0].risk));
}

TEST(RunPlan, TheSecondsOfAGroupAddUpToItsTime) {
  // One of two networks ends at once, the other after all of half a second or so.
  Plan plan = long_plan();
  plan.base.train.options.steps = 200000;
  plan.step_sizes = {0.003, 1000};
  Store store = Store::in_memory();
  const RunReport report = run_plan(plan, store, {.jobs = 1});
  double seconds = 0;
  for (const Result& result : results_of(plan, store)) seconds += result.provenance.seconds;
  EXPECT_LE(seconds, report.seconds);
  // The rest of the run is milliseconds; equal parts of the time at which each has ended would give a half.
  constexpr double kPart = 0.7;
  EXPECT_GT(seconds, kPart * report.seconds);
}

TEST(RunPlan, ResumesWhereItStopped) {
  // The number of polls until the end tells how much was left to do.
  const Plan plan = long_plan();
  const auto polls_to_the_end = [&](Store& store) {
    long polls = 0;
    static_cast<void>(run_plan(plan, store, {.jobs = 1, .stop = [&] { return ++polls < 0; }}));
    return polls;
  };
  Store fresh = Store::in_memory(), interrupted = Store::in_memory();
  const long all = polls_to_the_end(fresh);
  long polls = 0;
  static_cast<void>(run_plan(plan, interrupted, {.jobs = 1, .stop = [&] { return ++polls > all * 3 / 4; }}));
  EXPECT_LT(polls_to_the_end(interrupted), all / 2);
}

TEST(RunPlan, GoesOnFromTheLastStateAfterSigkill) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // The killed process is this program, started again for this test: the environment tells it the file.
  constexpr auto kVariable = "LAZYGAP_TEST_STORE";
  std::optional<TemporaryFolder> folder;
  if (getenv(kVariable) == nullptr) setenv(kVariable, (folder.emplace() / "results.sqlite").c_str(), 1);
  const std::string file = getenv(kVariable);
  const Plan plan = long_plan();
  int polls = 0;
  const auto kill_this_process = [&] {
    if (++polls > 20) raise(SIGKILL);
    return false;
  };
  EXPECT_EXIT(
      {
        Store store = Store::open(file);
        static_cast<void>(
            run_plan(plan, store,
                     {.jobs = 1, .checkpoint_every = std::chrono::seconds(0), .stop = kill_this_process}));
      },
      testing::KilledBySignal(SIGKILL), "");
  unsetenv(kVariable);
  Store store = Store::open(file);
  EXPECT_FALSE(store.checkpoint(cell_key(plan, make_cells(plan)[0])).empty());
  EXPECT_EQ(run_plan(plan, store, {.jobs = 1}).computed, 1u);
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 1));
}

TEST(RunPlan, StartsAnewFromAStateThatItCannotRead) {
  const Plan plan = long_plan();
  const std::string key = cell_key(plan, make_cells(plan)[0]);
  Store store = Store::in_memory();
  store.save_checkpoint(key, std::vector<std::byte>(100, std::byte{0xab}));
  EXPECT_EQ(run_plan(plan, store, {.jobs = 1}).computed, 1u);
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 1));
}

TEST(RunPlan, RefusesWhatCannotFitInMemoryBeforeItStarts) {
  Store store = Store::in_memory();
  const Plan plan = small_plan({{"sweep.neurons", "[3, 1000000]"}, {"sweep.methods", "[limit, exact]"}});
  try {
    static_cast<void>(run_plan(plan, store, {.jobs = 1}));
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("the cell \"exact RF(I), N = 1000000, draw 0\" needs about 6"), std::string::npos)
        << message;
    EXPECT_NE(message.find("GiB of memory, but"), std::string::npos) << message;
    EXPECT_NE(message.find("is available"), std::string::npos) << message;
  }
  EXPECT_TRUE(results_of(plan, store).empty());
  try {
    static_cast<void>(run_plan(small_plan(), store, {.jobs = 1, .memory_bytes = 1000}));
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("KiB is available"), std::string::npos) << error.what();
  }
}

TEST(RunPlan, RefusesToTrainInBf16WhereTheProcessorHasNone) {
  Plan plan = small_plan({{"sweep.methods", "[train, flow]"},
                          {"sweep.regimes", "[NT, NN]"},
                          {"sweep.neurons", "[3]"},
                          {"train.precision", "bf16"}});
  plan.step_sizes.clear();  // the default grid
  Store store = Store::in_memory(), other = Store::in_memory();
  const bool has_bf16 = has_bf16_products();
  if (has_bf16) static_cast<void>(run_plan(plan, other, {.jobs = 1}));
  hwy::SetSupportedTargetsForTest(HWY_AVX2);
  try {
    static_cast<void>(run_plan(plan, store, {.jobs = 1}));
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "train.precision is \"bf16\", but this processor has no AVX512_BF16: \"fp32\" or \"fp64\" "
                 "is needed");
  }
  EXPECT_TRUE(results_of(plan, store).empty());
  // Results of another processor can be read here.
  if (has_bf16) {
    EXPECT_EQ(run_plan(plan, other, {.jobs = 1}).computed, 0u);
    EXPECT_EQ(report::summarise(plan, other).size(), 2u);
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST(RunPlan, LimitsTheCellsSideBySideToTheMemory) {
  const Plan plan = small_plan();
  double largest = 0;
  for (const Cell& cell : make_cells(plan)) largest = std::max(largest, cost_of(plan, {cell}).bytes);
  Store store = Store::in_memory();
  const RunReport report = run_plan(plan, store, {.jobs = 4, .memory_bytes = largest});
  EXPECT_EQ(report.computed, report.cells);
}

TEST(RunPlan, StartsNoCellForWhichTheMemoryIsTaken) {
  // Two equal cells that never end by themselves.
  Plan plan = long_plan();
  plan.base.train.options.steps = 2000000000;
  plan.own_draws[Method::train] = 2;
  const std::vector<Cell> cells = make_cells(plan);
  ASSERT_EQ(cells.size(), 2u);
  const auto started = [&](double memory) {
    Store store = Store::in_memory();
    // A thread looks once before it takes a cell, then within the cell or while it waits for memory: when
    // both have looked three times, each of them has taken all that it can have.
    std::map<std::thread::id, int> looks;
    const RunReport report =
        run_plan(plan, store, {.jobs = 2, .memory_bytes = memory, .stop = [&] {
                                 ++looks[std::this_thread::get_id()];
                                 return looks.size() == 2 &&
                                        std::all_of(looks.begin(), looks.end(),
                                                    [](const auto& look) { return look.second >= 3; });
                               }});
    EXPECT_TRUE(report.stopped);
    return std::count_if(cells.begin(), cells.end(),
                         [&](const Cell& cell) { return !store.checkpoint(cell_key(plan, cell)).empty(); });
  };
  const double one = cost_of(plan, {cells.front()}).bytes;
  EXPECT_EQ(started(1.5 * one), 1);
  EXPECT_EQ(started(2 * one), 2);
}

TEST(RunPlan, EndsWithTheStoresErrorWhereItCannotSave) {
  const TemporaryFolder folder;
  static_cast<void>(Store::open(folder / "results.sqlite"));
  Store store = Store::open_read_only(folder / "results.sqlite");
  EXPECT_THROW(static_cast<void>(run_plan(small_plan(), store, {.jobs = 2})), FileError);
}

TEST(RunPlan, RefusesANegativeNumberOfJobs) {
  Store store = Store::in_memory();
  EXPECT_THROW(static_cast<void>(run_plan(small_plan(), store, {.jobs = -1})), UsageError);
}

TEST(RunPlan, ReportsProgressToTheEnd) {
  Store store = Store::in_memory();
  const Plan plan = small_plan();
  std::size_t done = 0;
  double fraction = 0;
  const RunReport report = run_plan(plan, store, {.jobs = 3, .progress = [&](const Progress& progress) {
                                                    EXPECT_GE(progress.done, done);
                                                    EXPECT_EQ(progress.total, make_cells(plan).size());
                                                    EXPECT_LE(progress.fraction, 1 + 1e-9);
                                                    done = progress.done;
                                                    fraction = progress.fraction;
                                                  }});
  EXPECT_EQ(done, report.cells);
  // Sums of operation counts in another order.
  EXPECT_NEAR(fraction, 1, 1e-9);
}

TEST(RunPlan, CutsTheGroupsOfAFullSearchForTheJobs) {
  const auto threads = [](const char* search) {
    const Plan plan = small_plan({{"sweep.methods", "[train]"},
                                  {"sweep.regimes", "[NN]"},
                                  {"sweep.neurons", "[6]"},
                                  {"train.step_sizes", "[1e-3, 3e-3, 0.01]"},
                                  {"train.search", search}});
    std::set<std::thread::id> seen;
    Store store = Store::in_memory();
    const RunReport report = run_plan(plan, store, {.jobs = 8, .stop = [&] {
                                                      seen.insert(std::this_thread::get_id());
                                                      return false;
                                                    }});
    EXPECT_EQ(report.computed, 3u);
    return seen.size();
  };
  EXPECT_EQ(threads("full"), 3u);
  EXPECT_EQ(threads("halving"), 1u);
}

TEST(RunPlan, AnExceptionOfTheProgressCallbackEndsTheRunAndIsNoFailureOfACell) {
  for (const int jobs : {1, 2}) {
    const Plan plan = small_plan();
    Store store = Store::in_memory();
    int calls = 0;
    const RunOptions options{.jobs = jobs, .progress = [&](const Progress&) {
                               if (++calls == 3) throw std::runtime_error("the log is full");
                             }};
    EXPECT_EQ(message<std::runtime_error>([&] { return run_plan(plan, store, options); }), "the log is full");
    const std::vector<Result> results = results_of(plan, store);
    EXPECT_LT(results.size(), make_cells(plan).size());
    EXPECT_GE(results.size(), 2u) << "what was finished is kept";
    for (const Result& result : results) EXPECT_NE(result.status, Status::failed) << result.message;
    // What is left is computed as if nothing had been.
    EXPECT_EQ(run_plan(plan, store, {.jobs = jobs}).failed, 0u);
    expect_same_numbers(results_of(plan, store), run_in_memory(plan, jobs));
  }
}

TEST(RunPlan, AnExceptionWithinALongCellLeavesItsState) {
  const Plan plan = long_plan();
  Store store = Store::in_memory();
  // Within the one cell there is a report about once a second.
  const RunOptions options{.jobs = 1,
                           .progress = [](const Progress&) { throw std::runtime_error("the log is full"); }};
  EXPECT_THROW(static_cast<void>(run_plan(plan, store, options)), std::runtime_error);
  for (const Result& result : results_of(plan, store)) EXPECT_NE(result.status, Status::failed);
  EXPECT_EQ(run_plan(plan, store, {.jobs = 1}).failed, 0u);
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 1));
}

TEST(RunPlan, RunsAnotherPlanAfterOneThatWasStopped) {
  Store store = Store::in_memory();
  const RunReport stopped = run_plan(long_plan(), store, {.jobs = 2, .stop = [] { return true; }});
  EXPECT_TRUE(stopped.stopped);
  const RunReport report = run_plan(small_plan(), store, {.jobs = 2});
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(report.computed, report.cells);
}

TEST(RunPlan, LeavesTheThreadsOfBlasToTheCaller) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the threads of OpenBLAS, which is not instrumented, look like races";
#endif
  const int before = openblas_get_num_threads();
  for (const int threads : {1, 2}) {
    openblas_set_num_threads(threads);
    const int set = openblas_get_num_threads();
    const Plan plan = small_plan();
    Store store = Store::in_memory();
    static_cast<void>(estimate_plan(plan, store));
    EXPECT_EQ(openblas_get_num_threads(), set);
    static_cast<void>(run_plan(plan, store, {.jobs = 2}));
    EXPECT_EQ(openblas_get_num_threads(), set);
  }
  openblas_set_num_threads(before);
}

TEST(RunPlan, RunsAxesOverAnyKey) {
  const Plan plan = small_plan({{"axes.activation.name", "[quadratic, relu]"},
                                {"axes.fit.ridge", "[0, 0.5]"},
                                {"sweep.neurons", "[3, 6]"}});
  const std::vector<Result> one = run_in_memory(plan, 1);
  for (const Result& result : one) EXPECT_EQ(result.status, Status::ok) << result.message;
  expect_same_numbers(one, run_in_memory(plan, 2));
}

}  // namespace
}  // namespace lazygap::schedule
