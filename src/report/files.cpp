#include "lazygap/report/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "lazygap/core/error.h"

namespace lazygap::report {

void write_file(const std::filesystem::path& file, std::string_view text) {
  if (const std::filesystem::path folder = file.parent_path(); !folder.empty()) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
      throw FileError(fmt::format("the folder {} cannot be created: {}", folder.string(), error.message()));
  }
  const std::string temporary = fmt::format("{}.{}.tmp", file.string(), ::getpid());
  const auto fail = [&](int code) {
    ::unlink(temporary.c_str());
    throw FileError(fmt::format("the file {} cannot be written: {}", file.string(), std::strerror(code)));
  };
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(errno);
  while (!text.empty()) {
    const ::ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int code = errno;
      ::close(descriptor);
      fail(code);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  // Some file systems report a full disk only now.
  if (::close(descriptor) != 0) fail(errno);
  if (std::rename(temporary.c_str(), file.c_str()) != 0) fail(errno);
}

}  // namespace lazygap::report
