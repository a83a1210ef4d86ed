#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lazygap/question/question.h"
#include "lazygap/question/value.h"

/// The table of keys: one row for everything that a plan, --set or an axis can say about a question. A key,
/// its range, its default, its meaning, who reads it and its place in the name of a question stand in its row
/// and nowhere else.
namespace lazygap::question {

enum class Kind {
  truth,
  integer,
  number,
  positive_or_word,  ///< a number, or one of `words`
  word,              ///< one of `words`
  text,
  numbers,  ///< a list of finite numbers
  matrix,   ///< a list of numbers, a list of rows, or the name of a file with either
  rows      ///< a list of rows, or the name of a file with them
};

/// One entry of the name of a question: its place, with dots between tables, and what stands there.
struct NamePart {
  std::string place;
  Value value;
};

struct Key {
  std::string path;  ///< as in a plan: "train.momentum"
  Kind kind = Kind::text;
  std::string accepted;                      ///< ends the sentence "... is 3, but must be ..."
  std::string doc;                           ///< its meaning, for docs/plans.md and `lazygap keys`
  std::vector<std::string_view> words = {};  ///< what Kind::word accepts

  std::function<Value(const Question&)> get = {};
  /// For a value of the right kind and range.
  std::function<void(Question&, const Value&)> assign = {};
  /// For a value of the right kind; empty: every one.
  std::function<bool(const Value&)> in_range = {};

  /// Whether the question's route reads the key. It is part of the name of the question if and only if it
  /// does. Null: no route reads it.
  bool (*is_read)(const Question&) = nullptr;
  /// Place in the name. Names are older than this table, so that some places differ from the path.
  std::string place = {};
  /// Left out of the name at its default: the key is younger than the first stores, which stay valid.
  bool omitted_at_default = false;
  /// What stands in the name, where that is not the value at `place`.
  std::function<std::vector<NamePart>(const Question&)> in_name = {};

  /// The default, where it depends on other keys.
  std::function<Value(const Question&)> standard = {};
  std::string standard_text = {};  ///< the default in words; empty: as in an untouched Question
  /// Why the key cannot be given in this question, or not with this value: "belongs to second_layer =
  /// \"fixed\", but second_layer is \"free\"". Empty: it can be.
  std::function<std::string(const Question&)> conflict = {};
  /// Whether a plan that is written out names the key. Empty: where it was given, or has something to say.
  std::function<bool(const Question&)> is_written = {};
};

/// All rows, in the order of docs/plans.md.
[[nodiscard]] std::span<const Key> keys();
/// The row of `path`; null where there is none.
[[nodiscard]] const Key* find_key(std::string_view path);
/// The row of `path`; UsageError where there is none.
[[nodiscard]] const Key& key_at(std::string_view path);

/// Sets a key. Throws UsageError "train.momentum is 2, but must be ..." where the value is not accepted.
void set(Question& question, const Key& key, const Value& value);
[[nodiscard]] bool is_given(const Question& question, const Key& key);
/// Gives the keys that were not set the default that depends on those that were.
void complete(Question& question);
/// The default of the key in this question.
[[nodiscard]] Value standard(const Question& question, const Key& key);
/// The default in words, for tables of keys; empty: none.
[[nodiscard]] std::string standard_text(const Key& key);

}  // namespace lazygap::question
