#include "lazygap/core/suggestion.h"

#include <gtest/gtest.h>

namespace lazygap {
namespace {

TEST(Suggestion, IsTheNearestWord) {
  EXPECT_EQ(suggestion("stepss", {"steps", "batch"}), "; did you mean \"steps\"?");
  EXPECT_EQ(suggestion("limti", {"limit", "exact"}), "; did you mean \"limit\"?");
  EXPECT_EQ(suggestion("Steps", {"steps", "batch"}), "; did you mean \"steps\"?");
}

TEST(Suggestion, IsNothingWhereNothingIsNear) {
  EXPECT_EQ(suggestion("zzzzzzzz", {"steps", "batch"}), "");
  EXPECT_EQ(suggestion("steps", {}), "");
}

TEST(Suggestion, IsAShortListWhereSeveralAreNear) {
  const std::vector<std::string> plans{"figure-1-left", "figure-1-right", "figure-2-left", "figure-2-right",
                                       "cubic"};
  EXPECT_EQ(suggestion("figure-1-lefft", plans, 3),
            "; did you mean \"figure-1-left\", \"figure-2-left\" or \"figure-1-right\"?");
  EXPECT_EQ(suggestion("figure", plans, 2), "; did you mean \"figure-1-left\" or \"figure-2-left\"?");
  EXPECT_EQ(suggestion("cubc", plans, 3), "; did you mean \"cubic\"?");
  EXPECT_EQ(suggestion("figure", plans), "") << "one word is the nearest by edits";
}

}  // namespace
}  // namespace lazygap
