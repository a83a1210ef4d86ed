#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lazygap/network/weights.h"
#include "lazygap/question/instance.h"
#include "lazygap/question/question.h"
#include "lazygap/store/result.h"

/// The routes as objects. Everything that the rest of the program knows about a route stands in its object;
/// there is no switch over routes anywhere else.
namespace lazygap::route {

using question::Instance;
using question::Method;
using question::Question;

/// Expected work of a group of questions, from operation counts.
struct Cost {
  double operations = 0;  ///< fp64 multiplications and additions at the rate of a matrix product
  double bytes = 0;       ///< peak memory
};

/// How the computation of a group talks to its caller; `i` is the place of a question in the group. All but
/// `finished` are optional, and all are called from the thread of the computation.
struct Control {
  std::function<void(double fraction)> progress = {};  ///< part of the group that is done, 0 to 1
  std::function<void(std::size_t i, store::Result)> finished = {};  ///< each answer, as soon as it is known
  std::function<void(std::size_t i, std::span<const std::byte>)> save = {};  ///< a state to resume from
  std::vector<std::span<const std::byte>> resume = {};  ///< states of an interrupted computation, or none
  /// train: how an earlier computation has ended each question; Status::none where it has not. A question
  /// that has been ended is not answered again. Empty: none has been ended.
  std::vector<Status> ended = {};
  /// train and flow: keeps the numbers of a trained network, before its answer is handed over, and returns
  /// the name of the folder (Result::weights).
  std::function<std::string(std::size_t i, const Weights&)> keep_weights = {};
  std::chrono::seconds save_every{30};
  std::function<bool()> stop =
      {};           ///< true: save the states and return soon, without the answers that are missing
  int threads = 1;  ///< as lazygap::Control::threads
};

/// Which step sizes a route is asked about at a point of a plan.
enum class StepSizes {
  none,              ///< it has no step size
  grid,              ///< every one of the grid, of which the best is kept
  best_or_grid,      ///< the one that won the training; the grid where nothing is trained
  best_or_smallest,  ///< the one that won the training; the first of the grid where nothing is trained
};

struct Route {
  Method method = Method::limit;
  std::string_view name;
  bool is_simulation =
      false;  ///< networks are found from samples, so that an exact risk is what to compare with
  /// To be raised whenever the route changes its numbers: it is part of the name of a question, so that
  /// answers of earlier versions are no longer found.
  int (*version)(const Question&) = nullptr;
  /// The regimes that the route is about: RF is not trained by SGD.
  bool (*applies)(Regime) = nullptr;
  StepSizes step_sizes = StepSizes::none;
  /// The route whose number of draws it follows, so that both are about the same ones.
  Method draws_as = method;
  /// Whether answers differ between draws, so that plans ask for several.
  bool (*repeats)(Regime) = nullptr;
  /// Why the question has no answer by this route, in a sentence; the only place that knows what is known.
  std::optional<std::string> (*refuses)(const Question&, const Instance&) = nullptr;
  /// A sentence where the question can be answered but cannot come out well, for example because the regime
  /// is blind to its target; empty elsewhere.
  std::string (*warns)(const Question&, const Instance&) = nullptr;
  /// Why this machine cannot answer the question although another one could; empty: it can.
  std::string (*lacks)(const Question&) = nullptr;
  /// Keys in which the questions of a group may differ: they share work.
  std::vector<std::string_view> (*nests)(const Question&) = nullptr;
  Cost (*cost)(std::span<const Question>) = nullptr;
  /// Whether answering the group makes use of Control::threads; null: never.
  bool (*is_threaded)(std::span<const Question>) = nullptr;
  /// How the question is carried out, in a few words, "LQ, AVX-512 fp32"; empty where there is one way only.
  std::string (*path)(const Question&, const Instance&) = nullptr;
  /// Answers a group: questions that differ in nothing but the keys of `nests`, in the order of their widths.
  /// Exceptions of the mathematics pass through.
  void (*answer)(const Instance&, std::span<const Question>, const Control&) = nullptr;
};

/// All routes, in the order of the columns of tables.
[[nodiscard]] std::span<const Route> routes();
[[nodiscard]] const Route& route_of(Method method);
/// The route of this name; null where there is none.
[[nodiscard]] const Route* find_route(std::string_view name);

/// The name of a question with the version of its route.
[[nodiscard]] std::string name(const Question& question);

/// Whether successive halving ends questions of a group early. A question alone has nothing to be compared
/// with.
[[nodiscard]] bool is_halving(std::span<const Question> group);

/// A result that says which question it answers, and nothing else.
[[nodiscard]] store::Result empty_result(const Question& question, const Instance& instance);
/// What is kept of a question that could not be answered: the status failed, and why.
[[nodiscard]] store::Result failed_result(const Question& question, const Instance& instance,
                                          const std::string& message);

}  // namespace lazygap::route
