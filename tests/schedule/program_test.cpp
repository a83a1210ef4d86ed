// The program killed and interrupted while it runs a plan.

#include <cblas.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

#include "schedule/runs.h"
#include "support/temporary_folder.h"

namespace lazygap::schedule {
namespace {

using namespace test;

using plan::load_plan;

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
  // The program keeps BLAS at one thread; with more, products round otherwise.
  const int threads = openblas_get_num_threads();
  openblas_set_num_threads(1);
  expect_same_numbers(results_of(plan, store), run_in_memory(plan, 2));
  openblas_set_num_threads(threads);
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
    EXPECT_EQ(WEXITSTATUS(status), 128 + signal);
  }
  const Plan plan = load_plan(file);
  const Store store = Store::open_read_only(folder / "out/results.sqlite");
  std::size_t states = 0;
  for (const Cell& cell : make_cells(plan)) states += store.checkpoint(cell_key(plan, cell)).empty() ? 0 : 1;
  EXPECT_EQ(states, 4u);  // two groups were running, of two step sizes each
}

}  // namespace
}  // namespace lazygap::schedule
