#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazygap/core/matrix.h"

namespace lazygap::data {

/// Three disjoint parts of the samples 0 .. n-1, each in increasing order.
struct Split {
  std::vector<Index> train, validation, test;
};

/// How a data set is split.
///   shuffled  by the addressed random numbers of (seed, repeat)
///   grouped   the same, but samples of one group stay together
///   ordered   not at all: what is tested comes after what is trained on, as in forecasting
enum class SplitKind { shuffled, grouped, ordered };

struct SplitOptions {
  SplitKind kind = SplitKind::shuffled;
  /// Folds f >= 2 of cross-validation: each sample is tested once in every repeat. ordered: the samples are
  /// cut into f + 1 blocks, and fold i is trained on blocks 0 .. i and tested on block i + 1.
  Index folds = 5;
  Index repeats = 1;                ///< >= 1, of all folds; ordered: 1
  double validation = 0.15;         ///< in [0, 1): the part of what is not tested that is not trained on
  std::uint64_t seed = 1;           ///< of the shuffles
  std::span<const Index> groups{};  ///< grouped: the group of each sample
  /// shuffled: the class of each sample, or empty. Every part then has nearly the same share of each class.
  std::span<const Index> classes{};
};

/// folds x repeats splits; those of one repeat come one after another. Throws UsageError where an option is
/// outside its range, and where a part would be empty: fewer than 2 f samples or f groups.
[[nodiscard]] std::vector<Split> make_splits(Index n, const SplitOptions& options);

/// The first `count` of `rows` in an order that is shuffled by (seed, repeat), returned in increasing order:
/// the part for a smaller count is inside that for a larger one. For learning curves.
[[nodiscard]] std::vector<Index> nested_subset(std::span<const Index> rows, Index count, std::uint64_t seed,
                                               std::uint32_t repeat = 0);

}  // namespace lazygap::data
