#include "core/team.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits until `value` is no longer `old`: watching first, because to sleep and to be woken takes longer than
/// what lies between two short rounds, then asleep.
void wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  constexpr int kLooks = 2000;  // some 50 microseconds
  for (int i = 0; i < kLooks; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(int threads) {
  if (threads < 1 || threads > kMost)
    throw UsageError(fmt::format("Control: threads is {}, but must be from 1 to {}", threads, kMost));
  try {
    for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
  } catch (const std::system_error&) {
    // The system has no more threads: those that there are do the same work.
  } catch (...) {
    end();
    throw;
  }
}

Team::~Team() { end(); }

void Team::end() {
  ended_ = true;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  helpers_.clear();
}

void Team::run(Index count, const Piece& piece, const Piece& between) {
  piece_ = &piece;
  count_ = count;
  error_ = nullptr;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<std::uint32_t>(helpers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take_pieces(between ? &between : nullptr);
  for (std::uint32_t busy; (busy = busy_.load(std::memory_order_acquire)) > 0;) wait_while(busy_, busy);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Team::help() {
  for (std::uint32_t round = 0;;) {
    wait_while(round_, round);
    round = round_.load(std::memory_order_acquire);
    if (ended_) return;
    take_pieces(nullptr);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_all();
  }
}

void Team::take_pieces(const Piece* between) {
  try {
    for (Index i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) {
      if (between != nullptr) (*between)(i);
      (*piece_)(i);
    }
  } catch (...) {
    next_.store(count_, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

}  // namespace lazygap
