#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "lazygap/report/escape.h"
#include "lazygap/report/table.h"

/// A table in the formats of `lazygap show --format`.
namespace lazygap::report {
namespace {

std::size_t length(const std::string& text) {  // in characters of UTF-8
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

/// A cell that belongs to the right: 12, 0.864(4), +1.5 %, or - for what is not known.
bool is_right(const std::string& text) {
  if (text == "-") return true;
  const std::string head = text.substr(0, text.find_first_of("( "));
  return is_number(head) && text.find_first_not_of("0123456789+-.e()% ") == std::string::npos;
}

std::vector<bool> right_columns(const Table& table) {
  std::vector<bool> right(table.header.size(), true);
  for (const auto& line : table.lines)
    for (std::size_t k = 0; k < right.size(); ++k) right[k] = right[k] && is_right(line[k]);
  return right;
}

/// The table with every cell passed through `change`.
template <class Change>
std::string rows_of(const Table& table, std::string_view begin, std::string_view between,
                    std::string_view end, std::string_view after_header, Change change) {
  const auto row = [&](const std::vector<std::string>& cells) {
    std::string text(begin);
    for (std::size_t k = 0; k < cells.size(); ++k)
      text += (k == 0 ? "" : std::string(between)) + change(cells[k]);
    return text + std::string(end);
  };
  std::string text = row(table.header) + std::string(after_header);
  for (const auto& line : table.lines) text += row(line);
  return text;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string markdown_cell(const std::string& text) {
  std::string escaped;
  for (const char c : text)
    escaped += c == '|' || c == '*' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return escaped;
}

std::string latex_cell(const std::string& text) { return text == "-" ? "--" : latex_plain(text); }

}  // namespace

std::string align(const Table& table) {
  std::vector<std::size_t> width;
  for (const std::string& name : table.header) width.push_back(length(name));
  for (const auto& line : table.lines)
    for (std::size_t k = 0; k < line.size(); ++k) width[k] = std::max(width[k], length(line[k]));
  const std::vector<bool> right = right_columns(table);
  std::string text;
  const auto add = [&](const std::vector<std::string>& line) {
    std::string row;
    for (std::size_t k = 0; k < line.size(); ++k) {
      const std::string padding(width[k] - length(line[k]), ' ');
      row += (k == 0 ? "" : "  ") + (right[k] ? padding + line[k] : line[k] + padding);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  };
  add(table.header);
  for (const auto& line : table.lines) add(line);
  return text;
}

std::string to_csv(const Table& table) { return rows_of(table, "", ",", "\n", "", csv_cell); }

std::string to_markdown(const Table& table) {
  std::string rule = "|";
  for (const bool right : right_columns(table)) rule += right ? "---:|" : ":---|";
  return rows_of(table, "| ", " | ", " |\n", rule + "\n", markdown_cell);
}

std::string to_latex(const Table& table) {
  std::string columns;
  for (const bool right : right_columns(table)) columns += right ? 'r' : 'l';
  return fmt::format("\\begin{{tabular}}{{{}}}\n\\toprule\n{}\\bottomrule\n\\end{{tabular}}\n", columns,
                     rows_of(table, "", " & ", " \\\\\n", "\\midrule\n", latex_cell));
}

std::string to_json_lines(const Table& table) {
  std::string text;
  for (const auto& line : table.lines) {
    nlohmann::ordered_json object;
    for (std::size_t k = 0; k < line.size(); ++k) {
      if (line[k].empty())
        object[table.header[k]] = nullptr;
      else if (is_number(line[k]))
        object[table.header[k]] = nlohmann::ordered_json::parse(line[k], nullptr, false);
      else
        object[table.header[k]] = line[k];
      if (object[table.header[k]].is_discarded()) object[table.header[k]] = line[k];
    }
    text += object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  return text;
}

}  // namespace lazygap::report
