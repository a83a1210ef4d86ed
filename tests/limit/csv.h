#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "lazygap/core/matrix.h"

/// Reading the tables of reference values beside the tests: comma-separated, one header line, no quoting,
/// lists of numbers separated by blanks.
namespace lazygap::test {

using Row = std::vector<std::string>;

/// The rows after the header of tests/`name`, each with as many fields as the header.
inline std::vector<Row> read_csv(const std::string& name) {
  const std::string path = std::string(LAZYGAP_SOURCE_DIR) + "/tests/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    Row row(1);
    for (const char c : line) {
      if (c == ',')
        row.emplace_back();
      else
        row.back() += c;
    }
    if (!rows.empty() && row.size() != rows.front().size())
      throw std::runtime_error("ragged line in " + path);
    rows.push_back(row);
  }
  rows.erase(rows.begin());
  return rows;
}

inline Vector numbers(const std::string& list) {
  std::istringstream words(list);
  std::vector<double> values;
  for (std::string word; words >> word;) values.push_back(std::stod(word));
  return Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
}

}  // namespace lazygap::test
