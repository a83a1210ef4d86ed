#include "lazygap/core/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "support/message.h"

namespace lazygap {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "lazygap-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Files() override { fs::remove_all(folder_); }

  static std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static std::string refusal(const fs::path& file) {
    return test::message<FileError>([&] {
      write_file(file, "x");
      return 0;
    });
  }
  static std::ptrdiff_t entries(const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(Files, AreReplacedWhole) {
  write_file(folder_ / "a" / "b.txt", "first, the longer one");
  write_file(folder_ / "a" / "b.txt", "second");
  EXPECT_EQ(read(folder_ / "a" / "b.txt"), "second");
  EXPECT_EQ(entries(folder_ / "a"), 1);
  // With the permissions that any program's files have.
  const ::mode_t mask = ::umask(022);
  write_file(folder_ / "c", "");
  ::umask(mask);
  EXPECT_EQ(fs::status(folder_ / "c").permissions(), static_cast<fs::perms>(0644));
}

TEST_F(Files, NamesMayBeAsLongAsTheSystemTakesThem) {
  const std::string name(255, 'x');
  write_file(folder_ / name, "x");
  EXPECT_EQ(read(folder_ / name), "x");
}

TEST_F(Files, RefusalsNameFileAndCause) {
  std::ofstream(folder_ / "file") << "x";
  fs::create_directory(folder_ / "folder");
  fs::create_symlink("loop", folder_ / "loop");
  const auto expect = [&](const fs::path& file, const std::string& text) { EXPECT_EQ(refusal(file), text); };
  expect(folder_ / "file" / "a",
         "the folder " + (folder_ / "file").string() + " cannot be created: Not a directory");
  expect(folder_ / "loop" / "a", "the folder " + (folder_ / "loop").string() +
                                     " cannot be created: Too many levels of symbolic links");
  expect(folder_ / "folder",
         "the file " + (folder_ / "folder").string() + " cannot be written: Is a directory");
  const fs::path long_name = folder_ / std::string(256, 'x');
  expect(long_name, "the file " + long_name.string() + " cannot be written: File name too long");
  expect("/proc/a", "the file /proc/a cannot be written: No such file or directory");
  expect("/dev/null/\x1b[0m\n/a", "the folder /dev/null/\\x1b[0m\\n cannot be created: Not a directory");
  EXPECT_EQ(entries(folder_), 3);
}

/// A limit on the size of files stands in for the end of the disk.
TEST_F(Files, AFullDiskKeepsTheOldFile) {
  write_file(folder_ / "a", "old");
  const ::pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const ::rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string text = test::message<FileError>([&] {
      write_file(folder_ / "a", std::string(1001, 'x'));
      return 0;
    });
    ::_exit(text == "the file " + (folder_ / "a").string() + " cannot be written: File too large" ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read(folder_ / "a"), "old");
  EXPECT_EQ(entries(folder_), 1) << "the temporary file is left over";
}

TEST_F(Files, ScratchFoldersDisappear) {
  fs::path path;
  {
    const ScratchFolder scratch(folder_ / "new");
    path = scratch.path();
    EXPECT_TRUE(path.is_absolute());
    write_file(path / "a" / "b", "x");
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(test::message<FileError>([] { return ScratchFolder("/proc/no").path(); }),
            "the folder /proc/no cannot be created: No such file or directory");
}

}  // namespace
}  // namespace lazygap
