#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/schedule/run.h"
#include "mpi/post.h"

namespace lazygap::app::mpi {

/// Rank 0: it has the store, hands groups of questions to the other ranks and computes itself. The other
/// ranks are in follow(). The destructor ends them.
class Leader {
 public:
  /// Waits for the other ranks to introduce themselves. Throws UsageError where one of them computes other
  /// numbers.
  Leader();
  ~Leader();

  /// Gives a run a place for each rank, each with `options.jobs` cores (0: one), and lets it stop where a
  /// signal has come to another rank.
  void spread(const plan::Plan& plan, schedule::RunOptions& options);

 private:
  /// The messages about a group that is being computed elsewhere.
  struct Inbox {
    std::deque<json> messages;
    std::condition_variable arrived;
  };
  void receive(int from, json message);
  void introduce();
  /// Has a group answered by another rank; returns when that has ended.
  void answer(int rank, std::span<const Question> questions, const route::Control& control);
  void end_all();
  [[nodiscard]] json question_message(int rank, std::uint64_t group, std::span<const Question> questions,
                                      const route::Control& control);
  /// The next message about a group, waiting for a moment; null: none has come.
  [[nodiscard]] json next_message(Inbox& inbox);

  std::mutex mutex_;
  std::condition_variable introduced_;
  std::map<int, json> introductions_;
  std::map<std::uint64_t, std::unique_ptr<Inbox>> inboxes_;
  std::uint64_t groups_ = 0;
  std::map<int, std::set<std::string>> known_matrices_;  ///< of each rank, by name
  std::atomic<bool> must_stop_{false};
  Post post_;  ///< the last one: it calls receive()
};

}  // namespace lazygap::app::mpi
