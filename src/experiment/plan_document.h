#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lazygap/core/matrix.h"

/// A plan as text: TOML tables in which every key has a place (file and line, or --set) to point at when it
/// is refused. Knows nothing of what the keys mean.
namespace lazygap::experiment {

class PlanDocument {
 public:
  /// `label` names the text in messages, `folder` is what file names in it are relative to. `overrides` are
  /// pairs of a dotted key and a value in TOML syntax, in which bare words stand for strings. Throws
  /// UsageError for syntax errors in either.
  PlanDocument(std::string_view text, std::string label, std::filesystem::path folder,
               const std::vector<std::pair<std::string, std::string>>& overrides);

  [[nodiscard]] const toml::table& root() const { return root_; }
  /// "plan.toml:12" or "--set sweep.draws".
  [[nodiscard]] std::string where(const std::string& path, const toml::node& node) const;
  [[nodiscard]] bool is_overridden(const std::string& path) const;
  /// The folder that a file name under the key `path` is relative to.
  [[nodiscard]] std::filesystem::path folder(const std::string& path) const;

 private:
  void override_key(const std::string& path, const std::string& value);

  std::string label_;
  std::filesystem::path folder_;
  toml::table root_;
  std::vector<std::string> overridden_;
};

/// One table of the document. Construction refuses keys that are not `accepted`; every reader returns false
/// and leaves its output alone where the key is absent, and throws UsageError with place, key, value and what
/// is accepted where it is impossible.
class PlanTable {
 public:
  PlanTable(const PlanDocument& document, const toml::table& table, std::string path,
            std::vector<std::string_view> accepted);

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] bool is_text(std::string_view key) const { return has(key) && table_.get(key)->is_string(); }
  /// The table under `key`; an empty one where it is absent.
  [[nodiscard]] PlanTable table(std::string_view key, std::vector<std::string_view> accepted) const;

  bool text(std::string_view key, std::string& out) const;
  bool truth(std::string_view key, bool& out) const;
  bool integer(std::string_view key, std::int64_t& out, std::int64_t least, std::int64_t most) const;
  bool number(std::string_view key, double& out, std::string_view accepted = "a finite number") const;
  bool positive_number(std::string_view key, double& out) const;
  bool nonnegative_number(std::string_view key, double& out) const;
  /// Finite numbers, at least one.
  bool numbers(std::string_view key, std::vector<double>& out) const;
  /// A list of numbers (a column), a list of such lists (the rows), or the name of a file: .npy or .csv with
  /// a matrix, where a single row is taken for a column, or any other with numbers separated by commas or
  /// white space (a column).
  bool matrix_or_file(std::string_view key, Matrix& out) const;
  /// As matrix_or_file, but a row is a row: no list of numbers and no other file.
  bool rows_or_file(std::string_view key, Matrix& out) const;
  /// At least one, each from `least` to `most`, increasing.
  bool increasing_integers(std::string_view key, std::vector<Index>& out, Index least, Index most) const;
  /// At least one, positive, increasing.
  bool increasing_positive_numbers(std::string_view key, std::vector<double>& out) const;

  /// One of the words of `words`, as the value beside it.
  template <class Value>
  bool word(std::string_view key, Value& out,
            const std::vector<std::pair<std::string_view, Value>>& words) const {
    const toml::node* node = table_.get(key);
    if (node != nullptr) out = find_word(*node, path_of(key), words);
    return node != nullptr;
  }
  /// A list of such words, at least one, none twice.
  template <class Value>
  bool words(std::string_view key, std::vector<Value>& out,
             const std::vector<std::pair<std::string_view, Value>>& words) const {
    const toml::array* list = list_of(key, "a list of words");
    if (list == nullptr) return false;
    out.clear();
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Value value = find_word(*list->get(i), path_of(key, i), words);
      for (const Value& earlier : out)
        if (earlier == value) refuse_node(*list->get(i), path_of(key, i), "named once");
      out.push_back(value);
    }
    return true;
  }

  /// Throws "PLACE: KEY is VALUE, but must be ACCEPTED" for the value of `key`.
  [[noreturn]] void refuse(std::string_view key, std::string_view accepted) const;
  /// Throws "PLACE: KEY SENTENCE"; the place is that of the table where the key is absent.
  [[noreturn]] void complain(std::string_view key, std::string_view sentence) const;
  void require(std::string_view key) const;

 private:
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key, std::size_t i) const;
  [[nodiscard]] Matrix matrix_in_file(std::string_view key, bool rows) const;
  bool read_matrix_or_file(std::string_view key, Matrix& out, bool rows) const;
  [[nodiscard]] std::vector<double> finite_numbers(const toml::array& list, const std::string& path) const;
  /// The list under `key`, not empty; nullptr where the key is absent.
  [[nodiscard]] const toml::array* list_of(std::string_view key, std::string_view what) const;
  [[nodiscard]] double finite(const toml::node& node, const std::string& path,
                              std::string_view accepted) const;
  [[noreturn]] void refuse_node(const toml::node& node, const std::string& path,
                                std::string_view accepted) const;
  [[noreturn]] void refuse_word(const toml::node& node, const std::string& path,
                                const std::vector<std::string_view>& words) const;

  template <class Value>
  Value find_word(const toml::node& node, const std::string& path,
                  const std::vector<std::pair<std::string_view, Value>>& words) const {
    if (const auto* text = node.as_string())
      for (const auto& [word, value] : words)
        if (text->get() == word) return value;
    std::vector<std::string_view> accepted;
    for (const auto& [word, value] : words) accepted.push_back(word);
    refuse_word(node, path, accepted);
  }

  const PlanDocument& document_;
  const toml::table& table_;
  std::string path_;
};

}  // namespace lazygap::experiment
