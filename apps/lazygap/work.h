#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands.h"
#include "lazygap/plan/plan.h"
#include "lazygap/report/summary.h"
#include "lazygap/store/store.h"

/// What the commands that compute have in common.
namespace lazygap::app {

/// Where results go unless --out says otherwise, under the current folder.
inline const std::filesystem::path kResultsFolder = "results";

/// The figures of two frames: 1, 2, 1-relu, ...
[[nodiscard]] std::vector<std::string> figures();
/// Whether the word names a figure of two frames, the built-in plans figure-WORD-left and figure-WORD-right.
[[nodiscard]] bool is_figure(const std::string& word);

[[nodiscard]] std::filesystem::path store_file(const std::filesystem::path& folder);
[[nodiscard]] std::filesystem::path folder_of(const Request& request, const plan::Plan& plan);
/// The store of a folder if it has one; looking must not create it.
[[nodiscard]] store::Store existing_or_empty(const std::filesystem::path& folder);

/// Runs the plan into the store, with progress on stderr. `folder`: of the store, beside which trained
/// weights are kept. False where a signal stopped it.
[[nodiscard]] bool compute(const Request& request, const plan::Plan& plan, store::Store& store,
                           const std::filesystem::path& folder, bool with_progress = true);
/// The exit code of a run that a signal stopped.
[[nodiscard]] int stopped_code();
/// Exit code for a plan whose points have all answered, or not; says how many lack one.
[[nodiscard]] int verdict(const plan::Plan& plan, const std::vector<report::Row>& rows);

/// --dry-run: prints the expected time and memory.
void print_estimate(const Request& request, const plan::Plan& plan, const store::Store& store);

[[nodiscard]] std::string json_lines(const std::vector<store::Result>& results);

}  // namespace lazygap::app
