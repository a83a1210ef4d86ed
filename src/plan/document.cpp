#include "plan/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap::plan {
namespace {

// The axes of a plan have whole keys as words; the widths have a short form.
constexpr std::string_view kAxes = "axes.";
constexpr std::string_view kNeurons = "sweep.neurons", kWidth = "network.width";

namespace fs = std::filesystem;

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-+.*/()").find(c) != std::string_view::npos;
}

/// Puts quotes around the bare words of a value: [NT, RF(I)] becomes ["NT", "RF(I)"]. Words before '=' are
/// keys.
std::string quote_bare_words(std::string_view value) {
  std::string quoted;
  for (std::size_t i = 0; i < value.size();) {
    if (value[i] == '"' || value[i] == '\'') {
      const std::size_t end = value.find(value[i], i + 1);
      const std::size_t next = end == std::string_view::npos ? value.size() : end + 1;
      quoted += value.substr(i, next - i);
      i = next;
      continue;
    }
    std::size_t end = i;
    while (end < value.size() && is_word_character(value[end])) ++end;
    if (end == i) {
      quoted += value[i++];
      continue;
    }
    const std::string_view word = value.substr(i, end - i);
    const std::size_t after = value.find_first_not_of(' ', end);
    const bool is_key = after != std::string_view::npos && value[after] == '=';
    const bool is_word = (word[0] >= 'a' && word[0] <= 'z') || (word[0] >= 'A' && word[0] <= 'Z') ||
                         word.find('/') != std::string_view::npos;
    const bool is_value = !is_word || word == "true" || word == "false" || word == "nan" || word == "inf";
    quoted += is_key || is_value ? std::string(word) : fmt::format("\"{}\"", word);
    i = end;
  }
  return quoted;
}

/// Whether `path` looks like a key, so that messages can show it as it is. Keys of axes may be in quotes.
bool could_be_key(std::string_view path) {
  constexpr std::size_t kMost = 100;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.\"").find(c) != std::string_view::npos;
  };
  return path.size() <= kMost && std::all_of(path.begin(), path.end(), is_letter);
}

/// Whether `path` is `key` or lies below it.
bool is_within(const std::string& path, const std::string& key) {
  return path == key || (path.starts_with(key) && (path[key.size()] == '.' || path[key.size()] == '['));
}

}  // namespace

Document::Document(std::string_view text, std::string label, fs::path folder,
                   const std::vector<std::pair<std::string, std::string>>& overrides)
    : label_(std::move(label)), folder_(std::move(folder)) {
  try {
    root_ = toml::parse(text, label_);
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}:{}: not TOML: {}", label_, error.source().begin.line,
                                 printable(error.description())));
  }
  for (const auto& [path, value] : overrides) override_key(path, value);
}

void Document::override_key(const std::string& path, const std::string& value) {
  if (!could_be_key(path))
    throw UsageError(fmt::format("--set {}: is no key; \"lazygap keys\" lists them", quote(path)));
  toml::table parsed;
  try {
    parsed = toml::parse("value = " + value);
  } catch (const toml::parse_error&) {
    try {
      parsed = toml::parse("value = " + quote_bare_words(value));
    } catch (const toml::parse_error& error) {
      throw UsageError(fmt::format("--set {}: {} is not a TOML value: {}", path, quote(value),
                                   printable(error.description())));
    }
  }
  // A line break in `value` would smuggle in further keys.
  if (parsed.size() != 1)
    throw UsageError(fmt::format("--set {}: {} is more than one value", path, quote(value)));
  if (path.starts_with(kAxes)) return override_axis(path.substr(kAxes.size()), *parsed.get("value"));
  if (path == kNeurons) erase_axis(kWidth);
  toml::table* table = &root_;
  std::size_t begin = 0;
  for (std::size_t dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1) {
    const std::string_view key = std::string_view(path).substr(begin, dot - begin);
    toml::node* next = table->get(key);
    if (next == nullptr) next = &table->insert(key, toml::table()).first->second;
    table = next->as_table();
    if (table == nullptr)
      throw UsageError(
          fmt::format("--set {}: \"{}\" is not a table in {}", path, path.substr(0, dot), label_));
  }
  if (begin == path.size()) throw UsageError(fmt::format("--set {}: the key is empty", path));
  parsed.get("value")->visit(
      [&](auto& node) { table->insert_or_assign(path.substr(begin), std::move(node)); });
  overridden_.push_back(path);
}

void Document::erase_axis(std::string_view key) {
  toml::table* table = root_["axes"].as_table();
  if (table == nullptr) return;
  table->erase(key);
  // Without quotes its parts are tables within tables.
  while (table != nullptr) {
    const std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) {
      table->erase(key);
      return;
    }
    toml::node* next = table->get(key.substr(0, dot));
    table = next == nullptr ? nullptr : next->as_table();
    key.remove_prefix(dot + 1);
  }
}

void Document::override_axis(std::string key, toml::node& values) {
  if (key.size() > 1 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
  if (key.empty()) throw UsageError("--set axes.: the key is empty");
  erase_axis(key);
  if (key == kWidth)
    if (toml::table* sweep = root_["sweep"].as_table()) sweep->erase("neurons");
  toml::node* axes = root_.get("axes");
  if (axes == nullptr) axes = &root_.insert("axes", toml::table()).first->second;
  if (!axes->is_table())
    throw UsageError(fmt::format("--set axes.{}: \"axes\" is not a table in {}", key, label_));
  values.visit([&](auto& node) { axes->as_table()->insert_or_assign(key, std::move(node)); });
  overridden_.push_back(fmt::format("{}{}", kAxes, key));
}

bool Document::is_overridden(const std::string& path) const {
  return std::any_of(overridden_.begin(), overridden_.end(),
                     [&](const std::string& key) { return is_within(path, key); });
}

std::string Document::where(const std::string& path, const toml::node& node) const {
  // The longest key given on the command line that covers the path.
  std::string best;
  for (const std::string& key : overridden_)
    if (key.size() > best.size() && is_within(path, key)) best = key;
  const auto line = node.source().begin.line;
  // A table that a deeper key on the command line has brought into being.
  for (const std::string& key : overridden_)
    if (best.empty() && line == 0 && is_within(key, path)) best = key;
  if (!best.empty()) return "--set " + best;
  return line == 0 ? label_ : fmt::format("{}:{}", label_, line);
}

fs::path Document::folder(const std::string& path) const {
  return is_overridden(path) ? fs::path() : folder_;
}

}  // namespace lazygap::plan
