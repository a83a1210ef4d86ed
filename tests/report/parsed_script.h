#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "lazygap/report/frame.h"

/// The gnuplot script of a frame as its reader sees it.
namespace lazygap::report::parsed {

/// The first group of every match.
inline std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it)
    found.push_back((*it)[1]);
  return found;
}

/// The entries of the legend, none twice; blank ones fill a row.
inline std::set<std::string> legend(const std::string& script) {
  std::vector<std::string> entries = all_matches(script, "keyentry [^\n]* title '([^']*)'");
  std::erase(entries, " ");
  const std::set<std::string> distinct(entries.begin(), entries.end());
  EXPECT_EQ(distinct.size(), entries.size()) << "an entry is there twice";
  return distinct;
}

/// The labelled ticks of an axis, from the list in the script or from its step.
inline std::size_t ticks(const std::string& script, const std::string& axis) {
  const std::vector<std::string> lists = all_matches(script, "set " + axis + "tics \\((.*)\\) out nomirror");
  if (!lists.empty()) return all_matches(lists[0], "('[^']+' [-+.0-9e]+)(?:,|$)").size();
  const std::vector<std::string> steps = all_matches(script, "set " + axis + "tics ([-+.0-9e]+) ");
  const std::regex range("set " + axis + "range \\[([^:]*):([^\\]]*)\\]");
  std::smatch match;
  if (steps.empty() || !std::regex_search(script, match, range)) {
    ADD_FAILURE() << "no ticks of " << axis << " in\n" << script;
    return 0;
  }
  return static_cast<std::size_t>((std::stod(match[2]) - std::stod(match[1])) / std::stod(steps[0])) + 1;
}

/// The series that the plot command draws, in its order: once each, tooltips and error bars aside.
inline std::vector<std::string> drawn(const std::string& script) {
  return all_matches(script, "\\(pick\\('([^']*)','x'\\)\\):\\(pick\\('[^']*','ratio'\\)\\) with");
}

}  // namespace lazygap::report::parsed
