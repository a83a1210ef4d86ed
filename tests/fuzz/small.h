#pragma once

#include <cctype>
#include <string_view>

namespace lazygap::fuzz {

/// Whether the numbers in a text have at most two digits before the point and no large exponent: problems of
/// large dimension, grids of many points and long lists are not faults, but would take all the time.
inline bool has_small_numbers(std::string_view text) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t digits = 0;
  bool after_point = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_digit(c) || c == '_') {
      if (++digits > 2 && !after_point) return false;
      continue;
    }
    const bool is_exponent = digits > 0 && (c == 'e' || c == 'E');
    if (is_exponent && i + 1 < text.size() && (is_digit(text[i + 1]) || text[i + 1] == '+')) return false;
    if (digits > 0 && (c == 'x' || c == 'o' || c == 'b')) return false;  // other bases
    after_point = c == '.' || (is_exponent && i + 1 < text.size() && text[i + 1] == '-');
    digits = 0;
  }
  return true;
}

}  // namespace lazygap::fuzz
