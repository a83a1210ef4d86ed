#include "experiment/plan_document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>

#include "lazygap/core/error.h"
#include "lazygap/problem/matrix_file.h"

namespace lazygap::experiment {
namespace {

namespace fs = std::filesystem;

/// The value as the plan's author would recognise it.
std::string describe(const toml::node& node) {
  if (const auto* text = node.as_string()) return fmt::format("\"{}\"", text->get());
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

/// Number of single-character insertions, deletions and replacements between two words (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

/// `; did you mean "steps"?` for the nearest word, nothing where none is near.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& accepted) {
  const auto nearest = std::min_element(accepted.begin(), accepted.end(), [&](auto a, auto b) {
    return edit_distance(word, a) < edit_distance(word, b);
  });
  if (nearest == accepted.end() || edit_distance(word, *nearest) > std::max<std::size_t>(2, word.size() / 3))
    return {};
  return fmt::format("; did you mean \"{}\"?", *nearest);
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-+.*/()").find(c) != std::string_view::npos;
}

/// Puts quotes around the bare words of a value: [NT, RF(I)] becomes ["NT", "RF(I)"]. Words before '=' are
/// keys.
std::string quote_bare_words(std::string_view value) {
  std::string quoted;
  for (std::size_t i = 0; i < value.size();) {
    if (value[i] == '"' || value[i] == '\'') {
      const std::size_t end = value.find(value[i], i + 1);
      const std::size_t next = end == std::string_view::npos ? value.size() : end + 1;
      quoted += value.substr(i, next - i);
      i = next;
      continue;
    }
    std::size_t end = i;
    while (end < value.size() && is_word_character(value[end])) ++end;
    if (end == i) {
      quoted += value[i++];
      continue;
    }
    const std::string_view word = value.substr(i, end - i);
    const std::size_t after = value.find_first_not_of(' ', end);
    const bool is_key = after != std::string_view::npos && value[after] == '=';
    const bool is_word = (word[0] >= 'a' && word[0] <= 'z') || (word[0] >= 'A' && word[0] <= 'Z') ||
                         word.find('/') != std::string_view::npos;
    const bool is_value = !is_word || word == "true" || word == "false" || word == "nan" || word == "inf";
    quoted += is_key || is_value ? std::string(word) : fmt::format("\"{}\"", word);
    i = end;
  }
  return quoted;
}

/// Whether `path` is `key` or lies below it.
bool is_within(const std::string& path, const std::string& key) {
  return path == key || (path.starts_with(key) && (path[key.size()] == '.' || path[key.size()] == '['));
}

std::vector<double> read_numbers(const fs::path& file) {
  std::error_code error;
  if (fs::is_directory(file, error))
    throw FileError(fmt::format("{}: is a folder, not a file", file.string()));
  std::ifstream stream(file);
  if (!stream) throw FileError(fmt::format("{}: the file cannot be read", file.string()));
  std::vector<double> numbers;
  std::vector<std::size_t> line_sizes;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const std::size_t before = numbers.size();
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == ',' || c == ';' || c == '\t' || c == '\r'; }, ' ');
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      double value = 0;
      const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (code != std::errc() || end != word.data() + word.size() || !std::isfinite(value))
        throw UsageError(fmt::format("{}:{}: \"{}\" is not a finite number", file.string(), number, word));
      numbers.push_back(value);
    }
    if (numbers.size() > before) line_sizes.push_back(numbers.size() - before);
  }
  if (stream.bad()) throw FileError(fmt::format("{}: the file cannot be read to its end", file.string()));
  if (numbers.empty())
    throw UsageError(fmt::format("{}: holds no numbers, but must hold at least one", file.string()));
  const std::size_t lines = line_sizes.size();
  if (lines > 1 && std::count(line_sizes.begin(), line_sizes.end(), lines) == std::ssize(line_sizes))
    throw UsageError(
        fmt::format("{0}: holds {1} lines of {1} numbers, which may be a matrix; name it .csv if it is "
                    "one, or put the list in one line or one column",
                    file.string(), lines));
  return numbers;
}

}  // namespace

PlanDocument::PlanDocument(std::string_view text, std::string label, fs::path folder,
                           const std::vector<std::pair<std::string, std::string>>& overrides)
    : label_(std::move(label)), folder_(std::move(folder)) {
  try {
    root_ = toml::parse(text, label_);
  } catch (const toml::parse_error& error) {
    throw UsageError(
        fmt::format("{}:{}: not TOML: {}", label_, error.source().begin.line, error.description()));
  }
  for (const auto& [path, value] : overrides) override_key(path, value);
}

void PlanDocument::override_key(const std::string& path, const std::string& value) {
  toml::table parsed;
  try {
    parsed = toml::parse("value = " + value);
  } catch (const toml::parse_error&) {
    try {
      parsed = toml::parse("value = " + quote_bare_words(value));
    } catch (const toml::parse_error& error) {
      throw UsageError(
          fmt::format("--set {}: \"{}\" is not a TOML value: {}", path, value, error.description()));
    }
  }
  // A line break in `value` would smuggle in further keys.
  if (parsed.size() != 1)
    throw UsageError(fmt::format("--set {}: \"{}\" is more than one value", path, value));
  toml::table* table = &root_;
  std::size_t begin = 0;
  for (std::size_t dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1) {
    const std::string_view key = std::string_view(path).substr(begin, dot - begin);
    toml::node* next = table->get(key);
    if (next == nullptr) next = &table->insert(key, toml::table()).first->second;
    table = next->as_table();
    if (table == nullptr)
      throw UsageError(
          fmt::format("--set {}: \"{}\" is not a table in {}", path, path.substr(0, dot), label_));
  }
  if (begin == path.size()) throw UsageError(fmt::format("--set {}: the key is empty", path));
  parsed.get("value")->visit(
      [&](auto& node) { table->insert_or_assign(path.substr(begin), std::move(node)); });
  overridden_.push_back(path);
}

bool PlanDocument::is_overridden(const std::string& path) const {
  return std::any_of(overridden_.begin(), overridden_.end(),
                     [&](const std::string& key) { return is_within(path, key); });
}

std::string PlanDocument::where(const std::string& path, const toml::node& node) const {
  // The longest key given on the command line that covers the path.
  std::string best;
  for (const std::string& key : overridden_)
    if (key.size() > best.size() && is_within(path, key)) best = key;
  const auto line = node.source().begin.line;
  // A table that a deeper key on the command line has brought into being.
  for (const std::string& key : overridden_)
    if (best.empty() && line == 0 && is_within(key, path)) best = key;
  if (!best.empty()) return "--set " + best;
  return line == 0 ? label_ : fmt::format("{}:{}", label_, line);
}

fs::path PlanDocument::folder(const std::string& path) const {
  return is_overridden(path) ? fs::path() : folder_;
}

PlanTable::PlanTable(const PlanDocument& document, const toml::table& table, std::string path,
                     std::vector<std::string_view> accepted)
    : document_(document), table_(table), path_(std::move(path)) {
  for (const auto& [key, node] : table_) {
    if (std::find(accepted.begin(), accepted.end(), key.str()) != accepted.end()) continue;
    throw UsageError(fmt::format(
        "{}: unknown key \"{}\"{}; accepted {} {}", document_.where(path_of(key.str()), node),
        path_of(key.str()), suggestion(key.str(), accepted),
        path_.empty() ? "at the top are" : fmt::format("in [{}] are", path_), fmt::join(accepted, ", ")));
  }
}

PlanTable PlanTable::table(std::string_view key, std::vector<std::string_view> accepted) const {
  static const toml::table empty;
  const toml::node* node = table_.get(key);
  if (node == nullptr) return PlanTable(document_, empty, path_of(key), std::move(accepted));
  if (!node->is_table()) refuse(key, "a table");
  return PlanTable(document_, *node->as_table(), path_of(key), std::move(accepted));
}

std::string PlanTable::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}
std::string PlanTable::path_of(std::string_view key, std::size_t i) const {
  return fmt::format("{}[{}]", path_of(key), i);
}

void PlanTable::refuse_node(const toml::node& node, const std::string& path,
                            std::string_view accepted) const {
  throw UsageError(fmt::format("{}: {} is {}, but must be {}", document_.where(path, node), path,
                               describe(node), accepted));
}

void PlanTable::refuse_word(const toml::node& node, const std::string& path,
                            const std::vector<std::string_view>& words) const {
  const std::string hint = node.is_string() ? suggestion(node.as_string()->get(), words) : std::string();
  refuse_node(node, path,
              words.size() == 1 ? fmt::format("\"{}\"{}", words[0], hint)
                                : fmt::format("one of {}{}", fmt::join(words, ", "), hint));
}

void PlanTable::refuse(std::string_view key, std::string_view accepted) const {
  refuse_node(*table_.get(key), path_of(key), accepted);
}

void PlanTable::complain(std::string_view key, std::string_view sentence) const {
  const toml::node* node = table_.get(key);
  const toml::node& place = node == nullptr ? static_cast<const toml::node&>(table_) : *node;
  throw UsageError(fmt::format("{}: {} {}", document_.where(path_of(key), place), path_of(key), sentence));
}

void PlanTable::require(std::string_view key) const {
  if (!has(key)) complain(key, "is missing, but is needed");
}

bool PlanTable::text(std::string_view key, std::string& out) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return false;
  if (!node->is_string()) refuse(key, "text in quotes");
  out = node->as_string()->get();
  return true;
}

bool PlanTable::truth(std::string_view key, bool& out) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return false;
  if (!node->is_boolean()) refuse(key, "true or false");
  out = node->as_boolean()->get();
  return true;
}

bool PlanTable::integer(std::string_view key, std::int64_t& out, std::int64_t least,
                        std::int64_t most) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return false;
  const auto* number = node->as_integer();
  if (number == nullptr || number->get() < least || number->get() > most)
    refuse(key, fmt::format("an integer from {} to {}", least, most));
  out = number->get();
  return true;
}

double PlanTable::finite(const toml::node& node, const std::string& path, std::string_view accepted) const {
  const auto value = node.is_number() ? node.value<double>() : std::nullopt;
  if (!value || !std::isfinite(*value)) refuse_node(node, path, accepted);
  return *value;
}

bool PlanTable::number(std::string_view key, double& out, std::string_view accepted) const {
  const toml::node* node = table_.get(key);
  if (node != nullptr) out = finite(*node, path_of(key), accepted);
  return node != nullptr;
}

bool PlanTable::positive_number(std::string_view key, double& out) const {
  constexpr auto kAccepted = "a positive finite number";
  const toml::node* node = table_.get(key);
  if (node == nullptr) return false;
  const double value = finite(*node, path_of(key), kAccepted);
  if (value <= 0) refuse(key, kAccepted);
  out = value;
  return true;
}

bool PlanTable::nonnegative_number(std::string_view key, double& out) const {
  constexpr auto kAccepted = "zero or a positive finite number";
  const toml::node* node = table_.get(key);
  if (node == nullptr) return false;
  const double value = finite(*node, path_of(key), kAccepted);
  if (value < 0) refuse(key, kAccepted);
  out = value;
  return true;
}

const toml::array* PlanTable::list_of(std::string_view key, std::string_view what) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return nullptr;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->empty()) refuse(key, fmt::format("{}, with at least one entry", what));
  return list;
}

std::vector<double> PlanTable::finite_numbers(const toml::array& list, const std::string& path) const {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < list.size(); ++i)
    numbers.push_back(finite(*list.get(i), fmt::format("{}[{}]", path, i), "a finite number"));
  return numbers;
}

bool PlanTable::numbers(std::string_view key, std::vector<double>& out) const {
  const toml::array* list = list_of(key, "a list of numbers");
  if (list == nullptr) return false;
  out = finite_numbers(*list, path_of(key));
  return true;
}

Matrix PlanTable::matrix_in_file(std::string_view key, bool rows) const {
  std::string name;
  text(key, name);
  if (name.empty()) refuse(key, "the name of a file");
  const fs::path file = document_.folder(path_of(key)) / name;
  const std::string place = document_.where(path_of(key), *table_.get(key));
  try {
    if (file.extension() == ".npy" || file.extension() == ".csv") {
      const Matrix matrix = read_matrix(file.string());
      return matrix.rows() == 1 && !rows ? Matrix(matrix.transpose()) : matrix;
    }
    if (rows)
      throw UsageError(fmt::format("{}: is not a matrix, but must be a .npy or .csv file", file.string()));
    const std::vector<double> numbers = read_numbers(file);
    return Eigen::Map<const Vector>(numbers.data(), static_cast<Index>(numbers.size()));
  } catch (const FileError& error) {
    throw FileError(fmt::format("{}: {}: {}", place, path_of(key), error.what()));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}: {}", place, path_of(key), error.what()));
  }
}

bool PlanTable::matrix_or_file(std::string_view key, Matrix& out) const {
  return read_matrix_or_file(key, out, false);
}
bool PlanTable::rows_or_file(std::string_view key, Matrix& out) const {
  return read_matrix_or_file(key, out, true);
}

bool PlanTable::read_matrix_or_file(std::string_view key, Matrix& out, bool rows) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return false;
  if (node->is_string()) {
    out = matrix_in_file(key, rows);
    return true;
  }
  if (!node->is_array()) refuse(key, "a list of numbers, a list of rows, or the name of a file with them");
  const toml::array& list = *list_of(key, "a list of numbers");
  if (!list.get(0)->is_array()) {
    if (rows) refuse(key, "a list of rows, each a list of numbers, or the name of a file with them");
    const std::vector<double> numbers = finite_numbers(list, path_of(key));
    out = Eigen::Map<const Vector>(numbers.data(), static_cast<Index>(numbers.size()));
    return true;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const toml::array* row = list.get(i)->as_array();
    if (row == nullptr || row->empty()) refuse_node(*list.get(i), path_of(key, i), "a list of numbers");
    const std::vector<double> numbers = finite_numbers(*row, path_of(key, i));
    const auto columns = static_cast<Index>(numbers.size());
    if (i == 0) out.resize(static_cast<Index>(list.size()), columns);
    if (columns != out.cols())
      complain(key, fmt::format("is not a matrix: row {} has {} entries, but the first one {}", i + 1,
                                columns, out.cols()));
    out.row(static_cast<Index>(i)) = Eigen::Map<const Eigen::RowVectorXd>(numbers.data(), columns);
  }
  return true;
}

bool PlanTable::increasing_integers(std::string_view key, std::vector<Index>& out, Index least,
                                    Index most) const {
  const toml::array* list = list_of(key, "a list of integers");
  if (list == nullptr) return false;
  out.clear();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto* number = list->get(i)->as_integer();
    if (number == nullptr || number->get() < least || number->get() > most)
      refuse_node(*list->get(i), path_of(key, i), fmt::format("an integer from {} to {}", least, most));
    if (!out.empty() && number->get() <= out.back())
      refuse_node(*list->get(i), path_of(key, i),
                  fmt::format("larger than the entry before it, {}: the list must increase", out.back()));
    out.push_back(number->get());
  }
  return true;
}

bool PlanTable::increasing_positive_numbers(std::string_view key, std::vector<double>& out) const {
  const toml::array* list = list_of(key, "a list of positive numbers");
  if (list == nullptr) return false;
  out.clear();
  for (std::size_t i = 0; i < list->size(); ++i) {
    constexpr auto kAccepted = "a positive finite number";
    const double value = finite(*list->get(i), path_of(key, i), kAccepted);
    if (value <= 0) refuse_node(*list->get(i), path_of(key, i), kAccepted);
    if (!out.empty() && value <= out.back())
      refuse_node(*list->get(i), path_of(key, i),
                  fmt::format("larger than the entry before it, {}: the list must increase", out.back()));
    out.push_back(value);
  }
  return true;
}

}  // namespace lazygap::experiment
