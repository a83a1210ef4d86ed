#include "lazygap/core/processor.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <set>

namespace lazygap {
namespace {

TEST(Processor, TheBestInstructionSetIsInUseAndEachHasItsName) {
  const auto targets = hwy::SupportedAndGeneratedTargets();
  std::set<std::string> names;
  for (const auto target : targets) {
    hwy::SetSupportedTargetsForTest(target);
    names.insert(instruction_set());
  }
  EXPECT_EQ(names.size(), targets.size());
  // Lower bits are better ones.
  hwy::SetSupportedTargetsForTest(targets.front());
  const std::string best = instruction_set();
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_EQ(instruction_set(), best);
#if HWY_ARCH_X86
  EXPECT_EQ(best == "AVX-512", targets.front() == HWY_AVX3);
  EXPECT_EQ(best == "AVX2", targets.front() == HWY_AVX2);
#endif
}

}  // namespace
}  // namespace lazygap
