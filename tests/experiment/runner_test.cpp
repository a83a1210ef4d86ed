#include "lazygap/experiment/runner.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "experiment/small_plan.h"
#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/experiment/summary.h"

namespace lazygap::experiment {
namespace {

using store::Result;
using store::Store;

/// Bits of a number: two NaN of the same kind are equal, 0 and -0 are not.
std::uint64_t bits(double number) {
  std::uint64_t word = 0;
  std::memcpy(&word, &number, sizeof(word));
  return word;
}

void expect_same_numbers(const std::vector<Result>& a, const std::vector<Result>& b) {
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

std::vector<Result> run_in_memory(const Plan& plan, int jobs) {
  Store store = Store::in_memory();
  const RunReport report = run_plan(plan, store, {.jobs = jobs});
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(report.computed, report.cells);
  return results_of(plan, store);
}

const Overrides kWithFlow{{"sweep.methods", "[limit, exact, train, fit, flow]"}};

TEST(Runner, GivesTheSameNumbersForAnyNumberOfJobs) {
  const Plan plan = small_plan(kWithFlow);
  const std::vector<Result> one = run_in_memory(plan, 1);
  EXPECT_EQ(one.size(), make_cells(plan).size() + 6);  // flow of NT and NN at three widths
  expect_same_numbers(one, run_in_memory(plan, 2));
  expect_same_numbers(one, run_in_memory(plan, 5));
}

TEST(Runner, WritesWhereTheNumbersComeFrom) {
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

TEST(Runner, AnswersAFinishedPlanFromTheStoreAtOnce) {
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

TEST(Runner, SharesResultsBetweenPlans) {
  Store store = Store::in_memory();
  static_cast<void>(run_plan(small_plan(), store, {.jobs = 1}));
  const RunReport report =
      run_plan(small_plan({{"name", "other"}, {"sweep.draws", "4"}}), store, {.jobs = 1});
  // One more draw of exact (RF twice, NT) and fit (RF twice) at three widths.
  EXPECT_EQ(report.computed, 15u);
}

TEST(Runner, RecordsFailedCellsAndTriesThemAgain) {
  Plan plan = small_plan();
  plan.train.options.alpha = -1;  // load_plan would refuse it; so does the training, cell by cell
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
  Result failed = compute_cell(good, make_setting(good), make_cells(good)[0]);
  failed.status = Status::failed;
  store.save(failed);
  static_cast<void>(run_plan(good, store, {.jobs = 1}));
  EXPECT_EQ(store.find(failed.key)->status, Status::ok);
}

/// Two step sizes together, of which one is impossible.
Plan half_impossible(Plan plan) {
  plan.train.step_sizes = {-1, 0.003};
  return plan;
}

TEST(Runner, TriesTheCellsOfAFailedGroupOneByOne) {
  Plan plan = half_impossible(small_plan({{"sweep.methods", "[train]"}, {"sweep.regimes", "[NN]"}}));
  Store store = Store::in_memory();
  const RunReport report = run_plan(plan, store, {.jobs = 1});
  EXPECT_EQ(report.failed, 3u);
  EXPECT_EQ(report.computed, 3u);
  for (const Result& result : results_of(plan, store))
    EXPECT_EQ(result.status, result.step_size == 0.003 ? Status::ok : Status::failed);
}

TEST(Runner, CountsAsReusedWhatAnotherProcessHasFinishedMeanwhile) {
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

TEST(Runner, KeepsDivergedResults) {
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

TEST(Runner, StopsAndResumesWithinACell) {
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

TEST(Runner, StopsAndResumesWithinACellOfAFailedGroup) {
  const Plan plan = half_impossible(long_plan());
  const Cell good = make_cells(plan)[1];
  Store store = Store::in_memory();
  int polls = 0;
  const RunReport stopped = run_plan(plan, store, {.jobs = 1, .stop = [&] { return ++polls > 20; }});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.computed, 0u);
  EXPECT_FALSE(store.checkpoint(cell_key(plan, good)).empty());
  EXPECT_EQ(run_plan(plan, store, {.jobs = 1}).computed, 1u);
  EXPECT_EQ(bits(store.find(cell_key(plan, good))->risk), bits(run_in_memory(long_plan(), 1)[0].risk));
}

TEST(Runner, TheSecondsOfAGroupAddUpToItsTime) {
  // One of two networks ends at once, the other after all of half a second or so.
  Plan plan = long_plan();
  plan.train.options.steps = 200000;
  plan.train.step_sizes = {0.003, 1000};
  Store store = Store::in_memory();
  const RunReport report = run_plan(plan, store, {.jobs = 1});
  double seconds = 0;
  for (const Result& result : results_of(plan, store)) seconds += result.provenance.seconds;
  EXPECT_LE(seconds, report.seconds);
  // The rest of the run is milliseconds; equal parts of the time at which each has ended would give a half.
  constexpr double kPart = 0.7;
  EXPECT_GT(seconds, kPart * report.seconds);
}

TEST(Runner, ResumesWhereItStopped) {
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

TEST(Runner, GoesOnFromTheLastStateAfterSigkill) {
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

TEST(Runner, StartsAnewFromAStateThatItCannotRead) {
  const Plan plan = long_plan();
  const std::string key = cell_key(plan, make_cells(plan)[0]);
  Store store = Store::in_memory();
  store.save_checkpoint(key, std::vector<std::byte>(100, std::byte{0xab}));
  EXPECT_EQ(run_plan(plan, store, {.jobs = 1}).computed, 1u);
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 1));
}

TEST(Runner, RefusesWhatCannotFitInMemoryBeforeItStarts) {
  Store store = Store::in_memory();
  const Plan plan = small_plan({{"sweep.neurons", "[3, 1000000]"}, {"sweep.methods", "[limit, exact]"}});
  try {
    static_cast<void>(run_plan(plan, store, {.jobs = 1}));
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("the cell \"exact RF(I), N = 1000000, draw 0\" needs about 7"), std::string::npos)
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

TEST(Runner, RefusesToTrainInBf16WhereTheProcessorHasNone) {
  Plan plan = small_plan({{"sweep.methods", "[train, flow]"},
                          {"sweep.regimes", "[NT, NN]"},
                          {"sweep.neurons", "[3]"},
                          {"train.precision", "bf16"}});
  plan.train.step_sizes.clear();  // the default grid
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
    EXPECT_EQ(summarise(plan, other).size(), 2u);
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST(Runner, LimitsTheCellsSideBySideToTheMemory) {
  const Plan plan = small_plan();
  double largest = 0;
  for (const Cell& cell : make_cells(plan)) largest = std::max(largest, group_cost(plan, {&cell, 1}).bytes);
  Store store = Store::in_memory();
  const RunReport report = run_plan(plan, store, {.jobs = 4, .memory_bytes = largest});
  EXPECT_EQ(report.computed, report.cells);
}

TEST(Runner, StartsNoCellForWhichTheMemoryIsTaken) {
  // Two equal cells that never end by themselves.
  Plan plan = long_plan();
  plan.train.options.steps = 2000000000;
  plan.train.draws = 2;
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
  const double one = group_cost(plan, {cells.data(), 1}).bytes;
  EXPECT_EQ(started(1.5 * one), 1);
  EXPECT_EQ(started(2 * one), 2);
}

TEST(Runner, EndsWithTheStoresErrorWhereItCannotSave) {
  const TemporaryFolder folder;
  static_cast<void>(Store::open(folder / "results.sqlite"));
  Store store = Store::open_read_only(folder / "results.sqlite");
  EXPECT_THROW(static_cast<void>(run_plan(small_plan(), store, {.jobs = 2})), FileError);
}

TEST(Runner, RefusesANegativeNumberOfJobs) {
  Store store = Store::in_memory();
  EXPECT_THROW(static_cast<void>(run_plan(small_plan(), store, {.jobs = -1})), UsageError);
}

TEST(Runner, ReportsProgressToTheEnd) {
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

TEST(Runner, FlowFollowsTheStepSizeThatWonTheTraining) {
  const Plan plan = small_plan(kWithFlow);
  Store store = Store::in_memory();
  static_cast<void>(run_plan(plan, store, {.jobs = 2}));
  std::size_t flows = 0;
  for (const Result& result : results_of(plan, store))
    if (result.method == "flow") {
      ++flows;
      EXPECT_EQ(result.step_size, best_step_size(plan, store, regime_from_string(result.regime), result.N));
      EXPECT_FALSE(result.trajectory.empty());
    }
  EXPECT_EQ(flows, 6u);

  // Without training, the first of the grid.
  const Plan alone = small_plan({{"sweep.methods", "[flow]"}});
  Store other = Store::in_memory();
  EXPECT_EQ(run_plan(alone, other, {.jobs = 2}).computed, 6u);
  for (const Result& result : results_of(alone, other)) EXPECT_EQ(result.step_size, 0.003);
}

TEST(Runner, CutsTheGroupsOfAFullSearchForTheJobs) {
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
    EXPECT_EQ(results[i].message.find(cells[i].regime == Regime::nt ? "error form, "
                                      : cells[i].N > 12             ? "LQ, "
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

/// The program, running `plan` into `folder`; its process id.
pid_t start_program(const std::string& plan, const std::string& folder) {
  const pid_t child = fork();
  if (child == 0) {
    if (freopen("/dev/null", "w", stdout) == nullptr || freopen("/dev/null", "w", stderr) == nullptr)
      _exit(99);
    execl(LAZYGAP_PROGRAM, "lazygap", "run", plan.c_str(), "--out", folder.c_str(), "--jobs", "2", nullptr);
    _exit(99);
  }
  return child;
}

TEST(RunProgram, KilledAtTenMomentsGivesTheTableOfAnUndisturbedRun) {
  const TemporaryFolder folder;
  // A few seconds of small cells and of training, so that the signal meets both.
  std::string text = kSmallPlan;
  const std::string steps = "steps = 300\n";
  text.replace(text.find(steps), steps.size(), "steps = 40000\n");
  const std::string file = folder.write("plan.toml", text).string();
  const Plan plan = load_plan(file);
  const std::string out = (folder / "out").string();

  int killed = 0;
  for (int round = 0; round < 10; ++round) {
    const pid_t child = start_program(file, out);
    // Moments spread over the start, the training and the end.
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + (round * 137) % 400));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_GT(killed, 0);
  const pid_t child = start_program(file, out);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const Store store = Store::open_read_only(folder / "out/results.sqlite");
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 2));
}

TEST(RunProgram, InterruptedByASignalSavesAndEnds) {
  const TemporaryFolder folder;
  std::string text = kSmallPlan;
  const std::string steps = "steps = 300\n", methods = R"(["limit", "exact", "train", "fit"])";
  text.replace(text.find(steps), steps.size(), "steps = 2000000000\n");
  text.replace(text.find(methods), methods.size(), R"(["train"])");
  const std::string file = folder.write("plan.toml", text).string();
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t child = start_program(file, (folder / "out").string());
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    kill(child, signal);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    EXPECT_NE(WEXITSTATUS(status), 0);
  }
  const Plan plan = load_plan(file);
  const Store store = Store::open_read_only(folder / "out/results.sqlite");
  std::size_t states = 0;
  for (const Cell& cell : make_cells(plan)) states += store.checkpoint(cell_key(plan, cell)).empty() ? 0 : 1;
  EXPECT_EQ(states, 4u);  // two groups were running, of two step sizes each
}

}  // namespace
}  // namespace lazygap::experiment
