#include "../src/plan/suggestion.h"

#include <gtest/gtest.h>

namespace lazygap::plan {
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

}  // namespace
}  // namespace lazygap::plan
