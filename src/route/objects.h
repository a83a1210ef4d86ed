#pragma once

#include <cmath>
#include <string>

#include "lazygap/core/answer.h"
#include "lazygap/core/control.h"
#include "lazygap/network/network.h"
#include "lazygap/route/route.h"

/// One object for each route, and what several of them need.
namespace lazygap::route {

extern const Route kLimit, kExact, kLazyRich, kStateEvolution, kCurve, kDynamics, kTrain, kFit, kFlow;

/// The sentence for a second layer of NN that is fixed at the wrong sign for every eigenvalue; empty: it is
/// not.
[[nodiscard]] std::string warns_of_sign(const Question& question, const Instance& instance);
[[nodiscard]] inline std::string warns_of_nothing(const Question&, const Instance&) { return {}; }
[[nodiscard]] inline std::string nothing_lacks(const Question&) { return {}; }
[[nodiscard]] inline std::vector<std::string_view> nests_nothing(const Question&) { return {}; }
[[nodiscard]] inline std::string one_way(const Question&, const Instance&) { return {}; }
[[nodiscard]] inline bool needs_derivative(const Question& question) {
  return question.network.regime == Regime::nt || question.network.regime == Regime::nn;
}
/// Why a route that trains its own first layer cannot have spiked covariates; empty: it has none.
[[nodiscard]] std::string lacks_spikes(const Question& question);
/// Whether NN has an output scale, or its start subtracted.
[[nodiscard]] bool has_output_scale(const Question& question);
/// Why an activation without a derivative does not serve the question; empty: it does.
[[nodiscard]] std::string lacks_derivative(const Question& question, const Instance& instance);

inline void set_risk(store::Result& result, double risk) {
  result.risk = risk;
  result.ratio = risk / result.null_risk;
}
inline void add_sentence(std::string& message, const std::string& sentence) {
  message += (message.empty() ? "" : "; ") + sentence;
}

/// What train and fit found: the exact risk of it where there is one, else the estimate on test samples.
template <class Outcome>
void set_outcome(store::Result& result, const Outcome& outcome) {
  set_risk(result, outcome.risk);
  result.status = outcome.status;
  if (!std::isfinite(outcome.test_risk)) return;
  result.test_ratio = outcome.test_risk / result.null_risk;
  result.test_se = outcome.test_se / result.null_risk;
  if (std::isfinite(outcome.risk) || outcome.status != Status::ok) return;
  set_risk(result, outcome.test_risk);
  result.se = result.test_se;
}
inline constexpr auto kEstimated = "risk estimated on test samples";

/// A part of Control as the mathematics takes it.
[[nodiscard]] inline lazygap::Control part_of(const Control& control) {
  return {.progress = control.progress, .stop = control.stop, .threads = control.threads};
}

/// The network whose second layer is sought, W drawn.
[[nodiscard]] Network make_network(const Question& question, const Instance& instance);

/// What exact and fit say of the risk of a question.
void set_answer(store::Result& result, const Answer& answer);

/// Hands over the answers to questions, in their order; those that were stopped are left out.
void finish_all(const Instance& instance, std::span<const Question> questions,
                const std::vector<Answer>& answers, const Control& control);

/// The neurons of questions that differ in nothing else.
[[nodiscard]] inline std::vector<Index> widths_of(std::span<const Question> questions) {
  std::vector<Index> widths;
  for (const Question& question : questions) widths.push_back(question.neurons());
  return widths;
}

}  // namespace lazygap::route
