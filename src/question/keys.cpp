#include "lazygap/question/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "lazygap/core/error.h"
#include "question/row.h"

namespace lazygap::question {
namespace {

std::vector<Key> make_rows() {
  std::vector<Key> rows;
  add_problem_keys(rows);
  add_network_keys(rows);
  add_train_keys(rows);
  add_fit_keys(rows);
  if (rows.size() > kMostKeys) throw UsageError("kMostKeys is too small for the table of keys");
  return rows;
}

const std::vector<Key>& rows() {
  static const std::vector<Key> all = make_rows();
  return all;
}

std::size_t index_of(const Key& key) { return static_cast<std::size_t>(&key - rows().data()); }

/// Whether `value` has the type that the key holds.
bool is_of_kind(const Key& key, const Value& value) {
  switch (key.kind) {
    case Kind::truth:
      return std::holds_alternative<bool>(value);
    case Kind::integer:
      return std::holds_alternative<std::int64_t>(value);
    case Kind::number:
      return std::holds_alternative<double>(value);
    case Kind::positive_or_word:
      if (std::holds_alternative<double>(value)) return true;
      [[fallthrough]];
    case Kind::word: {
      const auto* word = std::get_if<std::string>(&value);
      return word != nullptr && std::find(key.words.begin(), key.words.end(), *word) != key.words.end();
    }
    case Kind::text:
      return std::holds_alternative<std::string>(value);
    case Kind::numbers: {
      const auto* list = std::get_if<std::vector<double>>(&value);
      return list != nullptr && !list->empty();
    }
    case Kind::matrix:
    case Kind::rows: {
      const auto* matrix = std::get_if<SharedMatrix>(&value);
      return matrix != nullptr && *matrix && (*matrix)->size() > 0;
    }
  }
  return false;
}

}  // namespace

std::span<const Key> keys() { return rows(); }

const Key* find_key(std::string_view path) {
  static const auto places = [] {
    std::unordered_map<std::string_view, const Key*> map;
    for (const Key& key : rows()) map.emplace(key.path, &key);
    return map;
  }();
  const auto found = places.find(path);
  return found == places.end() ? nullptr : found->second;
}

const Key& key_at(std::string_view path) {
  const Key* key = find_key(path);
  if (key == nullptr) throw UsageError(fmt::format("\"{}\" is not a key", path));
  return *key;
}

void set(Question& question, const Key& key, const Value& value) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  const bool widen = whole != nullptr && (key.kind == Kind::number || key.kind == Kind::positive_or_word);
  const Value checked = widen ? Value(static_cast<double>(*whole)) : value;
  if (!is_of_kind(key, checked) || (key.in_range && !key.in_range(checked)))
    throw UsageError(fmt::format("{} is {}, but must be {}", key.path, toml_text(value), key.accepted));
  key.assign(question, checked);
  question.given.set(index_of(key));
}

bool is_given(const Question& question, const Key& key) { return question.given.test(index_of(key)); }

void complete(Question& question) {
  for (const Key& key : rows())
    if (key.standard && !is_given(question, key)) key.assign(question, key.standard(question));
}

Value standard(const Question& question, const Key& key) {
  static const Question untouched;
  return key.standard ? key.standard(question) : key.get(untouched);
}

std::string standard_text(const Key& key) {
  if (!key.standard_text.empty()) return key.standard_text;
  const Value value = standard(Question(), key);
  if (const auto* list = std::get_if<std::vector<double>>(&value); list != nullptr && list->empty())
    return {};
  if (const auto* matrix = std::get_if<SharedMatrix>(&value); matrix != nullptr && !*matrix) return {};
  if (const auto* text = std::get_if<std::string>(&value); text != nullptr && text->empty()) return {};
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return key.kind == Kind::word || key.kind == Kind::text || key.kind == Kind::truth
             ? fmt::format("`{}`", toml_text(value))
             : toml_text(value);
}

}  // namespace lazygap::question
