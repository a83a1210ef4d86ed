#include "lazygap/route/limit.h"

#include "lazygap/limit/limit.h"
#include "lazygap/limit/rf_biases.h"
#include "lazygap/network/one_step.h"
#include "route/cost.h"
#include "route/objects.h"

namespace lazygap::route {
namespace {

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  const Regime regime = question.network.regime;
  if (regime == Regime::bayes) return {};
  const auto* target = std::get_if<PolynomialTarget>(&instance.problem);
  if (target != nullptr && !target->is_quadratic()) return "its limit is known for quadratic targets only";
  if (is_rf(regime)) {
    const bool steps = question.network.one_step != 0;
    if (steps && (question.network.one_step_samples > 0 || !question::is_quadratic(question.network)))
      return "after a giant step its limit is known for the population step and the quadratic activation "
             "only";
    if (question.network.centred) return {};
    return "its limit is known for the centred activation only";
  }
  if (!question::is_quadratic(question.network))
    return "its limit is known for the quadratic activation only";
  if (regime == Regime::nt && question.problem.signals > 0)
    return "its limit is known for isotropic x only, not for spiked covariates";
  if (regime == Regime::nt && target == nullptr &&
      !std::get<GaussianMixture>(instance.problem).sigma_is_identity())
    return "its limit on mg is known for Sigma = I only";
  return {};
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  const Question& question = questions.front();
  store::Result result = empty_result(question, instance);
  result.ratio = limit_ratios(question, instance, {question.neurons()}).front();
  result.risk = result.ratio * result.null_risk;
  result.status = Status::ok;
  control.finished(0, std::move(result));
}

Cost cost(std::span<const Question> questions) {
  const Question& question = questions.front();
  const auto d = static_cast<double>(question.problem.d);
  const Regime regime = question.network.regime;
  const double vectors = is_rf(regime) ? 8 : regime == Regime::nn ? 5 : 3;
  return {.operations = 1e5 + 1e3 * d, .bytes = vectors * kNumber * d};
}

}  // namespace

std::vector<double> limit_ratios(const Question& question, const Instance& instance,
                                 const std::vector<Index>& neurons) {
  const Problem& problem = instance.problem;
  const Regime regime = question.network.regime;
  const double tau = question.network.bias_scale;
  std::vector<double> rhos, ratios;
  for (const Index N : neurons)
    rhos.push_back(static_cast<double>(N) / static_cast<double>(dimension(problem)));
  if (is_rf(regime)) {
    FirstLayerLaw law = first_layer(instance, regime);
    if (question.network.one_step != 0) law = one_step_law(problem, law, {.eta = question.network.one_step});
    if (tau > 0) return limit::rf_ratios(problem, law, instance.activation, tau, rhos);
    for (const double rho : rhos)
      ratios.push_back(limit::rf_ratio(problem, law, instance.activation.hermite, rho));
  } else if (regime == Regime::nt) {
    for (const double rho : rhos) ratios.push_back(limit::nt_ratio(problem, rho));
  } else if (regime == Regime::nn) {
    for (const Index N : neurons) ratios.push_back(limit::nn_ratio(problem, N, second_layer_sign(question)));
  } else {
    ratios.assign(neurons.size(), limit::bayes_ratio(std::get<GaussianMixture>(problem)));
  }
  return ratios;
}

const Route kLimit{.method = Method::limit,
                   .name = "limit",
                   .version =
                       [](const Question& question) {
                         return question.network.regime == Regime::nn ? 2
                                                                      : 1;  // of the class of second layers
                       },
                   .applies = [](Regime) { return true; },
                   .repeats = [](Regime) { return false; },
                   .refuses = refuses,
                   .warns = warns_of_sign,
                   .lacks = nothing_lacks,
                   .nests = nests_nothing,
                   .cost = cost,
                   .path = one_way,
                   .answer = answer};

}  // namespace lazygap::route
