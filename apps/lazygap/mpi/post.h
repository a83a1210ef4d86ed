#pragma once

#include <mpi.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "mpi/messages.h"

namespace lazygap::app::mpi {

/// Carries messages between the ranks of the launcher. One thread makes every call of MPI, from the first to
/// the last, and looks for messages every millisecond at least: waiting within MPI would keep a core busy.
class Post {
 public:
  /// What to do with a message, in the thread of the post: it is to be quick, and may send.
  using Receive = std::function<void(int from, json message)>;

  /// Starts MPI. Throws std::runtime_error where that is not possible.
  explicit Post(Receive receive);
  /// Sends what is waiting and ends MPI, which waits for all ranks; not after abandon().
  ~Post();
  Post(const Post&) = delete;
  Post& operator=(const Post&) = delete;

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  /// Throws std::runtime_error where the message is longer than MPI can carry (2 GiB).
  void send(int to, const json& message);
  /// A rank no longer answers: MPI is not ended, the launcher will do that.
  void abandon();

 private:
  struct Letter {
    int to = 0;
    std::vector<std::uint8_t> bytes;
    MPI_Request request{};
  };
  void carry(std::promise<void>& started);
  void start_sending(std::list<Letter> letters);
  bool receive_one();

  Receive receive_;
  int rank_ = 0, size_ = 1;
  std::mutex mutex_;
  std::condition_variable called_;
  std::list<Letter> waiting_;
  std::list<Letter> on_the_way_;  ///< of the thread alone
  bool closing_ = false, abandoned_ = false;
  std::jthread thread_;
};

/// Whether a launcher of MPI (mpirun, srun) has started this process as one of several.
[[nodiscard]] bool is_launched();
/// The rank that the launcher has given this process.
[[nodiscard]] int rank_of_launcher();
/// "Open MPI v4.1.4".
[[nodiscard]] std::string library_version();

}  // namespace lazygap::app::mpi
