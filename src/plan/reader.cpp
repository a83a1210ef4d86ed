#include "plan/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"
#include "lazygap/problem/matrix_file.h"
#include "lazygap/core/suggestion.h"

namespace lazygap::plan {
namespace {

namespace fs = std::filesystem;
using question::Key;
using question::Kind;
using question::Value;

std::string at(const std::string& path, std::size_t i) { return fmt::format("{}[{}]", path, i); }

}  // namespace

std::string describe(const toml::node& node) {
  if (const auto* text = node.as_string()) return quote(text->get());
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) {
    std::string text = fmt::format("{}", number->get());
    // 100.0 must not read as the integer 100 in "is 100, but must be an integer".
    if (std::isfinite(number->get()) && text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (const auto* list = node.as_array()) return list->empty() ? "an empty list" : "a list";
  if (node.is_table()) return "a table";
  return "a date or time";
}

void Reader::refuse(const toml::node& node, const std::string& path, std::string_view accepted) const {
  throw UsageError(fmt::format("{}: {} is {}, but must be {}", document_.where(path, node), path,
                               describe(node), accepted));
}

void Reader::complain(const toml::node& node, const std::string& path, std::string_view sentence) const {
  throw UsageError(fmt::format("{}: {} {}", document_.where(path, node), path, sentence));
}

std::string Reader::text(const toml::node& node, const std::string& path) const {
  if (!node.is_string()) refuse(node, path, "text in quotes");
  return node.as_string()->get();
}

double Reader::finite(const toml::node& node, const std::string& path, std::string_view accepted) const {
  const auto value = node.is_number() ? node.value<double>() : std::nullopt;
  if (!value || !std::isfinite(*value)) refuse(node, path, accepted);
  return *value;
}

std::int64_t Reader::whole_number(const toml::node& node, const std::string& path,
                                  std::string_view accepted) const {
  if (const auto* number = node.as_integer()) return number->get();
  // 1e3 is a whole number, too; beyond 2^53 not every one has a floating-point number of its own.
  constexpr double kMostExact = 9007199254740992.0;
  const auto* number = node.as_floating_point();
  if (number == nullptr || std::abs(number->get()) > kMostExact || std::floor(number->get()) != number->get())
    refuse(node, path, accepted);
  return static_cast<std::int64_t>(number->get());
}

std::int64_t Reader::integer(const toml::node& node, const std::string& path, std::int64_t least,
                             std::int64_t most) const {
  const std::string accepted = fmt::format("an integer from {} to {}", least, most);
  const std::int64_t number = whole_number(node, path, accepted);
  if (number < least || number > most) refuse(node, path, accepted);
  return number;
}

const toml::array& Reader::list(const toml::node& node, const std::string& path,
                                std::string_view what) const {
  const toml::array* list = node.as_array();
  if (list == nullptr || list->empty()) refuse(node, path, fmt::format("{}, with at least one entry", what));
  return *list;
}

std::size_t Reader::word(const toml::node& node, const std::string& path,
                         const std::vector<std::string>& words) const {
  const auto* text = node.as_string();
  if (text != nullptr)
    if (const auto found = std::find(words.begin(), words.end(), text->get()); found != words.end())
      return static_cast<std::size_t>(found - words.begin());
  refuse(node, path,
         fmt::format("one of {}{}", fmt::join(words, ", "),
                     text != nullptr ? suggestion(text->get(), words) : std::string()));
}

std::vector<std::size_t> Reader::words(const toml::node& node, const std::string& path,
                                       const std::vector<std::string>& words) const {
  const toml::array& entries = list(node, path, "a list of words");
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t place = word(*entries.get(i), at(path, i), words);
    if (std::find(found.begin(), found.end(), place) != found.end())
      refuse(*entries.get(i), at(path, i), "named once");
    found.push_back(place);
  }
  return found;
}

std::vector<double> Reader::numbers(const toml::array& list, const std::string& path) const {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < list.size(); ++i)
    numbers.push_back(finite(*list.get(i), at(path, i), "a finite number"));
  return numbers;
}

std::vector<Value> Reader::increasing(const Key& key, const toml::node& node, const std::string& path,
                                      std::string_view what) const {
  const toml::array& entries = list(node, path, what);
  const auto number = [](const Value& value) {
    const auto* whole = std::get_if<std::int64_t>(&value);
    return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value);
  };
  std::vector<Value> values;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Value next = value(key, *entries.get(i), at(path, i));
    if (!values.empty() && number(next) <= number(values.back()))
      refuse(*entries.get(i), at(path, i),
             fmt::format("larger than the entry before it, {}: the list must increase",
                         question::plain_text(values.back())));
    values.push_back(std::move(next));
  }
  return values;
}

Matrix Reader::matrix_in_file(const toml::node& node, const std::string& path, bool rows) const {
  const std::string name = text(node, path);
  if (name.empty()) refuse(node, path, "the name of a file");
  const fs::path file = document_.folder(path) / name;
  const std::string place = document_.where(path, node);
  try {
    if (has_matrix_extension(file)) {
      const Matrix matrix = rows ? read_matrix(file) : symmetrised(read_matrix_file(file));
      return matrix.rows() == 1 && !rows ? Matrix(matrix.transpose()) : matrix;
    }
    if (rows)
      throw UsageError(
          fmt::format("{}: is not a matrix, but must be a .npy or .csv file", printable(file.string())));
    const std::vector<double> numbers = read_list(file);
    return Eigen::Map<const Vector>(numbers.data(), static_cast<Index>(numbers.size()));
  } catch (const FileError& error) {
    throw FileError(fmt::format("{}: {}: {}", place, path, error.what()));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}: {}", place, path, error.what()));
  }
}

Matrix Reader::matrix(const Key& key, const toml::node& node, const std::string& path) const {
  const bool rows = key.kind == Kind::rows;
  if (node.is_string()) return matrix_in_file(node, path, rows);
  if (!node.is_array()) refuse(node, path, key.accepted);
  const toml::array& entries = list(node, path, "a list of numbers");
  if (!entries.get(0)->is_array()) {
    if (rows) refuse(node, path, key.accepted);
    const std::vector<double> column = numbers(entries, path);
    return Eigen::Map<const Vector>(column.data(), static_cast<Index>(column.size()));
  }
  Matrix matrix;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const toml::array* row = entries.get(i)->as_array();
    if (row == nullptr || row->empty()) refuse(*entries.get(i), at(path, i), "a list of numbers");
    const std::vector<double> found = numbers(*row, at(path, i));
    const auto columns = static_cast<Index>(found.size());
    if (i == 0) matrix.resize(static_cast<Index>(entries.size()), columns);
    if (columns != matrix.cols())
      complain(node, path,
               fmt::format("is not a matrix: row {} has {} entries, but the first one {}", i + 1, columns,
                           matrix.cols()));
    matrix.row(static_cast<Index>(i)) = Eigen::Map<const Eigen::RowVectorXd>(found.data(), columns);
  }
  return matrix;
}

Value Reader::value(const Key& key, const toml::node& node, const std::string& path) const {
  Value value;
  switch (key.kind) {
    case Kind::truth:
      if (!node.is_boolean()) refuse(node, path, key.accepted);
      return node.as_boolean()->get();
    case Kind::integer:
      value = whole_number(node, path, key.accepted);
      break;
    case Kind::positive_or_word:
      if (const auto* word = node.as_string()) {
        if (std::find(key.words.begin(), key.words.end(), word->get()) == key.words.end())
          refuse(node, path, key.accepted);
        return word->get();
      }
      [[fallthrough]];
    case Kind::number:
      value = finite(node, path, key.accepted);
      break;
    case Kind::word:
      return std::string(key.words[word(node, path, {key.words.begin(), key.words.end()})]);
    case Kind::text:
      return text(node, path);
    case Kind::numbers:
      return numbers(list(node, path, "a list of numbers"), path);
    case Kind::matrix:
    case Kind::rows:
      return std::make_shared<const Matrix>(matrix(key, node, path));
  }
  if (key.in_range && !key.in_range(value)) refuse(node, path, key.accepted);
  return value;
}

}  // namespace lazygap::plan
