#include "lazygap/problem/matrix_file.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>
#include <xtensor/xnpy.hpp>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

double number(std::string_view word, const std::string& file, std::size_t line) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size() || !std::isfinite(value))
    throw FileError(fmt::format("{}:{}: '{}' is not a finite number; a row is numbers separated by commas",
                                file, line, word));
  return value;
}

Matrix read_csv(const std::string& file, std::istream& stream) {
  std::vector<double> values;
  Index rows = 0, columns = 0;
  std::size_t line = 0;
  for (std::string text; std::getline(stream, text);) {
    ++line;
    std::string_view row = trimmed(std::string_view(text).substr(0, text.find('#')));
    if (row.empty()) continue;
    Index count = 0;
    while (true) {
      const std::size_t comma = row.find(',');
      values.push_back(number(trimmed(row.substr(0, comma)), file, line));
      ++count;
      if (comma == std::string_view::npos) break;
      row.remove_prefix(comma + 1);
    }
    if (rows == 0) columns = count;
    if (count != columns)
      throw FileError(
          fmt::format("{}:{}: has {} numbers, but the rows before have {}", file, line, count, columns));
    ++rows;
  }
  if (rows == 0) throw FileError(fmt::format("{}: is empty, but must have at least one number", file));
  return Eigen::Map<const Matrix>(values.data(), columns, rows).transpose();
}

template <class Real>
Matrix read_array(const std::string& file, std::istream& stream) {
  const auto array = xt::load_npy<Real>(stream);
  if (array.dimension() != 1 && array.dimension() != 2)
    throw FileError(
        fmt::format("{}: is an array of {} dimensions, but must have 1 or 2", file, array.dimension()));
  const std::size_t rows = array.shape(0), columns = array.dimension() == 2 ? array.shape(1) : 1;
  if (rows == 0 || columns == 0)
    throw FileError(fmt::format("{}: is {} x {}, but must have at least one number", file, rows, columns));
  // The division guards against a header whose sizes overflow when multiplied.
  const std::size_t bytes = std::filesystem::file_size(file);
  if (!stream || rows > bytes / sizeof(Real) / columns)
    throw FileError(fmt::format("{}: ends before the last of its {} x {} numbers", file, rows, columns));
  Matrix values(static_cast<Index>(rows), static_cast<Index>(columns));
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      const auto value = static_cast<double>(array.dimension() == 2 ? array(i, j) : array(i));
      if (!std::isfinite(value))
        throw FileError(fmt::format("{}: the number [{},{}] is {}, but must be finite", file, i, j, value));
      values(static_cast<Index>(i), static_cast<Index>(j)) = value;
    }
  return values;
}

Matrix read_npy(const std::string& file, std::istream& stream) {
  // The type is known to xtensor only, which compares it with the one asked for.
  try {
    return read_array<double>(file, stream);
  } catch (const FileError&) {
    throw;
  } catch (const std::exception&) {
    stream.clear();
    stream.seekg(0);
  }
  try {
    return read_array<float>(file, stream);
  } catch (const FileError&) {
    throw;
  } catch (const std::exception& error) {
    throw FileError(
        fmt::format("{}: is not an array of fp64 or fp32 numbers in NumPy's format: {}", file, error.what()));
  }
}

}  // namespace

Matrix read_matrix(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  if (extension != ".npy" && extension != ".csv")
    throw FileError(fmt::format("{}: the extension is '{}', but must be .npy or .csv", file, extension));
  std::ifstream stream(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file) || !stream)
    throw FileError(fmt::format("{}: cannot be read, or is not a file", file));
  return extension == ".npy" ? read_npy(file, stream) : read_csv(file, stream);
}

}  // namespace lazygap
