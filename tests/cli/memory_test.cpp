#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program.h"
#include "support/sanitizers.h"

/// The memory that `--dry-run` expects, against the memory that a run takes at its peak.
namespace lazygap::cli {
namespace {

constexpr const char* kPlan = R"toml(name = "memory"
[problem]
model = "qf"
d = 100
spectrum = { law = "choice", values = [0.1, 0.2], scale = 0.001 }
[sweep]
regimes = ["NT"]
neurons = [50]
methods = ["exact"]
draws = 1
[train]
steps = 3
batch = 10
step_sizes = [0.0001]
records = 2
test_samples = 100
[fit]
samples = 200
test_samples = 100
)toml";

struct Case {
  const char* name;
  std::vector<std::string> settings;  ///< KEY=VALUE
  std::string small, large;           ///< of one key, KEY=VALUE
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::vector<std::string> arguments(const Case& of, const std::string& size, bool dry) {
  std::vector<std::string> words{"run", "memory.toml", "--jobs", "1", "--out"};
  words.push_back(dry ? "none" : size);
  if (dry) words.insert(words.end(), {"--dry-run", "--json"});
  for (const std::string& setting : of.settings) words.insert(words.end(), {"--set", setting});
  words.insert(words.end(), {"--set", size});
  return words;
}

class Memory : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override { place_.write("memory.toml", kPlan); }

  /// Bytes in the line of the dry run that has most of them.
  [[nodiscard]] double expected(const std::string& size) const {
    std::string command;
    for (const std::string& word : arguments(GetParam(), size, true)) command += " '" + word + "'";
    const Answer run = place_.run(command);
    EXPECT_EQ(run.code, 0) << run.err;
    double most = 0;
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);)
      most = std::max(most, nlohmann::json::parse(line).at("bytes").get<double>());
    return most;
  }

  /// Bytes that a run has had in memory at most.
  [[nodiscard]] double measured(const std::string& size) const {
    std::vector<std::string> words = arguments(GetParam(), size, false);
    words.insert(words.begin(), LAZYGAP_PROGRAM);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const std::string folder = (place_ / "").string();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, LAZYGAP_PROGRAM, &actions, nullptr, pointers.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = -1;
    ::rusage usage{};
    EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 1024.0 * static_cast<double>(usage.ru_maxrss);
  }

 private:
  Workplace place_;
};

/// Of two sizes, so that the program itself and the buffers of the BLAS drop out.
TEST_P(Memory, IsExpectedWithinAFactorOfOneAndAHalf) {
  if (kSanitized) GTEST_SKIP() << "sanitizers take memory themselves";
  constexpr double kFactor = 1.5;
  const double expected_more = expected(GetParam().large) - expected(GetParam().small);
  const double more = measured(GetParam().large) - measured(GetParam().small);
  EXPECT_LT(more, kFactor * expected_more);
  EXPECT_GT(more, expected_more / kFactor);
}

const std::vector<std::string> kMixture{"problem.model=mg"},
    kHaar{"problem.model=mg", "problem.rotation=haar"};

std::vector<std::string> with(std::vector<std::string> settings, const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

std::vector<std::string> asks(const std::string& method, const std::string& regime,
                              const std::vector<std::string>& more = {}) {
  return with({"sweep.methods=[" + method + "]", "sweep.regimes=[" + regime + "]"}, more);
}

std::vector<Case> cases() {
  const std::string relu = "activation.name=relu";
  return {
      {"LimitNn", asks("limit", "NN"), "problem.d=200000", "problem.d=1000000"},
      {"LimitRf", asks("limit", "RF(I)"), "problem.d=200000", "problem.d=1000000"},
      {"LimitMixture", asks("limit", "NT", kMixture), "problem.d=200000", "problem.d=1000000"},
      {"LimitHaar", asks("limit", "NT", kHaar), "problem.d=400", "problem.d=900"},
      {"ExactHaar", asks("exact", "NT", kHaar), "problem.d=400", "problem.d=900"},
      {"TrainHaar", asks("train", "NN", kHaar), "problem.d=400", "problem.d=900"},
      {"ExactNt", asks("exact", "NT"), "problem.d=800", "problem.d=1500"},
      {"ExactNtWide", asks("exact", "NT", {"problem.d=500"}), "sweep.neurons=[2000]", "sweep.neurons=[9000]"},
      {"ExactNtMixture", asks("exact", "NT", kMixture), "problem.d=800", "problem.d=1500"},
      {"ExactNtRelu", asks("exact", "NT", {relu}), "sweep.neurons=[400]", "sweep.neurons=[1000]"},
      {"ExactRf", asks("exact", "RF(I)", {"problem.d=200"}), "sweep.neurons=[1200]", "sweep.neurons=[2800]"},
      {"ExactRfRelu", asks("exact", "RF(I)", {relu}), "sweep.neurons=[900]", "sweep.neurons=[2000]"},
      {"LazyRich", asks("lazy_rich", "NN"), "problem.d=400", "problem.d=900"},
      {"CurveNt", asks("curve", "NT"), "problem.d=500", "problem.d=1200"},
      {"CurveRfRelu", asks("curve", "RF(I)", {relu}), "sweep.neurons=[600]", "sweep.neurons=[1300]"},
      {"DynamicsNt", asks("dynamics", "NT"), "problem.d=400", "problem.d=1000"},
      {"DynamicsNn", asks("dynamics", "NN", {"problem.d=1000"}), "sweep.neurons=[100]",
       "sweep.neurons=[900]"},
      {"FlowNn", asks("flow", "NN"), "problem.d=400", "problem.d=1000"},
      {"FlowNt", asks("flow", "NT"), "problem.d=400", "problem.d=1000"},
      {"TrainNn", asks("train", "NN"), "problem.d=600", "problem.d=1500"},
      {"TrainNnWide", asks("train", "NN", {"problem.d=300"}), "sweep.neurons=[400]", "sweep.neurons=[8400]"},
      {"TrainNnBatch", asks("train", "NN"), "train.batch=20000", "train.batch=120000"},
      {"TrainNnRelu", asks("train", "NN", {relu}), "sweep.neurons=[800]", "sweep.neurons=[2000]"},
      {"TrainNt", asks("train", "NT"), "problem.d=600", "problem.d=1500"},
      {"TrainNtRelu", asks("train", "NT", {relu}), "sweep.neurons=[600]", "sweep.neurons=[1400]"},
      {"FitRfRelu", asks("fit", "RF(I)", {relu, "fit.samples=4000"}), "sweep.neurons=[900]",
       "sweep.neurons=[1800]"},
      {"FitRf", asks("fit", "RF(I)"), "problem.d=600", "problem.d=1500"},
  };
}

INSTANTIATE_TEST_SUITE_P(Routes, Memory, testing::ValuesIn(cases()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace lazygap::cli
