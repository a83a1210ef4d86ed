#include "mpi/leader.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <new>
#include <stdexcept>
#include <utility>

#include "lazygap/core/error.h"

namespace lazygap::app::mpi {
namespace {

using Clock = std::chrono::steady_clock;

/// So long a rank may take to save its states when it is asked to stop. Batch systems wait longer.
constexpr std::chrono::seconds kPatience{20};

json bytes_to_json(std::span<const std::byte> bytes) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return json::binary(std::vector<std::uint8_t>(first, first + bytes.size()));
}

}  // namespace

Leader::Leader() : post_([this](int from, json message) { receive(from, std::move(message)); }) {
  try {
    introduce();
  } catch (...) {
    end_all();
    throw;
  }
}

Leader::~Leader() { end_all(); }

void Leader::end_all() {
  for (int rank = 1; rank < post_.size(); ++rank) post_.send(rank, {{"do", "end"}});
}

void Leader::introduce() {
  json own = introduction(0, schedule::this_process({.jobs = 1}, nullptr).memory_bytes);
  std::unique_lock lock(mutex_);  // others are received meanwhile
  introductions_[0] = std::move(own);
  introduced_.wait(lock, [this] { return static_cast<int>(introductions_.size()) == post_.size(); });
  for (const auto& [rank, other] : introductions_)
    if (const std::string sentence = refusal(introductions_.at(0), other); !sentence.empty())
      throw UsageError(sentence);
}

void Leader::receive(int from, json message) {
  const std::lock_guard lock(mutex_);
  if (message.contains("introduction")) {
    introductions_[from] = std::move(message["introduction"]);
    introduced_.notify_all();
  } else if (message.contains("stopping")) {
    must_stop_ = true;
  } else if (const auto found = inboxes_.find(message.at("group").get<std::uint64_t>());
             found != inboxes_.end()) {
    found->second->messages.push_back(std::move(message));
    found->second->arrived.notify_all();
  }
}

void Leader::spread(const plan::Plan& plan, schedule::RunOptions& options) {
  options.jobs = std::max(options.jobs, 1);
  for (int rank = 0; rank < post_.size(); ++rank) {
    const std::lock_guard lock(mutex_);
    const json& known = introductions_.at(rank);
    schedule::Place place{.answer = {},
                          .cores = options.jobs,
                          .host = known.at("host").get<std::string>(),
                          .memory_bytes = known.at("memory").get<double>()};
    if (rank == 0)
      place.answer = schedule::this_process(options, plan.instances).answer;
    else
      place.answer = [this, rank](std::span<const Question> questions, const route::Control& control) {
        answer(rank, questions, control);
      };
    options.places.push_back(std::move(place));
  }
  options.stop = [this] { return must_stop_.load(); };
}

json Leader::question_message(int rank, std::uint64_t group, std::span<const Question> questions,
                              const route::Control& control) {
  Matrices matrices;
  json list = json::array(), states = json::array(), ended = json::array(), contents = json::object();
  for (const Question& question : questions) list.push_back(to_json(question, matrices));
  for (const auto& state : control.resume) states.push_back(bytes_to_json(state));
  for (const Status status : control.ended) ended.push_back(to_string(status));
  const std::lock_guard lock(mutex_);
  for (const auto& [name, matrix] : matrices)
    if (known_matrices_[rank].insert(name).second) contents[name] = to_json(*matrix);
  return {{"do", "answer"},
          {"group", group},
          {"questions", std::move(list)},
          {"matrices", std::move(contents)},
          {"states", std::move(states)},
          {"ended", std::move(ended)},
          {"save_every", control.save_every.count()},
          {"threads", control.threads}};
}

json Leader::next_message(Inbox& inbox) {
  std::unique_lock lock(mutex_);
  inbox.arrived.wait_for(lock, std::chrono::milliseconds(100), [&] { return !inbox.messages.empty(); });
  if (inbox.messages.empty()) return {};
  json message = std::move(inbox.messages.front());
  inbox.messages.pop_front();
  return message;
}

void Leader::answer(int rank, std::span<const Question> questions, const route::Control& control) {
  std::unique_lock lock(mutex_);
  const std::uint64_t group = groups_++;
  Inbox& inbox = *inboxes_.emplace(group, std::make_unique<Inbox>()).first->second;
  lock.unlock();
  post_.send(rank, question_message(rank, group, questions, control));
  std::optional<Clock::time_point> asked_to_stop;
  std::map<std::size_t, std::string> weights;  // folders, by the place of the question
  for (json message; !message.contains("end");) {
    message = next_message(inbox);
    if (message.contains("progress") && control.progress) control.progress(message["progress"].get<double>());
    if (message.contains("weights") && control.keep_weights) {
      const auto place = message["place"].get<std::size_t>();
      weights[place] = control.keep_weights(place, weights_from_json(message["weights"]));
    }
    if (message.contains("result")) {
      const auto place = message["place"].get<std::size_t>();
      store::Result result = result_from_json(message["result"]);
      result.weights = weights[place];
      control.finished(place, std::move(result));
    }
    if (message.contains("state") && control.save)
      control.save(message["place"].get<std::size_t>(),
                   std::as_bytes(std::span(message["state"].get_binary())));
    if (message.contains("end") && message["end"] == "memory") throw std::bad_alloc();
    if (message.contains("end") && message["end"] != "")
      throw std::runtime_error(message["end"].get<std::string>());
    if (!asked_to_stop && control.stop && control.stop()) {
      asked_to_stop = Clock::now();
      post_.send(rank, {{"do", "stop"}, {"group", group}});
    }
    if (asked_to_stop && Clock::now() - *asked_to_stop > kPatience) {
      post_.abandon();
      break;
    }
  }
  lock.lock();
  inboxes_.erase(group);
}

}  // namespace lazygap::app::mpi
