#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// The threads of one computation: the one that made it, and helpers that live as long as the team. Between
/// two calls the helpers watch for the next one for some microseconds, so that pieces may be short, and then
/// sleep.
class Team {
 public:
  /// With `threads` threads, or as many as the system lets the process have. UsageError where `threads` is not
  /// from 1 to kMost.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  static constexpr int kMost = 4096;
  [[nodiscard]] int size() const { return static_cast<int>(helpers_.size()) + 1; }

  using Piece = std::function<void(Index i)>;
  /// Calls piece(i) once for every i from 0 to count - 1; the threads take the pieces in their order. The
  /// calling thread calls between(i) before it begins its piece i. What a call throws is thrown here, and the
  /// pieces that have not begun are left out. To be called by one thread only, and not from a piece.
  template <class EachPiece, class Between>
  void for_each(Index count, const EachPiece& piece, const Between& between) {
    run(count, std::cref(piece), std::cref(between));
  }
  template <class EachPiece>
  void for_each(Index count, const EachPiece& piece) {
    run(count, std::cref(piece), {});
  }

 private:
  void run(Index count, const Piece& piece, const Piece& between);
  void help();
  void take_pieces(const Piece* between);
  void end();

  std::vector<std::jthread> helpers_;
  const Piece* piece_ = nullptr;
  Index count_ = 0;
  std::atomic<Index> next_{0};
  std::atomic<std::uint32_t> round_{0};  ///< raised when there is something to do, or the team ends
  std::atomic<std::uint32_t> busy_{0};   ///< helpers that have not finished the round
  bool ended_ = false;
  std::mutex mutex_;
  std::exception_ptr error_;
};

}  // namespace lazygap
