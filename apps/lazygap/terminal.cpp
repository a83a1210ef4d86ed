#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

#include "output.h"

namespace lazygap::app {
namespace {

using Clock = std::chrono::steady_clock;
using schedule::Progress;

std::string duration_text(double seconds) {
  constexpr double kWeeks = 1e7;  // more is no estimate
  if (!(seconds >= 0 && seconds < kWeeks)) return "?";
  const auto whole = static_cast<long long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole % 3600 / 60);
}

bool is_at_end(const Progress& progress) { return progress.done + progress.failed >= progress.total; }

std::string progress_text(const Progress& progress) {
  std::string text = fmt::format("{} of {} cells", progress.done, progress.total);
  if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
  text += fmt::format(", {}", duration_text(progress.elapsed_seconds));
  if (!is_at_end(progress) && std::isfinite(progress.remaining_seconds))
    text += fmt::format(", {} left", duration_text(progress.remaining_seconds));
  return text;
}

std::size_t terminal_width() {
  constexpr std::size_t kUsual = 80;
  ::winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

/// A line that leaves the last column free: some terminals go to the next line when it is filled.
std::string bar_line(const Progress& progress, std::size_t width) {
  constexpr std::size_t kLongest = 30, kShortest = 5;
  const std::string text = progress_text(progress);
  const std::size_t room = width - std::min(width, text.size() + std::string_view("[] ").size() + 1);
  const std::size_t length = std::min(room, kLongest);
  if (length < kShortest) return text.substr(0, width > 1 ? width - 1 : 0);
  const double fraction = progress.fraction >= 0 ? std::min(progress.fraction, 1.0) : 0;
  const auto full = static_cast<std::size_t>(std::lround(static_cast<double>(length) * fraction));
  return fmt::format("[{}{}] {}", std::string(full, '#'), std::string(length - full, '.'), text);
}

/// Whether standard error is a terminal on which lines can be overwritten.
bool can_overwrite() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

std::function<void(const Progress&)> progress_on_stderr(bool quiet) {
  return [quiet, bar = can_overwrite(), last = Clock::now(),
          ended = false](const Progress& progress) mutable noexcept {
    constexpr std::chrono::seconds kEvery{5};
    try {
      if (!progress.message.empty()) say(progress.message);
      const bool end = is_at_end(progress);
      if (quiet || (ended && end)) return;
      ended = end;
      if (bar) {
        show_status(bar_line(progress, terminal_width()));
        if (end) end_status();
      } else if (end || Clock::now() - last >= kEvery) {
        last = Clock::now();
        say(progress_text(progress));
      }
    } catch (...) {  // memory may be short; progress is not worth more of it
    }
  };
}

}  // namespace lazygap::app
