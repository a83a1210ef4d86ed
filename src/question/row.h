#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lazygap/question/keys.h"

/// How the rows of the table of keys are written. `access` gives the field of a question that the key is
/// about:
/// [](auto& q) -> auto& { return q.train.options.momentum; }
namespace lazygap::question {

/// Far beyond every memory, but small enough for the sizes of matrices to stay exact integers.
inline constexpr std::int64_t kMostNeurons = 10'000'000;
inline constexpr std::int64_t kMostTestSamples = 1'000'000'000;
inline constexpr std::int64_t kMostSamples = 1'000'000'000'000;

/// n where it is asked for as samples_per_d2.
inline std::int64_t samples_at(const Question& q) {
  const auto d = static_cast<double>(q.problem.d);
  const double n = std::min(q.samples_per_d2 * d * d, static_cast<double>(kMostSamples));
  return std::max<std::int64_t>(1, std::llround(n));
}

template <class Enum>
using Words = std::vector<std::pair<std::string_view, Enum>>;

template <class Enum>
std::string_view word_of(const Words<Enum>& words, const Enum& value) {
  for (const auto& [word, known] : words)
    if (known == value) return word;
  return {};
}

/// A range of numbers with the words for it.
struct Range {
  std::string accepted;
  bool (*contains)(double);
};
inline const Range kAnyNumber{"a finite number", [](double) { return true; }};
inline const Range kPositive{"a positive finite number", [](double x) { return x > 0; }};
inline const Range kNonnegative{"zero or a positive finite number", [](double x) { return x >= 0; }};

template <class Access>
Key integer_key(std::string path, std::int64_t least, std::int64_t most, std::string doc, Access access) {
  Key key{.path = std::move(path),
          .kind = Kind::integer,
          .accepted = fmt::format("an integer from {} to {}", least, most),
          .doc = std::move(doc)};
  key.get = [access](const Question& q) { return Value(static_cast<std::int64_t>(access(q))); };
  key.assign = [access](Question& q, const Value& value) {
    using Field = std::remove_reference_t<decltype(access(q))>;
    access(q) = static_cast<Field>(std::get<std::int64_t>(value));
  };
  key.in_range = [least, most](const Value& value) {
    const std::int64_t n = std::get<std::int64_t>(value);
    return n >= least && n <= most;
  };
  return key;
}

template <class Access>
Key number_key(std::string path, const Range& range, std::string doc, Access access) {
  Key key{.path = std::move(path), .kind = Kind::number, .accepted = range.accepted, .doc = std::move(doc)};
  key.get = [access](const Question& q) { return Value(access(q)); };
  key.assign = [access](Question& q, const Value& value) { access(q) = std::get<double>(value); };
  key.in_range = [contains = range.contains](const Value& value) {
    const double x = std::get<double>(value);
    return std::isfinite(x) && contains(x);
  };
  return key;
}

template <class Access>
Key truth_key(std::string path, std::string doc, Access access) {
  Key key{.path = std::move(path), .kind = Kind::truth, .accepted = "true or false", .doc = std::move(doc)};
  key.get = [access](const Question& q) { return Value(access(q)); };
  key.assign = [access](Question& q, const Value& value) { access(q) = std::get<bool>(value); };
  return key;
}

template <class Access>
Key text_key(std::string path, std::string doc, Access access) {
  Key key{.path = std::move(path), .kind = Kind::text, .accepted = "text in quotes", .doc = std::move(doc)};
  key.get = [access](const Question& q) { return Value(access(q)); };
  key.assign = [access](Question& q, const Value& value) { access(q) = std::get<std::string>(value); };
  return key;
}

template <class Access>
Key numbers_key(std::string path, std::string doc, Access access) {
  Key key{.path = std::move(path),
          .kind = Kind::numbers,
          .accepted = "a list of numbers, with at least one entry",
          .doc = std::move(doc)};
  key.get = [access](const Question& q) { return Value(access(q)); };
  key.assign = [access](Question& q, const Value& value) {
    access(q) = std::get<std::vector<double>>(value);
  };
  return key;
}

template <class Access>
Key matrix_key(std::string path, Kind kind, std::string doc, Access access) {
  Key key{.path = std::move(path),
          .kind = kind,
          .accepted = kind == Kind::rows
                          ? "a list of rows, each a list of numbers, or the name of a file with them"
                          : "a list of numbers, a list of rows, or the name of a file with them",
          .doc = std::move(doc)};
  key.get = [access](const Question& q) { return Value(access(q)); };
  key.assign = [access](Question& q, const Value& value) { access(q) = std::get<SharedMatrix>(value); };
  return key;
}

template <class Enum, class Access>
Key word_key(std::string path, const Words<Enum>& words, std::string doc, Access access) {
  std::vector<std::string_view> list;
  for (const auto& [word, value] : words) list.push_back(word);
  Key key{.path = std::move(path),
          .kind = Kind::word,
          .accepted = list.size() == 1 ? fmt::format("\"{}\"", list[0])
                                       : fmt::format("one of {}", fmt::join(list, ", ")),
          .doc = std::move(doc),
          .words = std::move(list)};
  key.get = [words, access](const Question& q) { return Value(std::string(word_of(words, access(q)))); };
  key.assign = [words, access](Question& q, const Value& value) {
    for (const auto& [word, known] : words)
      if (word == std::get<std::string>(value)) access(q) = known;
  };
  return key;
}

/// Adds a row that stands at `place` in the name of a question where `is_read` says so.
inline void add_row(std::vector<Key>& rows, Key key, bool (*is_read)(const Question&), std::string place,
                    bool omitted_at_default = false) {
  key.is_read = is_read;
  key.place = std::move(place);
  key.omitted_at_default = omitted_at_default;
  rows.push_back(std::move(key));
}

/// Why `W` cannot be the first layer of the question; empty: it can, or it is null.
[[nodiscard]] std::string wrong_first_layer(const Question& question, const SharedMatrix& W);

// The rows, by table of the plan.
void add_problem_keys(std::vector<Key>& rows);
void add_network_keys(std::vector<Key>& rows);
void add_train_keys(std::vector<Key>& rows);
void add_fit_keys(std::vector<Key>& rows);

}  // namespace lazygap::question
