#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

#include "lazygap/question/keys.h"
#include "plan/document.h"

/// Turns nodes of a plan into values, or into the sentence that refuses them.
namespace lazygap::plan {

class Reader {
 public:
  explicit Reader(const Document& document) : document_(document) {}

  /// The value under `path` for a key. Throws UsageError "PLACE: PATH is VALUE, but must be ACCEPTED", and
  /// FileError where a file cannot be read.
  [[nodiscard]] question::Value value(const question::Key& key, const toml::node& node,
                                      const std::string& path) const;

  [[nodiscard]] std::string text(const toml::node& node, const std::string& path) const;
  [[nodiscard]] std::int64_t integer(const toml::node& node, const std::string& path, std::int64_t least,
                                     std::int64_t most) const;
  /// A list with at least one entry; `what` says of what.
  [[nodiscard]] const toml::array& list(const toml::node& node, const std::string& path,
                                        std::string_view what) const;
  /// One of `words`, by its place.
  [[nodiscard]] std::size_t word(const toml::node& node, const std::string& path,
                                 const std::vector<std::string>& words) const;
  /// A list of such words, none twice.
  [[nodiscard]] std::vector<std::size_t> words(const toml::node& node, const std::string& path,
                                               const std::vector<std::string>& words) const;
  /// Numbers of a list, each accepted by the key, increasing.
  [[nodiscard]] std::vector<question::Value> increasing(const question::Key& key, const toml::node& node,
                                                        const std::string& path, std::string_view what) const;

  /// Throws "PLACE: PATH is VALUE, but must be ACCEPTED".
  [[noreturn]] void refuse(const toml::node& node, const std::string& path, std::string_view accepted) const;
  /// Throws "PLACE: PATH SENTENCE".
  [[noreturn]] void complain(const toml::node& node, const std::string& path,
                             std::string_view sentence) const;

 private:
  [[nodiscard]] std::int64_t whole_number(const toml::node& node, const std::string& path,
                                          std::string_view accepted) const;
  [[nodiscard]] double finite(const toml::node& node, const std::string& path,
                              std::string_view accepted) const;
  [[nodiscard]] std::vector<double> numbers(const toml::array& list, const std::string& path) const;
  [[nodiscard]] Matrix matrix(const question::Key& key, const toml::node& node,
                              const std::string& path) const;
  [[nodiscard]] Matrix matrix_in_file(const toml::node& node, const std::string& path, bool rows) const;

  const Document& document_;
};

/// The value as the plan's author would recognise it.
[[nodiscard]] std::string describe(const toml::node& node);

}  // namespace lazygap::plan
