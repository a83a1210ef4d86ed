#include "mpi/follower.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "exit_codes.h"
#include "lazygap/schedule/provenance.h"
#include "lazygap/schedule/run.h"
#include "mpi/post.h"
#include "signals.h"

namespace lazygap::app::mpi {
namespace {

using Clock = std::chrono::steady_clock;

class Follower {
 public:
  Follower() : post_([this](int, json message) { receive(std::move(message)); }) {
    post_.send(0, {{"introduction", introduction(post_.rank(), here_.memory_bytes)}});
  }

  void work() {
    for (bool told = false;;) {
      std::unique_lock lock(mutex_);
      arrived_.wait_for(lock, std::chrono::milliseconds(100), [this] { return !messages_.empty(); });
      if (!told && signalled_()) {
        told = true;
        post_.send(0, {{"stopping", true}});
      }
      if (messages_.empty()) continue;
      const json message = std::move(messages_.front());
      messages_.pop_front();
      lock.unlock();
      join_finished();
      if (message.at("do") == "end") break;
      start(message);
    }
    must_stop_ = true;
    groups_.clear();  // which waits for them
  }

 private:
  struct Group {
    std::atomic<bool> must_stop{false}, has_ended{false};
    std::jthread thread;
  };

  /// To stop must not wait for anything.
  void receive(json message) {
    const std::lock_guard lock(mutex_);
    if (message.at("do") == "stop") {
      to_stop_.insert(message.at("group").get<std::uint64_t>());
      return;
    }
    messages_.push_back(std::move(message));
    arrived_.notify_all();
  }

  void join_finished() {
    std::erase_if(groups_, [](const auto& entry) { return entry.second.has_ended.load(); });
  }

  void start(const json& message) {
    for (const auto& [name, matrix] : message.at("matrices").items())
      matrices_[name] = matrix_from_json(matrix);
    Group& group = groups_[message.at("group").get<std::uint64_t>()];
    group.thread = std::jthread([this, &group, message, matrices = matrices_] {
      const std::uint64_t number = message.at("group").get<std::uint64_t>();
      const std::string failure = answer(message, matrices);
      // Before the end: rank 0 must not take what was interrupted for what has failed.
      if (signalled_()) post_.send(0, {{"stopping", true}});
      post_.send(0, {{"group", number}, {"end", failure}});
      group.has_ended = true;
    });
  }

  /// Why the group has no answer; empty where it has been answered or stopped.
  std::string answer(const json& message, const Matrices& matrices) {
    try {
      std::vector<Question> questions;
      for (const json& question : message.at("questions"))
        questions.push_back(question_from_json(question, matrices));
      here_.answer(questions, control(message));
      return {};
    } catch (const std::bad_alloc&) {
      return "memory";
    } catch (const std::exception& error) {
      return *error.what() == '\0' ? "unknown error" : error.what();
    }
  }

  route::Control control(const json& message) {
    const auto group = message.at("group").get<std::uint64_t>();
    route::Control control;
    control.finished = [this, group](std::size_t place, store::Result result) {
      result.provenance = schedule::provenance();
      post_.send(0, {{"group", group}, {"place", place}, {"result", result_to_json(result)}});
    };
    control.save = [this, group](std::size_t place, std::span<const std::byte> state) {
      const auto* first = reinterpret_cast<const std::uint8_t*>(state.data());
      std::vector<std::uint8_t> bytes(first, first + state.size());
      post_.send(0, {{"group", group}, {"place", place}, {"state", json::binary(std::move(bytes))}});
    };
    control.keep_weights = [this, group](std::size_t place, const Weights& weights) {
      post_.send(0, {{"group", group}, {"place", place}, {"weights", weights_to_json(weights)}});
      return std::string();  // rank 0 keeps them, and knows where
    };
    control.progress = [this, group, last = Clock::now()](double fraction) mutable {
      if (Clock::now() - last < std::chrono::milliseconds(500)) return;
      last = Clock::now();
      post_.send(0, {{"group", group}, {"progress", fraction}});
    };
    control.stop = [this, group] {
      if (must_stop_ || signalled_()) return true;
      const std::lock_guard lock(mutex_);
      return to_stop_.count(group) > 0;
    };
    for (const json& state : message.at("states"))
      control.resume.push_back(std::as_bytes(std::span(state.get_binary())));
    for (const json& status : message.at("ended"))
      control.ended.push_back(status_from_string(status.get<std::string>()));
    control.save_every = std::chrono::seconds(message.at("save_every").get<std::int64_t>());
    control.threads = message.at("threads").get<int>();
    return control;
  }

  const std::function<bool()> signalled_ = stop_on_signals();
  const schedule::Place here_ = schedule::this_process({.jobs = 1}, std::make_shared<question::Instances>());
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<json> messages_;
  std::set<std::uint64_t> to_stop_;
  std::atomic<bool> must_stop_{false};
  Matrices matrices_;
  Post post_;
  std::map<std::uint64_t, Group> groups_;
};

}  // namespace

int follow() {
  Follower follower;
  follower.work();
  return kExitOk;
}

}  // namespace lazygap::app::mpi
