#include "lazygap/core/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "core/utf8.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

constexpr std::string_view kBlanks = " \t\v\f";
constexpr std::size_t kMostNumbers = std::size_t{1} << 26;
constexpr std::string_view kSeparators = " \t\v\f,;";

/// What stands between two numbers of a line, or after the last one.
enum class Gap : std::uint8_t {
  none,
  blank,
  semicolon,
  comma,
  tight_comma
};  // tight: no blank on either side

std::string_view name_of(Gap gap) {
  return gap == Gap::blank ? "a blank or tab" : gap == Gap::semicolon ? "a semicolon" : "a comma";
}

struct Number {
  double value = 0;
  std::string_view word;
  std::uint32_t line = 0, column = 0;  // counted from 1
  Gap after = Gap::none;
};
static_assert(sizeof(Number) <= 40, "files of 2^26 numbers are accepted");

[[noreturn]] void fail(std::string_view file, std::size_t line, std::size_t column,
                       std::string_view sentence) {
  throw FileError(fmt::format("{}:{}:{}: {}", file, line, column, sentence));
}

/// A line of the text and how many characters of it have been read.
class Line {
 public:
  Line(std::string_view text, std::string_view file, std::uint32_t number)
      : rest_(text.substr(0, text.find('#'))), file_(file), number_(number) {
    skip(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  Number next() {
    Number number{.line = number_, .column = column_};
    number.word = rest_.substr(0, rest_.find_first_of(kSeparators));
    number.value = value_of(number.word);
    skip(number.word.size());
    number.after = gap();
    return number;
  }

 private:
  void skip(std::size_t bytes) {
    for (const std::size_t end = rest_.size() - bytes; rest_.size() > end; ++column_)
      rest_.remove_prefix(first_character(rest_).bytes);
  }

  double value_of(std::string_view word) const {
    if (word.empty()) fail(file_, number_, column_, "a number is missing before this separator");
    // from_chars knows no +, and would take "+-1" for -1 after it.
    const bool plus = word.size() > 1 && word[0] == '+' && word[1] != '-';
    const char* const begin = word.data() + (plus ? 1 : 0);
    const char* const end = word.data() + word.size();
    double value = 0;
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::result_out_of_range && stop == end)
      fail(file_, number_, column_, fmt::format("{} is beyond the range of fp64 numbers", quote(word)));
    if (error != std::errc() || stop != end || !std::isfinite(value))
      fail(file_, number_, column_, fmt::format("{} is not a finite number", quote(word)));
    return value;
  }

  Gap gap() {
    const std::size_t before = rest_.find_first_not_of(kBlanks);
    if (before == std::string_view::npos) {
      skip(rest_.size());
      return Gap::none;
    }
    skip(before);
    if (rest_[0] != ',' && rest_[0] != ';') return Gap::blank;
    const bool is_comma = rest_[0] == ',';
    skip(1);
    const std::size_t after = std::min(rest_.find_first_not_of(kBlanks), rest_.size());
    skip(after);
    if (!is_comma) return Gap::semicolon;
    return before == 0 && after == 0 && !at_end() ? Gap::tight_comma : Gap::comma;
  }

  std::string_view rest_;
  std::string_view file_;
  std::uint32_t number_;
  std::uint32_t column_ = 1;
};

/// All numbers of the text, in its order.
std::vector<Number> parse(std::string_view text, std::string_view file) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<Number> numbers;
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t size = std::min(text.find_first_of("\r\n"), text.size());
    Line line(text.substr(0, size), file, number);
    while (!line.at_end()) {
      numbers.push_back(line.next());
      if (numbers.size() > kMostNumbers)
        throw FileError(fmt::format("{}: holds more than {} numbers; a .npy file may", file, kMostNumbers));
    }
    text.remove_prefix(size);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1);
  }
  if (numbers.empty()) throw FileError(fmt::format("{}: holds no numbers, but must hold at least one", file));
  return numbers;
}

/// Whether LEFT,RIGHT can be one number with a decimal comma.
bool is_decimal(std::string_view left, std::string_view right) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (left[0] == '+' || left[0] == '-') left.remove_prefix(1);
  return std::all_of(left.begin(), left.end(), is_digit) && is_digit(right[0]) &&
         right.find('.') == std::string_view::npos;
}

/// Refuses the first comma that may be a decimal one, unless some comma without a blank cannot be one: then
/// such commas separate. Commas with blanks show nothing, "1,5, 2,5" may be two numbers.
void check_commas(const std::vector<Number>& numbers, std::string_view file) {
  const Number* suspect = nullptr;
  const auto is_tight = [&](std::size_t i) { return numbers[i].after == Gap::tight_comma; };
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!is_tight(i)) continue;
    const bool is_alone = (i == 0 || !is_tight(i - 1)) && !is_tight(i + 1);
    if (!is_alone || !is_decimal(numbers[i].word, numbers[i + 1].word)) return;
    if (suspect == nullptr) suspect = &numbers[i];
  }
  if (suspect == nullptr) return;
  const std::string_view left = suspect->word, right = (suspect + 1)->word;
  fail(
      file, suspect->line, suspect->column,
      fmt::format("{} can be one number with a decimal comma or two numbers; a decimal point makes it one, a "
                  "blank after the comma two",
                  quote(fmt::format("{},{}", left, right))));
}

/// How many numbers each line has that has any.
std::vector<std::size_t> line_sizes(const std::vector<Number>& numbers) {
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i == 0 || numbers[i].line != numbers[i - 1].line) sizes.push_back(0);
    ++sizes.back();
  }
  return sizes;
}

/// Refuses the first separator that is of another kind than the first one, and separators that end a line.
void check_separators(const std::vector<Number>& numbers, std::string_view file) {
  Gap first = Gap::none;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Number& number = numbers[i];
    const Gap gap = number.after == Gap::tight_comma ? Gap::comma : number.after;
    const bool is_last = i + 1 == numbers.size() || numbers[i + 1].line != number.line;
    if (is_last && gap != Gap::none)
      fail(file, number.line, number.column,
           fmt::format("{} follows {} and ends the line, but a number must follow it", name_of(gap),
                       quote(number.word)));
    if (first == Gap::none) first = gap;
    if (gap != Gap::none && gap != first)
      fail(file, number.line, number.column,
           fmt::format("{} follows {}, but {} has separated the numbers before; one kind of separator is "
                       "accepted, and decimal points only",
                       name_of(gap), quote(number.word), name_of(first)));
  }
}

}  // namespace

std::vector<double> parse_list(std::string_view text, std::string_view file) {
  const std::vector<Number> numbers = parse(text, file);
  check_commas(numbers, file);
  const std::vector<std::size_t> sizes = line_sizes(numbers);
  const std::size_t lines = sizes.size();
  if (lines > 1 && std::all_of(sizes.begin(), sizes.end(), [&](std::size_t size) { return size == lines; }))
    throw FileError(
        fmt::format("{0}: holds {1} lines of {1} numbers, which may be a matrix; name it .csv if it is one, "
                    "or put the list in one line or one column",
                    file, lines));
  std::vector<double> values;
  for (const Number& number : numbers) values.push_back(number.value);
  return values;
}

Matrix parse_rows(std::string_view text, std::string_view file) {
  const std::vector<Number> numbers = parse(text, file);
  check_separators(numbers, file);
  const std::vector<std::size_t> sizes = line_sizes(numbers);
  Matrix matrix(static_cast<Index>(sizes.size()), static_cast<Index>(sizes[0]));
  auto number = numbers.begin();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != sizes[0])
      throw FileError(fmt::format("{}:{}: has {} numbers, but the rows before have {}", file, number->line,
                                  sizes[i], sizes[0]));
    for (std::size_t j = 0; j < sizes[i]; ++j, ++number)
      matrix(static_cast<Index>(i), static_cast<Index>(j)) = number->value;
  }
  return matrix;
}

}  // namespace lazygap
