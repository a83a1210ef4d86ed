#include "lazygap/limit/state_evolution.h"

#include <fmt/format.h>

#include <cmath>

#include "route/cost.h"
#include "route/objects.h"

namespace lazygap::route {
namespace {

/// What weight decay penalises: networks of one sign have the trace, free ones the nuclear norm.
limit::Penalty penalty_of(const Question& question) {
  return second_layer_sign(question) == SecondLayerSign::free ? limit::Penalty::nuclear_norm
                                                              : limit::Penalty::trace;
}

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  if (std::string lack = lacks_spikes(question); !lack.empty()) return lack;
  const auto* target = std::get_if<PolynomialTarget>(&instance.problem);
  if (target == nullptr || !target->is_quadratic() || !question::is_quadratic(question.network))
    return "what wide networks learn from n samples is known for quadratic targets (qf) and the quadratic "
           "activation only";
  if (question.neurons() < question.problem.d)
    return "what wide networks learn from n samples is known for N >= d only";
  if (second_layer_sign(question) == SecondLayerSign::negative)
    return "what wide networks learn from n samples is known for a second layer that is positive or free";
  return {};
}

limit::WideNetwork estimate(const Question& question, const Instance& instance) {
  const auto& target = std::get<PolynomialTarget>(instance.problem);
  const limit::StateEvolutionOptions options{.penalty = penalty_of(question),
                                             .label_noise = question::label_noise(question, instance),
                                             .seed = question.seed};
  const Index n = question.fit.samples;
  switch (question.state_evolution.estimate) {
    case limit::WideEstimate::best_penalty:
      return limit::wide_network_best(target, n, options);
    case limit::WideEstimate::least_trace:
      return limit::wide_network(target, n, 0, options);
    case limit::WideEstimate::bayes:
      return limit::bayes_quadratic(target, n, options);
  }
  return {};
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (control.stop && control.stop()) return;
    const limit::WideNetwork network = estimate(questions[i], instance);
    store::Result result = empty_result(questions[i], instance);
    result.n = questions[i].fit.samples;
    set_risk(result, network.ratio * result.null_risk);
    result.status = network.status;
    result.message = "asymptotic: n, d to infinity at fixed n/d^2";
    if (std::isfinite(network.training))
      add_sentence(result.message, fmt::format("training error {:.6g} of R0", network.training));
    control.finished(i, std::move(result));
  }
}

/// Eigen-decompositions of a search: of eight matrices, some hundred times.
Cost cost(std::span<const Question> questions) {
  constexpr double kDecompositions = 8 * 150;
  const auto d = static_cast<double>(questions.front().problem.d);
  return {
      .operations = static_cast<double>(questions.size()) * kDecompositions * kFactorisation * 4 * d * d * d,
      .bytes = kNumber * 30 * d * d};
}

}  // namespace

const Route kStateEvolution{.method = Method::state_evolution,
                            .name = "state_evolution",
                            .version = [](const Question&) { return 1; },
                            .applies = [](Regime regime) { return regime == Regime::nn; },
                            .repeats = [](Regime) { return false; },
                            .refuses = refuses,
                            .warns = warns_of_nothing,
                            .lacks = nothing_lacks,
                            .nests = nests_nothing,
                            .cost = cost,
                            .path = one_way,
                            .answer = answer};

}  // namespace lazygap::route
