#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lazygap/store/result.h"

namespace lazygap::store {

/// The results of any number of plans in one SQLite file. Every call is one transaction: after a crash, a
/// SIGKILL or a full disk the file holds what was saved before, entirely, and nothing else. Several threads
/// and several processes may use the same file at once. Every failure of the file or the disk is a FileError
/// of one sentence that names the file.
class Store {
 public:
  /// Opens `file` for reading and writing; creates it and its folder where missing.
  [[nodiscard]] static Store open(const std::filesystem::path& file);
  /// Opens an existing `file`, which may lie on a read-only medium; save() throws.
  [[nodiscard]] static Store open_read_only(const std::filesystem::path& file);
  /// A store that lives as long as the object and writes no file.
  [[nodiscard]] static Store in_memory();

  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// The result with this key, whatever its status; empty where there is none.
  [[nodiscard]] std::optional<Result> find(const std::string& key) const;
  /// As find() for many keys in one transaction, in their order.
  [[nodiscard]] std::vector<std::optional<Result>> find_all(std::span<const std::string> keys) const;
  /// The keys of all results, in their order.
  [[nodiscard]] std::vector<std::string> keys() const;
  /// Adds `result`, or replaces the one with its key, and drops the checkpoint of that key.
  void save(const Result& result);
  /// All of `results` in one transaction: a commit waits for the disk, which takes longer than many a small
  /// cell.
  void save(std::span<const Result> results);

  /// The state of an unfinished computation, replacing an earlier one.
  void save_checkpoint(const std::string& key, std::span<const std::byte> state);
  /// The last saved state, empty where there is none.
  [[nodiscard]] std::vector<std::byte> checkpoint(const std::string& key) const;
  /// The keys of all saved states, in their order.
  [[nodiscard]] std::vector<std::string> checkpoint_keys() const;

 private:
  struct Database;
  explicit Store(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

/// What merging has done.
struct Merged {
  std::size_t added = 0;    ///< results that the target did not have, or had as failed
  std::size_t present = 0;  ///< results that it had
  std::size_t states = 0;   ///< states of unfinished computations that it did not have
};
/// Adds what `source` has to `target`. Equal keys mean equal numbers, so that nothing is replaced but
/// failures.
Merged merge(Store& target, const Store& source);

}  // namespace lazygap::store
