#include "data/csv.h"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "lazygap/core/error.h"

namespace lazygap::data {
namespace {

/// libcsv's parser, ended with the scope.
class Parser {
 public:
  explicit Parser(char separator) {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_delim(&parser_, static_cast<unsigned char>(separator));
  }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// One line with its end. False where it is not well formed.
  bool feed(std::string_view line, Index number) {
    number_ = number;
    return csv_parse(&parser_, line.data(), line.size(), on_field, on_row, this) == line.size();
  }
  bool finish() { return csv_fini(&parser_, on_field, on_row, this) == 0; }
  [[nodiscard]] std::vector<Line> take() { return std::move(lines_); }

 private:
  static void on_field(void* text, std::size_t size, void* self) {
    auto& parser = *static_cast<Parser*>(self);
    Field field;
    if (text != nullptr) field.text.assign(static_cast<const char*>(text), size);
    parser.current_.push_back(std::move(field));
  }
  static void on_row(int, void* self) {
    auto& parser = *static_cast<Parser*>(self);
    if (parser.current_.size() > 1 || (parser.current_.size() == 1 && !parser.current_[0].text.empty()))
      parser.lines_.push_back({parser.number_, std::move(parser.current_)});
    parser.current_.clear();
  }

  csv_parser parser_{};
  Index number_ = 0;
  std::vector<Field> current_;
  std::vector<Line> lines_;
};

/// The part of `text` up to and with the first end of line.
std::string_view first_line(std::string_view text) {
  const std::size_t end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) return text;
  return text.substr(0, end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
}

char separator_of(std::string_view line) {
  bool quoted = false;
  std::array<bool, 4> seen{};
  constexpr std::string_view kSeparators = "\t;, ";
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const std::size_t k = kSeparators.find(c);
    if (!quoted && k != std::string_view::npos) seen[k] = true;
  }
  for (std::size_t k = 0; k < seen.size(); ++k)
    if (seen[k]) return kSeparators[k];
  return ',';
}

/// Blanks as separators: none at the ends, one between fields.
std::string single_blanks(std::string_view line) {
  std::string out;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const bool blank = c == ' ' && !quoted;
    const bool end = c == '\r' || c == '\n';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    if (end && !out.empty() && out.back() == ' ') out.pop_back();
    out += c;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

CsvText parse_csv(std::string_view text, const std::string& file) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view begun = text.substr(std::min(text.find_first_not_of("\r\n"), text.size()));
  CsvText result{.separator = separator_of(first_line(begun)), .lines = {}};
  Parser parser(result.separator);
  Index number = 0;
  while (!text.empty()) {
    const std::string_view line = first_line(text);
    text.remove_prefix(line.size());
    ++number;
    const bool fed =
        result.separator == ' ' ? parser.feed(single_blanks(line), number) : parser.feed(line, number);
    if (!fed)
      throw FileError(
          fmt::format("{}:{}: a quote stands within a field, but a field with quotes begins and ends with "
                      "one and doubles "
                      "those inside",
                      file, number));
  }
  if (!parser.finish())
    throw FileError(
        fmt::format("{}:{}: a quoted field is not closed before the end of the file", file, number));
  result.lines = parser.take();
  if (result.lines.empty())
    throw FileError(fmt::format("{}: is empty, but must have a line for each sample", file));
  return result;
}

}  // namespace lazygap::data
