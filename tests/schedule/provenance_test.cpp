#include "lazygap/schedule/provenance.h"

#include <gtest/gtest.h>

namespace lazygap::schedule {
namespace {

TEST(Provenance, SaysWhereNumbersComeFrom) {
  const store::Provenance found = provenance();
  EXPECT_FALSE(found.commit.empty());
  EXPECT_FALSE(found.compiler.empty());
  EXPECT_FALSE(found.instruction_set.empty());
  EXPECT_FALSE(found.machine.empty());
  EXPECT_EQ(found.seconds, 0) << "left to the caller";
  EXPECT_TRUE(found.finished_at.empty()) << "left to the caller";
}

}  // namespace
}  // namespace lazygap::schedule
