#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "lazygap/experiment/cells.h"
#include "lazygap/experiment/plan.h"

namespace lazygap::experiment {

/// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lazygap-experiment-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// A plan with every method and a few dozen cells of milliseconds.
inline constexpr const char* kSmallPlan = R"plan(name = "small"
[problem]
model = "qf"
d = 12
spectrum = { law = "exponential" }
[sweep]
regimes = ["RF(I)", "RF(Gamma*)", "NT", "NN"]
neurons = [3, 6, 24]
methods = ["limit", "exact", "train", "fit"]
draws = 3
seed = 7
[train]
steps = 300
batch = 10
step_sizes = [0.003, 0.01]
records = 5
test_samples = 100
[fit]
samples = 500
test_samples = 100
)plan";

using Overrides = std::vector<std::pair<std::string, std::string>>;

inline Plan small_plan(const Overrides& overrides = {}) {
  const TemporaryFolder folder;
  return load_plan(folder.write("plan.toml", kSmallPlan).string(), overrides);
}

/// A group of one.
inline store::Result compute_cell(const Plan& plan, const Setting& setting, const Cell& cell) {
  store::Result result;
  compute_group(plan, setting, {&cell, 1},
                {.finished = [&](std::size_t, store::Result found) { result = std::move(found); }});
  return result;
}

}  // namespace lazygap::experiment
