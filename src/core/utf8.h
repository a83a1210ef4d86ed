#pragma once

#include <cstddef>
#include <string_view>

namespace lazygap {

/// The first character of a text in UTF-8.
struct Utf8Character {
  std::size_t bytes = 1;  ///< that it takes; 1 where the bytes are not UTF-8
  char32_t code = 0;
  bool valid = false;  ///< false: not UTF-8 as Unicode 15, table 3-7 has it (no surrogates, shortest form)
};

/// `text` has at least one byte.
[[nodiscard]] Utf8Character first_character(std::string_view text);

/// Whether a character of Unicode is invisible in a message or changes what stands around it: controls (C0,
/// DEL, C1), zero-width and direction-changing characters, line and paragraph separators, noncharacters.
[[nodiscard]] bool is_invisible(char32_t code);

}  // namespace lazygap
