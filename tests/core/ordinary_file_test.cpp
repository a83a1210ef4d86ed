#include "lazygap/core/ordinary_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "support/message.h"

namespace lazygap {
namespace {

namespace fs = std::filesystem;

class OrdinaryFileTest : public testing::Test {
 protected:
  OrdinaryFileTest() {
    std::string pattern = (fs::temp_directory_path() / "lazygap-file-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~OrdinaryFileTest() override { fs::remove_all(folder_); }

  static std::string refusal(const fs::path& path) {
    return test::message<FileError>([&] { return read_ordinary_file(path, 1000); });
  }

  fs::path folder_;
};

TEST_F(OrdinaryFileTest, ReadsItWhole) {
  for (const std::size_t size : {0, 1, 999, 1000}) {
    const std::string content(size, 'x');
    std::ofstream(folder_ / "file") << content;
    EXPECT_EQ(read_ordinary_file(folder_ / "file", 1000), content);
  }
  fs::create_symlink("file", folder_ / "link");
  EXPECT_EQ(read_ordinary_file(folder_ / "link", 1000).size(), 1000u);
  // Says that it has no bytes.
  EXPECT_NE(read_ordinary_file("/proc/self/status", 100'000).find("Pid:"), std::string::npos);
}

TEST_F(OrdinaryFileTest, RefusesALargerOne) {
  std::ofstream(folder_ / "file") << std::string(1001, 'x');
  EXPECT_EQ(refusal(folder_ / "file"),
            (folder_ / "file").string() + ": has 1001 bytes, but may have at most 1000");
  // A file with a hole: nothing of it is read.
  constexpr std::uintmax_t kTerabyte = 1ULL << 40;
  fs::resize_file(folder_ / "file", kTerabyte);
  EXPECT_EQ(refusal(folder_ / "file"),
            (folder_ / "file").string() + ": has 1099511627776 bytes, but may have at most 1000");
}

TEST_F(OrdinaryFileTest, RefusesWhatIsNotAnOrdinaryFile) {
  const auto expect = [](const fs::path& path, const std::string& cause) {
    EXPECT_EQ(refusal(path), path.string() + ": " + cause);
  };
  expect("/dev/zero", "is a device, but must be an ordinary file");
  expect("/dev/null", "is a device, but must be an ordinary file");
  expect(folder_, "is a folder, but must be an ordinary file");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  expect(folder_ / "pipe", "is a pipe, but must be an ordinary file");
  fs::create_symlink("loop", folder_ / "loop");
  expect(folder_ / "loop", "cannot be read: Too many levels of symbolic links");
  expect(folder_ / "missing", "cannot be read: No such file or directory");
  std::ofstream(folder_ / "file") << "x";
  expect(folder_ / "file" / "below", "cannot be read: Not a directory");
  expect(folder_ / std::string(300, 'x'), "cannot be read: File name too long");
  expect("", "cannot be read: No such file or directory");
}

TEST_F(OrdinaryFileTest, RefusesWhatMayNotBeRead) {
  std::ofstream(folder_ / "file") << "x";
  fs::permissions(folder_ / "file", fs::perms::none);
  if (::access((folder_ / "file").c_str(), R_OK) == 0) GTEST_SKIP() << "the superuser may read everything";
  EXPECT_EQ(refusal(folder_ / "file"), (folder_ / "file").string() + ": cannot be read: Permission denied");
}

TEST_F(OrdinaryFileTest, ShowsTheNameWithoutItsControlCharacters) {
  EXPECT_EQ(refusal("no\x1b[31m\nsuch"), "no\\x1b[31m\\nsuch: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace lazygap
