#include "lazygap/core/quote.h"

#include <fmt/format.h>

#include <cstdint>

#include "core/utf8.h"

namespace lazygap {
namespace {

std::string escaped(std::string_view bytes, const Utf8Character& character) {
  if (!character.valid) return fmt::format("\\x{:02x}", static_cast<std::uint8_t>(bytes[0]));
  switch (character.code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  if (!is_invisible(character.code)) return std::string(bytes);
  const auto code = static_cast<std::uint32_t>(character.code);
  return code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    result += escaped(text.substr(0, character.bytes), character);
    text.remove_prefix(character.bytes);
  }
  return result;
}

std::string quote(std::string_view text) {
  constexpr int kMost = 40;
  std::string result = "\"";
  for (int count = 0; !text.empty() && count < kMost; ++count) {
    const Utf8Character character = first_character(text);
    result += character.code == '"' ? "\\\"" : escaped(text.substr(0, character.bytes), character);
    text.remove_prefix(character.bytes);
  }
  return result + (text.empty() ? "\"" : "…\"");
}

}  // namespace lazygap
