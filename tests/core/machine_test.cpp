#include "../src/core/machine.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>

namespace lazygap {
namespace {

TEST(Machine, HasMemoryProcessorsAndARate) {
  constexpr double kLeastBytes = 1 << 20;  // this test runs in more
  EXPECT_GT(available_memory(), kLeastBytes);
  EXPECT_GE(processors(), 1);
  const double rate = matrix_product_rate();
  EXPECT_TRUE(std::isfinite(rate));
  EXPECT_GT(rate, 1e6) << "the slowest machine of this century";
}

TEST(Machine, MemoryIsNoMoreThanTheLimitOfTheAddressSpaceLeaves) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers reserve terabytes of addresses";
#endif
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit less = before;
  less.rlim_cur = rlim_t{4} << 30;
  if (before.rlim_cur != RLIM_INFINITY && before.rlim_cur < less.rlim_cur) GTEST_SKIP() << "there is less";
  ASSERT_EQ(setrlimit(RLIMIT_AS, &less), 0);
  const double available = available_memory();
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_LE(available, static_cast<double>(less.rlim_cur));
}

}  // namespace
}  // namespace lazygap
