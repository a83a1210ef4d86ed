#include <array>
#include <string>
#include <utility>

#include "core/utf8.h"
#include "lazygap/report/escape.h"

/// gnuplot's enhanced text in the language of LaTeX.
namespace lazygap::report {
namespace {

/// Characters that stand in pictures, in mathematics.
constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kSymbols{{
    {"∞", "\\infty"}, {"→", "\\to"},         {"−", "-"},       {"×", "\\times"},  {"±", "\\pm"},
    {"·", "\\cdot"},  {"≈", "\\approx"},     {"≤", "\\le"},    {"≥", "\\ge"},     {"Γ", "\\Gamma"},
    {"Δ", "\\Delta"}, {"Σ", "\\Sigma"},      {"α", "\\alpha"}, {"β", "\\beta"},   {"γ", "\\gamma"},
    {"δ", "\\delta"}, {"ε", "\\varepsilon"}, {"η", "\\eta"},   {"λ", "\\lambda"}, {"μ", "\\mu"},
    {"ρ", "\\rho"},   {"σ", "\\sigma"},      {"τ", "\\tau"},   {"∼", "\\sim"},
}};

std::string_view symbol_of(std::string_view character) {
  for (const auto& [known, command] : kSymbols)
    if (known == character) return command;
  return {};
}

std::string escaped(char c) {
  switch (c) {
    case '\\':
      return "\\textbackslash{}";
    case '~':
      return "\\textasciitilde{}";
    case '^':
      return "\\textasciicircum{}";
    case '&':
    case '%':
    case '$':
    case '#':
    case '_':
    case '{':
    case '}':
      return {'\\', c};
    default:
      return {c};
  }
}

/// The group in braces at the start of `text`, braces included; one character where there is none.
std::string_view group(std::string_view text) {
  if (!text.starts_with('{')) return text.substr(0, first_character(text).bytes);
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return text.substr(0, i + 1);
  }
  return text;
}

std::string_view without_braces(std::string_view text) {
  return text.starts_with('{') && text.ends_with('}') ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::string latex_plain(std::string_view text) {
  std::string latex;
  for (const char c : text) latex += escaped(c);
  return latex;
}

std::string latex_text(std::string_view text) {
  constexpr std::string_view kItalic = "{/:Italic ", kSymbolFont = "{/Symbol l}";
  std::string latex;
  while (!text.empty()) {
    std::string_view taken = text.substr(0, first_character(text).bytes);
    if (text.starts_with(kItalic)) {
      taken = group(text);
      latex += '$' + std::string(without_braces(taken).substr(kItalic.size() - 1)) + '$';
    } else if (text.starts_with(kSymbolFont)) {
      taken = kSymbolFont;
      latex += "$\\lambda$";
    } else if (text[0] == '\\' && text.size() > 1) {  // a character that means nothing
      taken = text.substr(0, 2);
      latex += escaped(text[1]);
    } else if (text[0] == '_' || text[0] == '^') {
      const std::string_view script = group(text.substr(1));
      taken = text.substr(0, 1 + script.size());
      latex += "$" + std::string(1, text[0]) + '{' + std::string(without_braces(script)) + "}$";
    } else if (const std::string_view symbol = symbol_of(taken); !symbol.empty()) {
      latex += '$' + std::string(symbol) + '$';
    } else if (text[0] == '{' || text[0] == '}') {  // groups without a meaning of their own
    } else {
      latex += taken.size() == 1 ? escaped(taken[0]) : std::string(taken);
    }
    text.remove_prefix(taken.size());
  }
  return latex;
}

}  // namespace lazygap::report
