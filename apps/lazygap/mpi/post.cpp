#include "mpi/post.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace lazygap::app::mpi {
namespace {

constexpr int kTag = 1;

int number_in_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

}  // namespace

bool is_launched() {
  // Open MPI's mpirun, and Slurm's srun with PMIx.
  if (std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr)
    return number_in_environment("OMPI_COMM_WORLD_SIZE") > 1;
  return std::getenv("PMIX_RANK") != nullptr && number_in_environment("SLURM_NTASKS") > 1;
}

int rank_of_launcher() {
  return number_in_environment(std::getenv("OMPI_COMM_WORLD_RANK") != nullptr ? "OMPI_COMM_WORLD_RANK"
                                                                              : "PMIX_RANK");
}

std::string library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string version(text.data(), static_cast<std::size_t>(length));
  return version.substr(0, version.find_first_of(",\n"));
}

Post::Post(Receive receive) : receive_(std::move(receive)) {
  std::promise<void> started;
  std::future<void> has_started = started.get_future();
  thread_ = std::jthread([this, &started] { carry(started); });
  has_started.get();
}

Post::~Post() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  called_.notify_all();
}

void Post::send(int to, const json& message) {
  Letter letter{.to = to, .bytes = json::to_cbor(message)};
  if (letter.bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw std::runtime_error(
        fmt::format("a message of {} bytes is longer than MPI can carry", letter.bytes.size()));
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(letter));
  called_.notify_all();
}

void Post::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  called_.notify_all();
}

void Post::start_sending(std::list<Letter> letters) {
  for (Letter& letter : letters)
    if (MPI_Isend(letter.bytes.data(), static_cast<int>(letter.bytes.size()), MPI_BYTE, letter.to, kTag,
                  MPI_COMM_WORLD, &letter.request) != MPI_SUCCESS)
      letter.request = MPI_REQUEST_NULL;  // the rank is gone; the launcher ends the others
  on_the_way_.splice(on_the_way_.end(), letters);
  on_the_way_.remove_if([](Letter& letter) {
    int done = 0;
    return MPI_Test(&letter.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
  });
}

bool Post::receive_one() {
  int found = 0, size = 0;
  MPI_Status status;
  if (MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &found, &status) != MPI_SUCCESS || found == 0)
    return false;
  MPI_Get_count(&status, MPI_BYTE, &size);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  if (MPI_Recv(bytes.data(), size, MPI_BYTE, status.MPI_SOURCE, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE) !=
      MPI_SUCCESS)
    return false;
  receive_(status.MPI_SOURCE, json::from_cbor(bytes));
  return true;
}

void Post::carry(std::promise<void>& started) {
  int level = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS ||
      level < MPI_THREAD_FUNNELED) {
    started.set_exception(std::make_exception_ptr(std::runtime_error("MPI cannot be started")));
    return;
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
  started.set_value();
  // Short while there is something to do, for an answer to a small group is there at once; longer after that.
  constexpr std::chrono::microseconds kShortest(20), kLongest(1000);
  std::chrono::microseconds pause = kShortest;
  for (std::unique_lock lock(mutex_);;) {
    if (abandoned_) return;
    if (closing_ && waiting_.empty() && on_the_way_.empty()) break;
    std::list<Letter> letters = std::exchange(waiting_, {});
    lock.unlock();
    bool is_active = !letters.empty();
    start_sending(std::move(letters));
    while (receive_one()) is_active = true;
    lock.lock();
    pause = is_active ? kShortest : std::min(pause * 5 / 4 + std::chrono::microseconds(1), kLongest);
    if (waiting_.empty()) called_.wait_for(lock, pause);
  }
  MPI_Finalize();
}

}  // namespace lazygap::app::mpi
