#include "lazygap/core/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace lazygap {
namespace {

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

/// Longer words are nobody's slip of the finger, and comparing them would take time.
constexpr std::size_t kLongestWord = 100;

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& accepted, std::size_t most) {
  if (word.empty() || word.size() > kLongestWord) return {};
  constexpr std::size_t kShortestBeginning = 3;  // of a longer word
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string& known : accepted) {
    const std::size_t distance = edit_distance(word, known);
    const bool goes_on = most > 1 && word.size() >= kShortestBeginning && known.starts_with(word);
    if (goes_on || distance <= std::max<std::size_t>(2, word.size() / 3)) near.emplace_back(distance, known);
  }
  if (near.empty()) return {};
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  near.resize(std::min(near.size(), most));
  std::string list;
  for (std::size_t i = 0; i < near.size(); ++i)
    list += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == near.size() ? " or " : ", ", near[i].second);
  return fmt::format("; did you mean {}?", list);
}

}  // namespace lazygap
