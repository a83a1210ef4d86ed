#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lazygap/question/question.h"

namespace lazygap::question {

/// What a key can hold.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<double>, SharedMatrix>;

[[nodiscard]] bool equal(const Value& a, const Value& b);
/// As one writes it in a plan (TOML); a matrix as its rows.
[[nodiscard]] std::string toml_text(const Value& value);
/// For tables and legends: text without quotes, numbers as short as they read back.
[[nodiscard]] std::string plain_text(const Value& value);

/// A number that reads back as the same number, and as a number with a fraction where it is one.
[[nodiscard]] std::string toml_number(double value);
/// Text in quotes, escaped.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace lazygap::question
