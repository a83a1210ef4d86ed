#include "../src/core/machine.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "support/sanitizers.h"
#include "support/temporary_folder.h"

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
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes of addresses";
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

/// A root with /proc and /sys as a process in a control group sees them.
class ControlGroups : public testing::Test {
 protected:
  void put(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = folder_ / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  [[nodiscard]] double left() const {
    std::string root = (folder_ / "").string();
    root.pop_back();  // the slash
    return left_in_control_groups(root);
  }

 private:
  test::TemporaryFolder folder_;
};

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

TEST_F(ControlGroups, NoneIsNoLimit) {
  EXPECT_EQ(left(), kNoLimit);
  put("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(left(), kNoLimit);
  put("sys/fs/cgroup/memory.current", "1000\n");  // the group of all has no limit
  EXPECT_EQ(left(), kNoLimit);
}

TEST_F(ControlGroups, TheLeastThatAGroupOrAParentLeavesCounts) {
  put("proc/self/cgroup", "0::/slurm/job_7/step_0\n");
  put("sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n");
  put("sys/fs/cgroup/slurm/job_7/step_0/memory.current", "300\n");
  EXPECT_EQ(left(), kNoLimit);
  put("sys/fs/cgroup/slurm/job_7/memory.max", "5000\n");
  put("sys/fs/cgroup/slurm/job_7/memory.current", "1000\n");
  EXPECT_EQ(left(), 4000);
  put("sys/fs/cgroup/slurm/memory.max", "9000\n");
  put("sys/fs/cgroup/slurm/memory.current", "8000\n");
  EXPECT_EQ(left(), 1000);
  put("sys/fs/cgroup/slurm/job_7/step_0/memory.high", "700\n");  // slowed down to nothing beyond it
  EXPECT_EQ(left(), 400);
}

TEST_F(ControlGroups, CachedFilesAreFree) {
  put("proc/self/cgroup", "0::/job\n");
  put("sys/fs/cgroup/job/memory.max", "5000\n");
  put("sys/fs/cgroup/job/memory.current", "4500\n");
  put("sys/fs/cgroup/job/memory.stat", "anon 400\nfile 4100\ninactive_file 4000\nactive_file 100\n");
  EXPECT_EQ(left(), 4500);
}

TEST_F(ControlGroups, VersionOneIsReadToo) {
  put("proc/self/cgroup", "12:cpu,cpuacct:/other\n11:devices,memory:/docker/7\n1:name=systemd:/x\n0::/y\n");
  put("sys/fs/cgroup/memory/docker/7/memory.limit_in_bytes", "2000\n");
  put("sys/fs/cgroup/memory/docker/7/memory.usage_in_bytes", "1500\n");
  put("sys/fs/cgroup/memory/docker/7/memory.stat", "inactive_file 1\ntotal_inactive_file 300\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("sys/fs/cgroup/memory/memory.usage_in_bytes", "70000\n");
  EXPECT_EQ(left(), 800);
}

}  // namespace
}  // namespace lazygap
