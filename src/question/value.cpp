#include "lazygap/question/value.h"

#include <fmt/format.h>

namespace lazygap::question {
namespace {

std::string list_text(const double* numbers, Index size, Index stride) {
  std::string text;
  for (Index i = 0; i < size; ++i) text += (i == 0 ? "" : ", ") + toml_number(numbers[i * stride]);
  return "[" + text + "]";
}

/// A column as a list, any other matrix as the list of its rows.
std::string matrix_text(const Matrix& matrix) {
  if (matrix.cols() == 1) return list_text(matrix.data(), matrix.rows(), 1);
  std::string text;
  for (Index i = 0; i < matrix.rows(); ++i)
    text += (i == 0 ? "" : ", ") + list_text(matrix.data() + i, matrix.cols(), matrix.rows());
  return "[" + text + "]";
}

struct TomlText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return toml_number(value); }
  std::string operator()(const std::string& value) const { return toml_string(value); }
  std::string operator()(const std::vector<double>& value) const {
    return list_text(value.data(), static_cast<Index>(value.size()), 1);
  }
  std::string operator()(const SharedMatrix& value) const { return value ? matrix_text(*value) : "[]"; }
};

}  // namespace

bool equal(const Value& a, const Value& b) {
  const auto* matrix = std::get_if<SharedMatrix>(&a);
  const auto* other = std::get_if<SharedMatrix>(&b);
  if (matrix == nullptr || other == nullptr || *matrix == *other) return a == b;
  return *matrix && *other && (*matrix)->rows() == (*other)->rows() &&
         (*matrix)->cols() == (*other)->cols() && **matrix == **other;
}

std::string toml_number(double value) {
  std::string text = fmt::format("{}", value);
  // inf and nan are words of TOML, too.
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\u{:04X}", static_cast<int>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

std::string toml_text(const Value& value) { return std::visit(TomlText(), value); }

std::string plain_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return toml_text(value);
}

}  // namespace lazygap::question
