// The program under mpirun, with a few ranks on this machine.

#include <cblas.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "schedule/runs.h"
#include "support/temporary_folder.h"

namespace lazygap::app::mpi {
namespace {

using namespace lazygap::test;
using plan::load_plan;
using plan::make_cells;

class Mpi : public ::testing::Test {
 protected:
  // The program keeps BLAS at one thread; with more, products round otherwise.
  void SetUp() override { openblas_set_num_threads(1); }
};

struct Ended {
  int code = -1;
  std::string err;
};

/// A few ranks of the program on this machine.
class Launch {
 public:
  /// `arguments` of mpirun, in shell syntax; the current folder is `folder`.
  Launch(const TemporaryFolder& folder, const std::string& arguments) : err_(folder / "err.txt") {
    const std::string command = "cd '" + (folder / "").string() + "' && exec mpirun " + arguments +
                                " >out.txt 2>'" + err_.string() + "'";
    process_ = ::fork();
    if (process_ == 0) {
      ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
      ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
      ::setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(99);
    }
  }

  void signal(int number) const { ::kill(process_, number); }
  /// The processes of the ranks, in their order.
  [[nodiscard]] std::vector<::pid_t> ranks() const {
    std::vector<::pid_t> ranks;
    const std::string process = std::to_string(process_);
    std::ifstream children("/proc/" + process + "/task/" + process + "/children");
    for (::pid_t child = 0; children >> child;) ranks.push_back(child);
    return ranks;
  }

  Ended wait() const {
    int status = 0;
    ::waitpid(process_, &status, 0);
    std::ifstream stream(err_);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            {std::istreambuf_iterator<char>(stream), {}}};
  }

 private:
  std::filesystem::path err_;
  ::pid_t process_ = 0;
};

const std::string kProgram = "'" LAZYGAP_PROGRAM "'";

/// With every method, and long enough for every rank to have its part.
std::string plan_text(const std::string& steps = "steps = 3000\n", const std::string& methods = {}) {
  std::string text = kSmallPlan;
  const std::string old_steps = "steps = 300\n", old_methods = R"(["limit", "exact", "train", "fit"])";
  text.replace(text.find(old_steps), old_steps.size(), steps);
  text.replace(text.find(old_methods), old_methods.size(),
               methods.empty() ? R"(["limit", "exact", "train", "fit", "flow"])" : methods);
  return text;
}

std::vector<Result> results_in(const TemporaryFolder& folder, const Plan& plan) {
  return schedule::results_of(plan, Store::open_read_only(folder / "out/results.sqlite"));
}

TEST_F(Mpi, GivesTheNumbersOfOneProcess) {
  const TemporaryFolder folder;
  const Plan plan = load_plan(folder.write("plan.toml", plan_text()).string());
  const std::vector<Result> whole = run_in_memory(plan, 1);
  for (const int ranks : {2, 4}) {
    std::filesystem::remove_all(folder / "out");
    const Ended run =
        Launch(folder, "-n " + std::to_string(ranks) + " " + kProgram + " run plan.toml --out out").wait();
    EXPECT_EQ(run.code, 0) << run.err;
    expect_same_numbers(results_in(folder, plan), whole);
    // One progress line and one summary, whatever the number of ranks.
    EXPECT_EQ(run.err.find("small: "), run.err.rfind("small: ")) << run.err;
  }
}

TEST_F(Mpi, SearchesByHalvingAcrossRanks) {
  const TemporaryFolder folder;
  std::string text = plan_text();
  text.replace(text.find("[train]\n"), 8, "[train]\nsearch = \"halving\"\n");
  const Plan plan = load_plan(folder.write("plan.toml", text).string());
  const Ended run = Launch(folder, "-n 3 " + kProgram + " run plan.toml --out out --jobs 2").wait();
  EXPECT_EQ(run.code, 0) << run.err;
  expect_same_numbers(results_in(folder, plan), run_in_memory(plan, 1));
}

TEST_F(Mpi, OnlyRankZeroNeedsTheFilesOfThePlan) {
  const TemporaryFolder folder;
  folder.write("b.csv", "0.5,0.25,0\n0.25,1,0\n0,0,0.1\n");
  folder.write("plan.toml",
               "name = \"m\"\n[problem]\nmodel = \"qf\"\nd = 3\nmatrix = \"b.csv\"\n[sweep]\nregimes = "
               "[\"NT\", \"NN\", \"RF(I)\"]\nneurons = [1, 2, 4]\n"
               "methods = [\"exact\", \"train\"]\n[train]\nsteps = 20000\nbatch = 10\n");
  std::filesystem::create_directory(folder / "elsewhere");
  const std::string command = kProgram + " run plan.toml --out out";
  const Ended run =
      Launch(folder, "-n 1 " + command + " : -n 2 -wdir '" + (folder / "elsewhere").string() + "' " + command)
          .wait();
  EXPECT_EQ(run.code, 0) << run.err;
  const Plan plan = load_plan((folder / "plan.toml").string(),
                              {{"problem.matrix", "\"" + (folder / "b.csv").string() + "\""}});
  expect_same_numbers(results_in(folder, plan), run_in_memory(plan, 1));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "elsewhere"));
}

TEST_F(Mpi, BadInputIsOneSentence) {
  const TemporaryFolder folder;
  const Ended run = Launch(folder, "-n 3 " + kProgram + " run no-such-plan").wait();
  EXPECT_EQ(run.code, 2) << run.err;
  const std::size_t first = run.err.find("lazygap: ");
  ASSERT_NE(first, std::string::npos) << run.err;
  EXPECT_EQ(run.err.find("lazygap: ", first + 1), std::string::npos) << run.err;
}

TEST_F(Mpi, RanksWithOtherKernelsAreRefused) {
  const TemporaryFolder folder;
  folder.write("plan.toml", plan_text());
  const std::string command = kProgram + " run plan.toml --out out";
  // The oldest kernels that OpenBLAS has for this family of processors.
  const Ended run =
      Launch(folder, "-n 1 " + command + " : -n 1 -x OPENBLAS_CORETYPE=Prescott " + command).wait();
  EXPECT_EQ(run.code, 2) << run.err;
  EXPECT_NE(run.err.find("rank 1 on "), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("has \"Prescott\" where rank 0"), std::string::npos) << run.err;
}

/// Asks for an end in the way given once all ranks are busy, and counts the states that are saved.
void expect_states_saved(const std::function<void(const Launch&)>& ask, int code) {
  const TemporaryFolder folder;
  // Step sizes at which nothing diverges, however far a fast machine comes.
  std::string text = plan_text("steps = 2000000000\n", R"(["train"])");
  const std::string sizes = "step_sizes = [0.003, 0.01]";
  text.replace(text.find(sizes), sizes.size(), "step_sizes = [0.00003, 0.0001]");
  const Plan plan = load_plan(folder.write("plan.toml", text).string());
  const Launch run(folder, "-n 3 " + kProgram + " run plan.toml --out out");
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const auto asked = std::chrono::steady_clock::now();
  ask(run);
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, code) << ended.err;
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(10));
  const Store store = Store::open_read_only(folder / "out/results.sqlite");
  std::size_t states = 0;
  for (const Cell& cell : make_cells(plan)) {
    states += store.checkpoint(cell_key(plan, cell)).empty() ? 0 : 1;
    EXPECT_FALSE(store.find(cell_key(plan, cell))) << "nothing has ended";
  }
  EXPECT_EQ(states, 6u) << ended.err;  // three groups were running, of two step sizes each
}

TEST_F(Mpi, ASignalToTheLauncherSavesTheStatesOfAllRanks) {
  expect_states_saved([](const Launch& run) { run.signal(SIGUSR1); }, 128 + SIGUSR1);
}

TEST_F(Mpi, ASignalOfABatchSystemToAllRanksDoes) {
  expect_states_saved(
      [](const Launch& run) {
        for (const ::pid_t rank : run.ranks()) ::kill(rank, SIGTERM);
      },
      128 + SIGTERM);
}

TEST_F(Mpi, ASignalToOneRankDoes) {
  // Whatever its number; rank 0 has its own code only where the signal was its own.
  expect_states_saved([](const Launch& run) { ::kill(run.ranks().back(), SIGTERM); }, 130);
}

}  // namespace
}  // namespace lazygap::app::mpi
