#include "lazygap/data/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/message.h"

namespace lazygap::data {
namespace {

using test::message;

std::vector<Index> all_of(const Split& split) {
  std::vector<Index> all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  all.insert(all.end(), split.test.begin(), split.test.end());
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Splits, EverySampleIsTestedOnceInARepeat) {
  const auto splits = make_splits(103, {.folds = 5, .repeats = 2});
  ASSERT_EQ(splits.size(), 10U);
  for (std::size_t repeat = 0; repeat < 2; ++repeat) {
    std::vector<Index> tested;
    for (std::size_t fold = 0; fold < 5; ++fold) {
      const Split& split = splits[5 * repeat + fold];
      EXPECT_EQ(all_of(split).size(), 103U);
      EXPECT_EQ(std::set<Index>(split.train.begin(), split.train.end()).size(), split.train.size());
      EXPECT_EQ(split.validation.size(),
                static_cast<std::size_t>(0.15 * (103.0 - static_cast<double>(split.test.size()))));
      tested.insert(tested.end(), split.test.begin(), split.test.end());
    }
    std::sort(tested.begin(), tested.end());
    for (Index i = 0; i < 103; ++i) EXPECT_EQ(tested[static_cast<std::size_t>(i)], i);
  }
  EXPECT_NE(splits[0].test, splits[5].test);
  EXPECT_NE(splits[0].test, make_splits(103, {.seed = 2})[0].test);
  EXPECT_EQ(splits[3].test, make_splits(103, {})[3].test);
}

TEST(Splits, ClassesKeepTheirShare) {
  std::vector<Index> classes(200, 0);
  for (std::size_t i = 0; i < 40; ++i) classes[i] = 1;
  for (const Split& split : make_splits(200, {.folds = 4, .classes = classes}))
    for (const auto* rows : {&split.train, &split.validation, &split.test}) {
      const auto ones = std::count_if(rows->begin(), rows->end(), [](Index i) { return i < 40; });
      EXPECT_NEAR(static_cast<double>(ones), 0.2 * static_cast<double>(rows->size()), 1.01);
    }
}

TEST(Splits, GroupsStayTogether) {
  std::vector<Index> groups;
  for (Index i = 0; i < 60; ++i) groups.push_back(i % 12);
  for (const Split& split : make_splits(60, {.kind = SplitKind::grouped, .groups = groups})) {
    std::set<Index> seen;
    for (const auto* rows : {&split.train, &split.validation, &split.test}) {
      std::set<Index> here;
      for (const Index i : *rows) here.insert(i % 12);
      for (const Index group : here) EXPECT_TRUE(seen.insert(group).second);
    }
  }
}

TEST(Splits, OrderedTestsWhatComesAfter) {
  for (const Split& split : make_splits(60, {.kind = SplitKind::ordered, .folds = 4})) {
    EXPECT_LT(split.train.back(), split.validation.front());
    EXPECT_LT(split.validation.back(), split.test.front());
    EXPECT_EQ(split.train.front(), 0);
  }
}

TEST(Splits, SubsetsAreNested) {
  const std::vector<Index> rows = make_splits(100, {})[0].train;
  const auto small = nested_subset(rows, 10, 1), large = nested_subset(rows, 40, 1);
  EXPECT_EQ(small.size(), 10U);
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
  EXPECT_TRUE(std::includes(rows.begin(), rows.end(), large.begin(), large.end()));
}

TEST(Splits, RefuseWithASentence) {
  EXPECT_EQ(message<UsageError>([] { (void)make_splits(9, {}); }),
            "data::make_splits: there are 9 samples, but 5 folds need at least 10");
  EXPECT_EQ(message<UsageError>([] { (void)make_splits(20, {.validation = 1}); }),
            "data::make_splits: validation is 1, but must be at least 0 and below 1");
  EXPECT_EQ(message<UsageError>([] { (void)make_splits(20, {.kind = SplitKind::ordered, .repeats = 2}); }),
            "data::make_splits: repeats is 2, but ordered splits have nothing to repeat: 1");
}

}  // namespace
}  // namespace lazygap::data
