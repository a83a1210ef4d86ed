#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A plan as text: TOML tables in which every key has a place (file and line, or --set) to point at when it
/// is refused. Knows nothing of what the keys mean.
namespace lazygap::plan {

class Document {
 public:
  /// `label` names the text in messages, `folder` is what file names in it are relative to. `overrides` are
  /// pairs of a dotted key and a value in TOML syntax, in which bare words stand for strings. Throws
  /// UsageError for syntax errors in either.
  Document(std::string_view text, std::string label, std::filesystem::path folder,
           const std::vector<std::pair<std::string, std::string>>& overrides);

  [[nodiscard]] const toml::table& root() const { return root_; }
  /// "plan.toml:12" or "--set sweep.draws".
  [[nodiscard]] std::string where(const std::string& path, const toml::node& node) const;
  [[nodiscard]] bool is_overridden(const std::string& path) const;
  /// The folder that a file name under the key `path` is relative to.
  [[nodiscard]] std::filesystem::path folder(const std::string& path) const;

 private:
  void override_key(const std::string& path, const std::string& value);
  /// One axis of [axes] in place of the plan's of the same key.
  void override_axis(std::string key, toml::node& values);
  void erase_axis(std::string_view key);

  std::string label_;
  std::filesystem::path folder_;
  toml::table root_;
  std::vector<std::string> overridden_;
};

}  // namespace lazygap::plan
