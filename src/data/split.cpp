#include "lazygap/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "data/shuffle.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::data {
namespace {

constexpr auto kFunction = "data::make_splits";
/// A purpose of random numbers beside those of core/random.h.
constexpr auto kSplitting = static_cast<Purpose>(30);

/// What stays together: samples, or groups of samples.
using Units = std::vector<std::vector<Index>>;

Units make_units(Index n, const SplitOptions& options) {
  Units units;
  if (options.kind != SplitKind::grouped) {
    for (Index i = 0; i < n; ++i) units.push_back({i});
    return units;
  }
  check_size(kFunction, "groups", static_cast<Index>(options.groups.size()), "the number of samples n", n);
  std::map<Index, std::vector<Index>> groups;
  for (Index i = 0; i < n; ++i) groups[options.groups[static_cast<std::size_t>(i)]].push_back(i);
  for (auto& [group, members] : groups) units.push_back(std::move(members));
  return units;
}

void append(std::vector<Index>& rows, const std::vector<Index>& unit) {
  rows.insert(rows.end(), unit.begin(), unit.end());
}

/// Every 1/`part`-th of what is counted belongs to a part, spread evenly.
bool is_in_part(std::size_t i, double part) {
  const auto place = static_cast<double>(i);
  return std::floor((place + 1) * part) > std::floor(place * part);
}

Split fold_of(const Units& units, const std::vector<Index>& order, std::size_t fold,
              const SplitOptions& options) {
  Split split;
  std::size_t kept = 0;
  for (std::size_t p = 0; p < order.size(); ++p) {
    const auto& unit = units[static_cast<std::size_t>(order[p])];
    if (p % static_cast<std::size_t>(options.folds) == fold)
      append(split.test, unit);
    else
      append(is_in_part(kept++, options.validation) ? split.validation : split.train, unit);
  }
  for (auto* rows : {&split.train, &split.validation, &split.test}) std::sort(rows->begin(), rows->end());
  return split;
}

/// The units in the order in which they are dealt to the folds: class after class, shuffled within.
std::vector<Index> dealt_order(const Units& units, const SplitOptions& options, Index repeat) {
  std::vector<Index> order =
      permutation({.seed = options.seed, .purpose = kSplitting, .index = static_cast<std::uint32_t>(repeat)},
                  static_cast<Index>(units.size()));
  if (options.kind == SplitKind::shuffled && !options.classes.empty())
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      return options.classes[static_cast<std::size_t>(a)] < options.classes[static_cast<std::size_t>(b)];
    });
  return order;
}

std::vector<Split> ordered_splits(Index n, const SplitOptions& options) {
  std::vector<Split> splits;
  const auto boundary = [&](Index block) { return block * n / (options.folds + 1); };
  for (Index fold = 0; fold < options.folds; ++fold) {
    Split split;
    const Index before = boundary(fold + 1);
    const auto held = static_cast<Index>(options.validation * static_cast<double>(before));
    for (Index i = 0; i < before; ++i) (i < before - held ? split.train : split.validation).push_back(i);
    for (Index i = before; i < boundary(fold + 2); ++i) split.test.push_back(i);
    splits.push_back(std::move(split));
  }
  return splits;
}

void check_options(Index n, const SplitOptions& options, Index units) {
  check_at_least(kFunction, "folds", options.folds, 2);
  check_at_least(kFunction, "repeats", options.repeats, 1);
  if (!(options.validation >= 0 && options.validation < 1))
    throw UsageError(fmt::format("{}: validation is {}, but must be at least 0 and below 1", kFunction,
                                 options.validation));
  if (options.kind == SplitKind::ordered && options.repeats > 1)
    throw UsageError(fmt::format("{}: repeats is {}, but ordered splits have nothing to repeat: 1", kFunction,
                                 options.repeats));
  if (!options.classes.empty())
    check_size(kFunction, "classes", static_cast<Index>(options.classes.size()), "the number of samples n",
               n);
  const bool grouped = options.kind == SplitKind::grouped;
  const Index least = grouped ? options.folds : 2 * options.folds;
  if (units < least)
    throw UsageError(fmt::format("{}: there are {} {}, but {} folds need at least {}", kFunction, units,
                                 grouped ? "groups" : "samples", options.folds, least));
}

}  // namespace

std::vector<Split> make_splits(Index n, const SplitOptions& options) {
  const Units units = make_units(n, options);
  check_options(n, options, static_cast<Index>(units.size()));
  if (options.kind == SplitKind::ordered) return ordered_splits(n, options);
  std::vector<Split> splits;
  for (Index repeat = 0; repeat < options.repeats; ++repeat) {
    const std::vector<Index> order = dealt_order(units, options, repeat);
    for (Index fold = 0; fold < options.folds; ++fold)
      splits.push_back(fold_of(units, order, static_cast<std::size_t>(fold), options));
  }
  return splits;
}

std::vector<Index> nested_subset(std::span<const Index> rows, Index count, std::uint64_t seed,
                                 std::uint32_t repeat) {
  const std::vector<Index> order = permutation(
      {.seed = seed, .purpose = kSplitting, .index = repeat, .step = 1}, static_cast<Index>(rows.size()));
  std::vector<Index> subset;
  for (std::size_t i = 0; i < std::min(order.size(), static_cast<std::size_t>(std::max<Index>(count, 0)));
       ++i)
    subset.push_back(rows[static_cast<std::size_t>(order[i])]);
  std::sort(subset.begin(), subset.end());
  return subset;
}

}  // namespace lazygap::data
