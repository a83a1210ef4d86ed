#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/core/matrix.h"
#include "lazygap/data/data_set.h"

namespace lazygap::data {

/// What the target is. automatic: classes where it is text, has two values, or has at most ten values, all
/// integers, each ten times or more on average; regression otherwise.
enum class Task { automatic, regression, classes };

/// What becomes of samples with a missing value: an empty field, or NA, N/A, NaN, null, None or ? in any
/// case.
enum class Missing { refuse, drop, mean };

struct TableOptions {
  /// Column of the target in the file of X: its name in the header or its number, from 1; -1 is the last one.
  std::string target = {};
  /// File of the target instead, as many rows as X: one column, or several (regression with several outputs).
  std::optional<std::filesystem::path> y = {};
  /// Column of X, by name or number like the target, that says which samples belong together: a patient, a
  /// site. It is no feature. Empty: none.
  std::string group = {};
  Task task = Task::automatic;
  Missing missing = Missing::refuse;
};

/// A data set that owns its numbers.
struct Table {
  Matrix X;                           ///< d x n
  Matrix Y;                           ///< k x n: the target; classes: -1 and +1 (two), one-hot (more)
  std::vector<std::string> features;  ///< names of the d columns of X
  std::string target;                 ///< name of the target
  std::vector<std::string> classes;   ///< labels, by number or by text; empty for regression
  std::vector<Index> labels;          ///< the class of each sample; empty for regression
  std::vector<Index> groups;          ///< of each sample, from 0 as they appear; empty: no such column
  Index dropped = 0;                  ///< samples left out because a value was missing
  Index filled = 0;                   ///< values replaced by the mean of their column
  std::uint64_t hash = 0;             ///< of every number in X and Y, and of their shapes

  [[nodiscard]] DataSet set() const { return {view(X), view(Y), {nullptr, 0}}; }
  [[nodiscard]] bool is_classification() const { return !classes.empty(); }
};

/// The table in `file`, by its extension, which counts without case:
///
///   .csv .tsv .txt  text in UTF-8: commas, semicolons, tabs or blanks between fields, found in the first
///   line;
///                   quoted fields, LF, CR LF or CR, a byte-order mark; a first line with a field that is no
///                   number is the header
///   .npy            a matrix, as read_matrix_file
///   .npz            one of its arrays: FILE.npz:NAME; without a name the only one, or X (and y where no
///   target
///                   is given)
///
/// Throws FileError, naming file, line and column: not readable, lines of different lengths, a text in a
/// column of numbers, a decimal comma, a missing value (unless `missing` says otherwise; never of the target
/// but with drop), nan and inf. Throws UsageError: no such target or group, a group that is the target, two
/// columns of one name, no feature, one sample, a constant target, a class with one sample.
[[nodiscard]] Table read_table(const std::filesystem::path& file, const TableOptions& options);

/// A table from numbers in memory. `labels` in place of Y makes classes of them, named by their numbers.
[[nodiscard]] Table make_table(Matrix X, Matrix Y, std::vector<std::string> features = {});
[[nodiscard]] Table make_classes(Matrix X, const std::vector<std::string>& labels,
                                 std::vector<std::string> features = {});

}  // namespace lazygap::data
