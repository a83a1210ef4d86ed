#include "lazygap/core/ordinary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

[[noreturn]] void fail(std::string_view name, int code) {
  throw FileError(fmt::format("{}: cannot be read: {}", name, std::generic_category().message(code)));
}

std::string_view kind(::mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

OrdinaryFile::OrdinaryFile(const std::filesystem::path& path) : name_(printable(path.string())) {
  // Nothing is opened that is not a file: opening a device can have effects of its own. Between the two calls
  // the name may come to mean something else, hence the second look, and O_NONBLOCK against pipes.
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail(name_, errno);
  if (S_ISREG(status.st_mode)) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
      const int code = errno;
      if (descriptor_ >= 0) ::close(descriptor_);
      fail(name_, code);
    }
  }
  if (!S_ISREG(status.st_mode)) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw FileError(fmt::format("{}: is {}, but must be an ordinary file", name_, kind(status.st_mode)));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

OrdinaryFile::~OrdinaryFile() { ::close(descriptor_); }

std::size_t OrdinaryFile::read(std::span<char> bytes) {
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ::ssize_t count = ::read(descriptor_, bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(name_, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

std::string read_ordinary_file(const std::filesystem::path& path, std::uint64_t most_bytes) {
  OrdinaryFile file(path);
  const auto refuse = [&](std::uint64_t size) {
    throw FileError(fmt::format("{}: has {} bytes, but may have at most {}", file.name(), size, most_bytes));
  };
  if (file.size() > most_bytes) refuse(file.size());
  // The size is a hint only: a file may grow, and those of /proc say 0. One byte more than is known shows the
  // end.
  std::string content;
  std::size_t filled = 0;
  do {
    content.resize(std::max<std::size_t>(2 * filled, file.size() + 1));
    filled += file.read(std::span(content).subspan(filled));
    if (filled > most_bytes) refuse(filled);
  } while (filled == content.size());
  content.resize(filled);
  return content;
}

}  // namespace lazygap
