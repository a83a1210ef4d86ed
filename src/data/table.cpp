#include "lazygap/data/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include "data/csv.h"
#include "data/npz.h"
#include "lazygap/core/error.h"
#include "lazygap/core/ordinary_file.h"
#include "lazygap/core/quote.h"
#include "lazygap/problem/matrix_file.h"

namespace lazygap::data {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t kMostBytesOfText = std::uint64_t{1} << 33;
/// Integers with at most this many values, each this often on average, are taken to be classes.
constexpr std::size_t kMostClasses = 10;
constexpr Index kSamplesOfAClass = 10;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_missing(std::string_view text) {
  static const std::set<std::string, std::less<>> words{"", "na", "n/a", "nan", "null", "none", "?"};
  return words.contains(lower(text));
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

bool is_decimal_comma(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return false;
  std::string with_point(text);
  with_point[comma] = '.';
  return number_of(with_point).has_value();
}

/// Columns as they stand in a file: fields, or numbers.
struct Columns {
  std::string file;
  std::vector<std::string> names;
  std::vector<std::vector<Field>> fields;  ///< text: by line
  std::vector<Index> line_numbers;
  Matrix numbers;  ///< binary: n x columns
  bool has_header = false;

  [[nodiscard]] bool is_text() const { return !fields.empty(); }
  [[nodiscard]] Index rows() const { return is_text() ? static_cast<Index>(fields.size()) : numbers.rows(); }
  [[nodiscard]] Index count() const { return static_cast<Index>(names.size()); }
  [[nodiscard]] std::string place(Index row, Index column) const {
    return fmt::format(
        "{}:{}, column {}{}", file, line_numbers[static_cast<std::size_t>(row)], column + 1,
        has_header ? fmt::format(" ({})", quote(names[static_cast<std::size_t>(column)])) : "");
  }
  [[nodiscard]] const std::string& text(Index row, Index column) const {
    return fields[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)].text;
  }
  /// NaN where the value is missing.
  [[nodiscard]] double number(Index row, Index column) const {
    if (!is_text()) return numbers(row, column);
    const std::string& field = text(row, column);
    if (is_missing(field)) return kNaN;
    const std::optional<double> value = number_of(field);
    if (value && std::isfinite(*value)) return *value;
    if (is_decimal_comma(field))
      throw FileError(fmt::format("{}: {} has a decimal comma, but a number is written with a point",
                                  place(row, column), quote(field)));
    throw FileError(fmt::format("{}: {} is not a finite number, but the features are numbers",
                                place(row, column), quote(field)));
  }
};

void check_names(const Columns& columns) {
  std::map<std::string, Index> seen;
  for (Index c = 0; c < columns.count(); ++c) {
    const auto [at, is_new] = seen.try_emplace(columns.names[static_cast<std::size_t>(c)], c);
    if (!is_new)
      throw UsageError(fmt::format("{}: columns {} and {} have the same name {}, but names must differ",
                                   columns.file, at->second + 1, c + 1, quote(at->first)));
  }
}

void number_names(Columns& columns, Index count) {
  columns.names.clear();
  for (Index c = 1; c <= count; ++c) columns.names.push_back(fmt::format("x{}", c));
}

Columns read_text(const std::filesystem::path& path) {
  Columns columns;
  columns.file = printable(path.string());
  CsvText text = parse_csv(read_ordinary_file(path, kMostBytesOfText), columns.file);
  const std::size_t count = text.lines.front().fields.size();
  for (const Line& line : text.lines)
    if (line.fields.size() != count)
      throw FileError(fmt::format(
          "{}:{}: has {} fields, but the first line has {}{}", columns.file, line.number, line.fields.size(),
          count, text.separator == ',' ? " (decimal commas are not read: write a point)" : ""));
  const std::vector<Field>& first = text.lines.front().fields;
  columns.has_header = std::any_of(first.begin(), first.end(), [](const Field& field) {
    return !is_missing(field.text) && !number_of(field.text) && !is_decimal_comma(field.text);
  });
  // A first line of text in one column, the labels, and numbers in all others is a sample, not a header.
  const auto texts =
      std::count_if(first.begin(), first.end(), [](const Field& field) { return !number_of(field.text); });
  if (columns.has_header && texts == 1 && count > 1 && text.lines.size() > 1) {
    std::size_t c = 0;
    while (number_of(first[c].text)) ++c;
    if (!number_of(text.lines[1].fields[c].text)) columns.has_header = false;
  }
  number_names(columns, static_cast<Index>(count));
  if (columns.has_header)
    for (std::size_t c = 0; c < count; ++c)
      if (!first[c].text.empty()) columns.names[c] = first[c].text;
  for (std::size_t l = columns.has_header ? 1 : 0; l < text.lines.size(); ++l) {
    columns.line_numbers.push_back(text.lines[l].number);
    columns.fields.push_back(std::move(text.lines[l].fields));
  }
  if (columns.fields.empty())
    throw FileError(fmt::format("{}: has a header only, but must have a line for each sample", columns.file));
  check_names(columns);
  return columns;
}

/// "x.npz:name" as x.npz and name; other paths have no name.
std::pair<std::filesystem::path, std::string> split_member(const std::filesystem::path& file) {
  const std::string text = file.string();
  const std::size_t at = text.rfind(".npz:");
  if (at == std::string::npos) return {file, ""};
  return {text.substr(0, at + 4), text.substr(at + 5)};
}

/// `fallback`: the array of an archive without a name.
Columns read_columns(const std::filesystem::path& path, std::string_view fallback) {
  const auto [file, member] = split_member(path);
  const std::string extension = lower(file.extension().string());
  if (extension == ".csv" || extension == ".tsv" || extension == ".txt") return read_text(file);
  Columns columns;
  columns.file = printable(path.string());
  if (extension == ".npz")
    columns.numbers = read_npz(file, member, fallback);
  else if (extension == ".npy")
    columns.numbers = read_matrix(file);
  else
    throw FileError(fmt::format("{}: the extension is {}, but must be .csv, .tsv, .txt, .npy or .npz",
                                columns.file, quote(extension)));
  number_names(columns, columns.numbers.cols());
  return columns;
}

/// `what` it is, for the message.
Index column_of(const Columns& columns, std::string_view what, const std::string& target) {
  const auto named = std::find(columns.names.begin(), columns.names.end(), target);
  if (named != columns.names.end()) return named - columns.names.begin();
  Index number = 0;
  const auto [end, error] = std::from_chars(target.data(), target.data() + target.size(), number);
  if (error == std::errc() && end == target.data() + target.size()) {
    if (number == -1) return columns.count() - 1;
    if (number >= 1 && number <= columns.count()) return number - 1;
  }
  constexpr std::size_t kShown = 12;
  std::vector<std::string> shown;
  for (std::size_t c = 0; c < std::min(kShown, columns.names.size()); ++c)
    shown.push_back(quote(columns.names[c]));
  throw UsageError(fmt::format("{}: the {} {} is not a column; the columns are {}{}, or 1 to {}",
                               columns.file, what, quote(target), fmt::join(shown, ", "),
                               columns.names.size() > kShown ? ", ..." : "", columns.count()));
}

/// A number without superfluous digits, for the names of classes.
std::string class_name(double value) { return fmt::format("{}", value); }

/// A field as text, a number without superfluous digits.
std::string label_of(const Columns& columns, Index row, Index column) {
  const bool is_number = !columns.is_text() || number_of(columns.text(row, column));
  return is_number ? class_name(columns.number(row, column)) : columns.text(row, column);
}

bool is_class_like(const Columns& columns, Index column) {
  std::map<double, Index> values;
  for (Index i = 0; i < columns.rows(); ++i) {
    if (columns.is_text() && !number_of(columns.text(i, column)) && !is_missing(columns.text(i, column)))
      return true;
    const double value = columns.number(i, column);
    if (std::isnan(value)) continue;
    ++values[value];
    if (values.size() > kMostClasses) break;
  }
  if (values.size() == 2) return true;
  const bool integers =
      std::all_of(values.begin(), values.end(), [](const auto& v) { return v.first == std::round(v.first); });
  return values.size() <= kMostClasses && values.size() > 2 && integers &&
         columns.rows() >= kSamplesOfAClass * static_cast<Index>(values.size());
}

struct Target {
  const Columns& columns;
  std::vector<Index> at;  ///< the columns of the target
};

/// Samples that are kept, and the mean of what each column has.
std::vector<Index> kept_samples(const Columns& X, const std::vector<Index>& features, const Target& target,
                                Missing missing, Matrix& values) {
  std::vector<Index> kept;
  values.resize(static_cast<Index>(features.size()), X.rows());
  for (Index i = 0; i < X.rows(); ++i) {
    bool whole = true;
    for (const Index c : target.at)
      if (target.columns.is_text() && is_missing(target.columns.text(i, c))) {
        if (missing != Missing::drop)
          throw FileError(fmt::format("{}: the target is missing; missing = \"drop\" leaves such samples out",
                                      target.columns.place(i, c)));
        whole = false;
      }
    for (std::size_t k = 0; k < features.size(); ++k) {
      const double value = values(static_cast<Index>(k), i) = X.number(i, features[k]);
      if (!std::isnan(value)) continue;
      if (missing == Missing::refuse)
        throw FileError(fmt::format(
            "{}: the value is missing; missing = \"drop\" leaves such samples out, \"mean\" takes the "
            "mean of the column",
            X.place(i, features[k])));
      whole = whole && missing == Missing::mean;
    }
    if (whole) kept.push_back(i);
  }
  return kept;
}

Index fill_means(Matrix& X, const Columns& columns, const std::vector<Index>& features) {
  Index filled = 0;
  for (Index i = 0; i < X.rows(); ++i) {
    double sum = 0, count = 0;
    for (Index j = 0; j < X.cols(); ++j)
      if (!std::isnan(X(i, j))) sum += X(i, j), ++count;
    if (count == 0)
      throw UsageError(
          fmt::format("{}: column {} has no value at all", columns.file,
                      quote(columns.names[static_cast<std::size_t>(features[static_cast<std::size_t>(i)])])));
    for (Index j = 0; j < X.cols(); ++j)
      if (std::isnan(X(i, j))) X(i, j) = sum / count, ++filled;
  }
  return filled;
}

std::uint64_t hash_of(const Matrix& X, const Matrix& Y) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const auto add = [&](const void* data, std::size_t bytes) {
    const auto* byte = static_cast<const unsigned char*>(data);
    for (std::size_t k = 0; k < bytes; ++k) hash = (hash ^ byte[k]) * 0x100000001b3;
  };
  for (const Matrix* M : {&X, &Y}) {
    const std::int64_t shape[] = {M->rows(), M->cols()};
    add(shape, sizeof shape);
    add(M->data(), static_cast<std::size_t>(M->size()) * sizeof(double));
  }
  return hash;
}

void encode_classes(Table& table, const std::vector<std::string>& labels) {
  std::map<std::string, Index> counts;
  for (const std::string& label : labels) ++counts[label];
  for (const auto& [label, count] : counts) table.classes.push_back(label);
  // Numbers in the order of numbers.
  std::stable_sort(table.classes.begin(), table.classes.end(), [](const auto& a, const auto& b) {
    const auto x = number_of(a), y = number_of(b);
    return x && y && *x < *y;
  });
  if (table.classes.size() < 2)
    throw UsageError(fmt::format("the target {} has the one class {}, but must have two or more",
                                 quote(table.target), quote(table.classes.front())));
  for (const auto& [label, count] : counts)
    if (count == 1)
      throw UsageError(fmt::format("the target {} has one sample of class {}, but each class needs two",
                                   quote(table.target), quote(label)));
  std::map<std::string, Index> code;
  for (std::size_t c = 0; c < table.classes.size(); ++c) code[table.classes[c]] = static_cast<Index>(c);
  const auto k = static_cast<Index>(table.classes.size());
  const auto n = static_cast<Index>(labels.size());
  table.Y = Matrix::Zero(k == 2 ? 1 : k, n);
  for (Index j = 0; j < n; ++j) {
    const Index c = code.at(labels[static_cast<std::size_t>(j)]);
    table.labels.push_back(c);
    if (k == 2)
      table.Y(0, j) = c == 0 ? -1 : 1;
    else
      table.Y(c, j) = 1;
  }
}

void finish(Table& table) {
  if (table.X.cols() < 2)
    throw UsageError(fmt::format("the table has {} sample, but at least 2 are needed", table.X.cols()));
  if (table.classes.empty() && (table.Y.colwise() - table.Y.col(0)).cwiseAbs().maxCoeff() == 0)
    throw UsageError(fmt::format("the target {} is {} in every sample: there is nothing to learn from",
                                 quote(table.target), table.Y(0, 0)));
  table.hash = hash_of(table.X, table.Y);
}

void set_target(Table& table, const Target& target, const std::vector<Index>& kept, Task task) {
  const Columns& columns = target.columns;
  const bool one = target.at.size() == 1;
  if (task == Task::classes || (task == Task::automatic && one && is_class_like(columns, target.at[0]))) {
    std::vector<std::string> labels;
    for (const Index i : kept) labels.push_back(label_of(columns, i, target.at[0]));
    return encode_classes(table, labels);
  }
  table.Y.resize(static_cast<Index>(target.at.size()), static_cast<Index>(kept.size()));
  for (std::size_t c = 0; c < target.at.size(); ++c)
    for (std::size_t j = 0; j < kept.size(); ++j)
      table.Y(static_cast<Index>(c), static_cast<Index>(j)) = columns.number(kept[j], target.at[c]);
}

std::vector<Index> groups_of(const Columns& columns, Index column, const std::vector<Index>& kept) {
  std::vector<Index> groups;
  std::map<std::string, Index> numbers;
  for (const Index i : kept) {
    if (columns.is_text() && is_missing(columns.text(i, column)))
      throw FileError(
          fmt::format("{}: the group is missing, but every sample needs one", columns.place(i, column)));
    const auto next = static_cast<Index>(numbers.size());
    groups.push_back(numbers.try_emplace(label_of(columns, i, column), next).first->second);
  }
  return groups;
}

}  // namespace

Table read_table(const std::filesystem::path& file, const TableOptions& options) {
  const Columns X = read_columns(file, "X");
  const bool other = options.y.has_value() || options.target.empty();
  std::optional<Columns> y;
  if (options.y)
    y = read_columns(*options.y, "y");
  else if (options.target.empty()) {
    if (lower(file.extension().string()) != ".npz")
      throw UsageError(fmt::format("{}: there is no target; name a column (target) or a file (y)", X.file));
    y = read_columns(file, "y");
  }
  if (y && y->rows() != X.rows())
    throw UsageError(fmt::format("{}: has {} samples, but {} has {}: X and y must have as many", y->file,
                                 y->rows(), X.file, X.rows()));
  Target target{.columns = other ? *y : X, .at = {}};
  if (!other || !options.target.empty())
    target.at = {column_of(target.columns, "target", options.target)};
  else
    for (Index c = 0; c < y->count(); ++c) target.at.push_back(c);
  const Index group = options.group.empty() ? -1 : column_of(X, "group", options.group);
  if (!other && group == target.at[0])
    throw UsageError(fmt::format("{}: the group {} is the target, but must be another column", X.file,
                                 quote(options.group)));
  std::vector<Index> features;
  Table table;
  for (Index c = 0; c < X.count(); ++c) {
    if (c == group || (!other && c == target.at[0])) continue;
    features.push_back(c);
    table.features.push_back(X.names[static_cast<std::size_t>(c)]);
  }
  if (features.empty())
    throw UsageError(fmt::format("{}: has no column beside the target{}, but must have a feature", X.file,
                                 group < 0 ? "" : " and the group"));
  table.target = other && !target.columns.has_header
                     ? "y"
                     : target.columns.names[static_cast<std::size_t>(target.at[0])];
  Matrix values;
  const std::vector<Index> kept = kept_samples(X, features, target, options.missing, values);
  if (kept.empty()) throw UsageError(fmt::format("{}: every sample has a missing value", X.file));
  table.dropped = X.rows() - static_cast<Index>(kept.size());
  table.X = table.dropped == 0 ? std::move(values) : Matrix(values(Eigen::all, kept));
  if (options.missing == Missing::mean) table.filled = fill_means(table.X, X, features);
  if (group >= 0) table.groups = groups_of(X, group, kept);
  set_target(table, target, kept, options.task);
  finish(table);
  return table;
}

Table make_table(Matrix X, Matrix Y, std::vector<std::string> features) {
  Table table{.X = std::move(X), .Y = std::move(Y), .features = std::move(features), .target = "y"};
  for (auto i = static_cast<Index>(table.features.size()); i < table.X.rows(); ++i)
    table.features.push_back(fmt::format("x{}", i + 1));
  check_data_set("data::make_table", table.set());
  finish(table);
  return table;
}

Table make_classes(Matrix X, const std::vector<std::string>& labels, std::vector<std::string> features) {
  Table table{.X = std::move(X), .Y = {}, .features = std::move(features), .target = "y"};
  for (auto i = static_cast<Index>(table.features.size()); i < table.X.rows(); ++i)
    table.features.push_back(fmt::format("x{}", i + 1));
  encode_classes(table, labels);
  check_data_set("data::make_classes", table.set());
  finish(table);
  return table;
}

}  // namespace lazygap::data
