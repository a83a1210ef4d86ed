#include "lazygap/core/processor.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <set>

namespace lazygap {
namespace {

TEST(Processor, TheBestInstructionSetIsInUseAndEachHasItsName) {
  const auto targets = hwy::SupportedAndGeneratedTargets();
  std::set<std::string> names;
  std::size_t others = 0;
  for (const auto target : targets) {
    hwy::SetSupportedTargetsForTest(target);
    const std::string name = instruction_set();
    // Lower bits are better ones: all up to this one have AVX-512.
    EXPECT_EQ(name == "AVX-512", target <= HWY_AVX3);
    EXPECT_EQ(name == "AVX2", target == HWY_AVX2);
    if (name == "AVX-512") continue;
    names.insert(name);
    ++others;
  }
  EXPECT_EQ(names.size(), others);
  hwy::SetSupportedTargetsForTest(targets.front());
  const std::string best = instruction_set();
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_EQ(instruction_set(), best);
}

}  // namespace
}  // namespace lazygap
