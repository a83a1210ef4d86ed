#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lazygap/question/keys.h"

/// The rows of the table of keys, asked about questions in which some keys are set.
namespace lazygap::test {

using question::Method;
using question::Question;
using question::Value;
using Settings = std::vector<std::pair<const char*, Value>>;

inline Value word(const char* text) { return std::string(text); }
inline Value whole(std::int64_t number) { return number; }

/// A question with the keys set, and the defaults that depend on them.
inline Question asked(Method method, Regime regime, const Settings& settings = {}) {
  Question question;
  question.method = method;
  question.network.regime = regime;
  for (const auto& [path, value] : settings) set(question, question::key_at(path), value);
  complete(question);
  return question;
}

inline bool reads(const Question& question, const char* path) {
  return question::key_at(path).is_read(question);
}
inline std::string conflict(const Question& question, const char* path) {
  return question::key_at(path).conflict(question);
}
inline Value value_of(const Question& question, const char* path) {
  return question::key_at(path).get(question);
}

/// What stands in the name of the question for a key with a spelling of its own: "place=value".
inline std::vector<std::string> in_name(const Question& question, const char* path) {
  std::vector<std::string> parts;
  for (const question::NamePart& part : question::key_at(path).in_name(question))
    parts.push_back(part.place + "=" + question::plain_text(part.value));
  return parts;
}

}  // namespace lazygap::test
