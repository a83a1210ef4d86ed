#include "lazygap/report/escape.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/utf8.h"
#include "lazygap/core/quote.h"

namespace lazygap::report {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// `text`, each character replaced by what `escape(character, its bytes)` gives.
template <class Escape>
std::string escaped(std::string_view text, Escape escape) {
  std::string result;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    result += character.valid ? escape(character.code, text.substr(0, character.bytes)) : kReplacement;
    text.remove_prefix(character.bytes);
  }
  return result;
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

/// Whether XML 1.0 has no such character, or HTML calls it an error.
bool is_unknown_to_xml(char32_t code) {
  const bool is_blank = code == '\t' || code == '\n' || code == '\r';
  return (is_control(code) && !is_blank) || (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
}

}  // namespace

std::string gnuplot_string(std::string_view text) {
  std::string string = escaped(text, [](char32_t code, std::string_view bytes) -> std::string_view {
    return code == '\'' ? "''" : is_control(code) ? " " : is_unknown_to_xml(code) ? kReplacement : bytes;
  });
  constexpr std::string_view kEndOfCdata = "]]>";
  for (std::size_t at = 0; (at = string.find(kEndOfCdata, at)) != std::string::npos;)
    string.insert(at + 2, 1, ' ');
  return fmt::format("'{}'", string);
}

std::string enhanced_text(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (std::string_view("_^{}@&~\\").find(c) != std::string_view::npos) plain += '\\';
    plain += c;
  }
  return plain;
}

std::string gnuplot_file(std::string_view name) { return gnuplot_string(fmt::format("./{}", name)); }

std::string xml_text(std::string_view text) {
  return escaped(text, [](char32_t code, std::string_view bytes) -> std::string_view {
    switch (code) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      default:
        return is_unknown_to_xml(code) ? kReplacement : bytes;
    }
  });
}

std::string csv_text(std::string_view text) {
  const bool is_formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  const bool needs_quotes = text.find_first_of(",;\"\t\r\n") != std::string_view::npos;
  std::string field = escaped(text, [](char32_t code, std::string_view bytes) -> std::string_view {
    const bool is_blank = code == '\t' || code == '\n' || code == '\r';
    return code == '"' ? "\"\"" : is_control(code) && !is_blank ? kReplacement : bytes;
  });
  if (is_formula) field.insert(0, 1, '\'');
  return needs_quotes ? fmt::format("\"{}\"", field) : field;
}

std::string shell_word(std::string_view text) {
  std::string word = fmt::format("{}{}", text.starts_with('-') ? "./" : "", text);
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./-+=:,@%").find(c) != std::string_view::npos;
  });
  if (is_plain) return word;
  const auto replace_quotes = [](const std::string& from, std::string_view by) {
    std::string result;
    for (const char c : from) result += c == '\'' ? by : std::string_view(&c, 1);
    return result;
  };
  // The escapes of printable() are those of $'...'.
  std::string without_backslashes = word;
  std::erase(without_backslashes, '\\');
  if (printable(without_backslashes) != without_backslashes)
    return fmt::format("$'{}'", replace_quotes(printable(word), "\\'"));
  return fmt::format("'{}'", replace_quotes(word, "'\\''"));
}

}  // namespace lazygap::report
