#include "signals.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>

namespace lazygap::app {
namespace {

// A handler may touch nothing but lock-free atomics.
std::atomic<int> received{0};
std::atomic<std::int64_t> received_at{0};  // in ns; 0: not yet
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t now() {
  ::timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

extern "C" void handle(int signal) {
  constexpr std::int64_t kSameRequest = 2'000'000'000;
  const int saved_errno = errno;
  std::int64_t first = 0;
  if (received_at.compare_exchange_strong(first, now())) {
    received = signal;
  } else if (signal != SIGXCPU && now() - first > kSameRequest) {
    // Delivered, with its default action, as soon as this handler has returned.
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  errno = saved_errno;
}

}  // namespace

std::function<bool()> stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
  return [] { return received != 0; };
}

int signal_received() { return received; }

}  // namespace lazygap::app
