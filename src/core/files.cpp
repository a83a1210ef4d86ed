#include "lazygap/core/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

namespace fs = std::filesystem;

std::string message(int code) { return std::generic_category().message(code); }

[[noreturn]] void fail(const fs::path& file, int code) {
  throw FileError(fmt::format("the file {} cannot be written: {}", printable(file.string()), message(code)));
}

void create_folder(const fs::path& folder) {
  std::error_code error;
  if (!folder.empty()) fs::create_directories(folder, error);
  if (error)
    throw FileError(
        fmt::format("the folder {} cannot be created: {}", printable(folder.string()), error.message()));
}

/// 0, or the cause: some file systems report a full disk only at the end.
int flush_and_close(int descriptor) {
  // Not every file system can, and those have nothing to add.
  int code = ::fsync(descriptor) != 0 && errno != EINVAL && errno != ENOSYS ? errno : 0;
  if (::close(descriptor) != 0 && code == 0) code = errno;
  return code;
}

/// 0, or the cause.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// A new file in `folder`, opened for writing, and its name, which is short so that long names of files do
/// not become too long; -1 and errno where there can be none.
std::pair<int, fs::path> open_temporary(const fs::path& folder) {
  static std::atomic<unsigned> count{0};
  constexpr int kTrials = 100;  // files of this name may be left over from a process that was killed
  std::pair<int, fs::path> result{-1, {}};
  for (int trial = 0; trial < kTrials; ++trial) {
    result.second = folder / fmt::format(".lazygap-{}-{}.tmp", ::getpid(), ++count);
    result.first = ::open(result.second.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (result.first >= 0 || errno != EEXIST) break;
  }
  return result;
}

}  // namespace

void write_file(const fs::path& file, std::string_view text) {
  create_folder(file.parent_path());
  const auto [descriptor, temporary] = open_temporary(file.parent_path());
  if (descriptor < 0) fail(file, errno);
  int code = write_all(descriptor, text);
  if (const int at_end = flush_and_close(descriptor); code == 0) code = at_end;
  if (code == 0 && std::rename(temporary.c_str(), file.c_str()) != 0) code = errno;
  if (code == 0) return;
  ::unlink(temporary.c_str());
  fail(file, code);
}

void move_into_place(const fs::path& made, const fs::path& file) {
  const int descriptor = ::open(made.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file, errno);
  if (const int code = flush_and_close(descriptor); code != 0) fail(file, code);
  if (std::rename(made.c_str(), file.c_str()) != 0) fail(file, errno);
}

ScratchFolder::ScratchFolder(const fs::path& parent) {
  create_folder(parent);
  std::error_code error;
  std::string pattern = (fs::absolute(parent.empty() ? "." : parent, error) / ".lazygap-XXXXXX").string();
  if (error || ::mkdtemp(pattern.data()) == nullptr)
    throw FileError(fmt::format("no folder can be created in {}: {}", printable(parent.string()),
                                error ? error.message() : message(errno)));
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace lazygap
