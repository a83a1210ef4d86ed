#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

/// The repository as text, for the tests of its own rules.
namespace lazygap::structure {

struct File {
  std::string path;  ///< relative to the repository, with slashes
  std::vector<std::string> lines;
};

/// Every file below `folder` (or the file itself) whose name ends in one of `endings`, in the order of their
/// paths; empty where the folder does not exist. Build trees are left out.
[[nodiscard]] std::vector<File> read_files(const std::string& folder,
                                           const std::vector<std::string>& endings);

/// "path:line", lines counted from 1.
[[nodiscard]] std::string place(const File& file, std::size_t line_index);

/// One line for each problem, for the message of a failed test.
[[nodiscard]] std::string join(const std::vector<std::string>& problems);

}  // namespace lazygap::structure
