#include "output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>

#include "lazygap/core/error.h"

namespace lazygap::app {
namespace {

/// 0, or why the text was not written.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {  // somebody has made a shared terminal non-blocking
      ::pollfd poll{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&poll, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::mutex status_mutex;
bool has_status = false;

constexpr std::string_view kClearLine = "\r\033[K";

/// In one piece, so that the lines of several processes do not mix. Memory may be short: then there is no
/// talk.
template <class MakeText>
void write_talk(MakeText make_text) noexcept try {
  const std::lock_guard lock(status_mutex);
  write_all(STDERR_FILENO, make_text());
} catch (...) {
}

}  // namespace

void prepare_output() {
  // Opened for reading, so that what is written there still fails.
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDONLY));
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void print(std::string_view text) {
  const int code = write_all(STDOUT_FILENO, text);
  if (code != 0 && code != EPIPE)
    throw FileError(
        fmt::format("standard output cannot be written: {}", std::generic_category().message(code)));
}

void say(std::string_view line) noexcept {
  write_talk([&] {
    std::string text(has_status ? kClearLine : "");
    has_status = false;
    return text.append(line) + '\n';
  });
}

std::string painted(int descriptor, Paint paint, std::string_view text) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool has_colour = ::isatty(descriptor) != 0 && (no_color == nullptr || *no_color == '\0') &&
                          terminal != nullptr && std::string_view(terminal) != "dumb";
  if (!has_colour) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", paint == Paint::error ? "1;31" : "1", text);
}

std::string with_heading(int descriptor, const std::string& table) {
  const std::size_t end = table.find('\n');
  if (end == std::string::npos) return table;
  return painted(descriptor, Paint::heading, table.substr(0, end)) + table.substr(end);
}

void show_status(std::string_view line) noexcept {
  write_talk([&] {
    has_status = true;
    return fmt::format("{}{}", kClearLine, line);
  });
}

void end_status() noexcept {
  write_talk([&] {
    const bool had_status = has_status;
    has_status = false;
    return std::string(had_status ? "\n" : "");
  });
}

}  // namespace lazygap::app
