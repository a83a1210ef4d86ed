#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "lazygap/experiment/runner.h"

namespace lazygap::experiment {
namespace {

using Clock = std::chrono::steady_clock;

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  const auto whole = static_cast<long long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole % 3600 / 60);
}

std::string progress_text(const Progress& progress) {
  std::string text = fmt::format("{} of {} cells", progress.done, progress.total);
  if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
  if (progress.done < progress.total && std::isfinite(progress.remaining_seconds))
    text += fmt::format(", {} left", duration_text(progress.remaining_seconds));
  return text;
}

void draw_bar(const Progress& progress) {
  constexpr int kWidth = 30;
  const int full = static_cast<int>(std::lround(kWidth * std::min(progress.fraction, 1.0)));
  if (!progress.message.empty()) fmt::print(stderr, "\r\033[K{}\n", progress.message);
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {}\033[K", "", full, "", kWidth - full, progress_text(progress));
  if (progress.done + progress.failed >= progress.total) fmt::print(stderr, "\n");
  std::fflush(stderr);
}

void print_line(const Progress& progress, Clock::time_point& last) {
  constexpr std::chrono::seconds kEvery{5};
  if (!progress.message.empty()) fmt::print(stderr, "{}\n", progress.message);
  const bool end = progress.done + progress.failed >= progress.total;
  if (!end && Clock::now() - last < kEvery) return;
  last = Clock::now();
  fmt::print(stderr, "{}\n", progress_text(progress));
}

std::atomic<bool> signalled{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

}  // namespace

std::function<void(const Progress&)> progress_on_stderr() {
  if (isatty(fileno(stderr)) != 0) return draw_bar;
  return [last = Clock::now()](const Progress& progress) mutable { print_line(progress, last); };
}

std::function<bool()> stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { signalled = true; };
  // The handler serves once: the second signal meets the default action, the end of the process.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return [] { return signalled.load(); };
}

}  // namespace lazygap::experiment
