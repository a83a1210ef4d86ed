#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lazygap::store {

/// What a store holds and what is wrong with it.
struct Integrity {
  struct Count {
    std::string method;  ///< as question::to_string(Method)
    std::string status;  ///< as lazygap::to_string(Status)
    std::int64_t results = 0;
  };
  std::vector<std::string> problems;  ///< at most 20, each a sentence; empty: the store is whole
  std::vector<Count> counts;          ///< one for each pair that occurs, in the order of the alphabet
  std::int64_t results = 0;
  std::int64_t checkpoints = 0;  ///< states of unfinished computations
  std::int64_t checkpoint_bytes = 0;
  std::int64_t file_bytes = 0;
};

/// Reads all of the store in `file`: every page as SQLite sees it, every result as lazygap does. Changes
/// nothing, but for rolling back what a killed process has left half done. Throws FileError where the file
/// cannot be read or is not a store of this version.
[[nodiscard]] Integrity check(const std::filesystem::path& file);

}  // namespace lazygap::store
