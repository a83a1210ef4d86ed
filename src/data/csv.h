#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lazygap/core/matrix.h"

namespace lazygap::data {

/// A field of a text file, before it has a meaning.
struct Field {
  std::string text;
};
struct Line {
  Index number = 0;  ///< of its last line in the file, from 1
  std::vector<Field> fields;
};

/// The lines of a text with separators, by libcsv. The separator is the first of tab, semicolon, comma and
/// blank that the first line has outside quotes; several blanks are one. Throws FileError: a quote
/// within a field, a quote that is not closed, no line at all.
struct CsvText {
  char separator = ',';
  std::vector<Line> lines;  ///< without blank ones
};
[[nodiscard]] CsvText parse_csv(std::string_view text, const std::string& file);

}  // namespace lazygap::data
