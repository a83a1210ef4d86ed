#include "plan/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace lazygap::plan {
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

std::string suggestion(std::string_view word, const std::vector<std::string>& accepted) {
  if (word.size() > kLongestWord || accepted.empty()) return {};
  std::size_t least = std::string_view::npos;
  std::string_view nearest;
  for (const std::string& known : accepted)
    if (const std::size_t distance = edit_distance(word, known); distance < least) {
      least = distance;
      nearest = known;
    }
  if (least > std::max<std::size_t>(2, word.size() / 3)) return {};
  return fmt::format("; did you mean \"{}\"?", nearest);
}

}  // namespace lazygap::plan
