#include "lazygap/route/route.h"

#include <fmt/format.h>

#include <array>

#include "lazygap/core/error.h"
#include "lazygap/network/one_step.h"
#include "lazygap/question/name.h"
#include "route/objects.h"

namespace lazygap::route {

std::span<const Route> routes() {
  static const std::array<Route, 9> all{kLimit, kExact, kLazyRich, kStateEvolution, kCurve, kDynamics,
                                        kTrain, kFit,   kFlow};
  return all;
}

const Route& route_of(Method method) {
  for (const Route& route : routes())
    if (route.method == method) return route;
  throw UsageError("route_of: there is no such route");
}

const Route* find_route(std::string_view name) {
  for (const Route& route : routes())
    if (route.name == name) return &route;
  return nullptr;
}

std::string name(const Question& question) {
  return question::name(question, route_of(question.method).version(question));
}

bool is_halving(std::span<const Question> group) {
  return group.size() > 1 && group.front().method == Method::train &&
         group.front().train.search == train::Search::halving;
}

std::string lacks_derivative(const Question& question, const Instance& instance) {
  if (!needs_derivative(question) || instance.activation.derivative) return {};
  return fmt::format("it needs the derivative of the activation, but {}",
                     question.network.activation.expression.empty()
                         ? fmt::format("{} has none", instance.activation.name)
                         : "activation.derivative is not given");
}

std::string warns_of_sign(const Question& question, const Instance& instance) {
  const SecondLayerSign sign = second_layer_sign(question);
  if (question.network.regime != Regime::nn || !question::is_quadratic(question.network) ||
      sign == SecondLayerSign::free)
    return {};
  // Of B on qf, of -Delta on mg, where the class y = +1 is the narrower one.
  const auto* target = std::get_if<PolynomialTarget>(&instance.problem);
  const Vector signs = target != nullptr
                           ? target->eigenvalues()
                           : Vector(-std::get<GaussianMixture>(instance.problem).whitened_delta());
  const bool any_above = signs.maxCoeff() > 0, any_below = signs.minCoeff() < 0;
  if ((sign == SecondLayerSign::positive && !any_above) || (sign == SecondLayerSign::negative && !any_below))
    return fmt::format(
        "a second layer fixed at {} can fit nothing of this problem, R/R0 = 1; the other sign could",
        question.train.options.second_layer_value);
  if (!any_above || !any_below) return {};
  return fmt::format(
      "the problem has eigenvalues of both signs, of which a second layer {} fits one: limit, exact risk and "
      "training "
      "are all of this class; train.second_layer = \"free\" reaches less",
      sign == SecondLayerSign::one_sign ? "with one shared scalar" : "with a fixed sign");
}

Network make_network(const Question& question, const Instance& instance) {
  const Index N = question.neurons();
  const question::NetworkSpec& spec = question.network;
  Network network{.activation = instance.activation,
                  .W = draw_first_layer(question, instance),
                  .biases = sample_biases(question.network.bias_scale, N, question.seed, question.draw),
                  .centred = spec.centred};
  if (!is_rf(spec.regime) || spec.one_step == 0) return network;
  OneStep step{.eta = spec.one_step, .seed = question.seed, .draw = question.draw};
  if (spec.one_step_samples > 0) step.samples = spec.one_step_samples;
  network.W = question::is_quadratic(spec)
                  ? one_step(instance.problem, network.W, step)
                  : one_step(instance.problem, instance.activation, network.W, step, {}, network.biases);
  return network;
}

bool has_output_scale(const Question& question) {
  return question.network.regime == Regime::nn &&
         (question.network.output_scale != 1 || question.network.subtract_start);
}

std::string lacks_spikes(const Question& question) {
  return question.problem.signals == 0
             ? ""
             : "spiked covariates (problem.signals) are there for limit, exact, curve and "
               "fit only";
}

void set_answer(store::Result& result, const Answer& answer) {
  set_risk(result, answer.risk);
  result.status = answer.status;
  result.message = answer.message;
  if (!answer.test || !std::isfinite(answer.test->value)) return;
  result.test_ratio = answer.test->value / result.null_risk;
  result.test_se = answer.test->se / result.null_risk;
  if (std::isfinite(answer.risk) || answer.status != Status::ok) return;
  set_risk(result, answer.test->value);
  result.se = result.test_se;
  add_sentence(result.message, kEstimated);
}

store::Result empty_result(const Question& question, const Instance& instance) {
  store::Result result;
  result.parameters = name(question);
  result.key = question::identity(result.parameters);
  result.model = question.problem.model;
  result.regime = to_string(question.network.regime);
  result.method = to_string(question.method);
  result.d = dimension(instance.problem);
  result.N = question.neurons();
  result.rho = static_cast<double>(result.N) / static_cast<double>(result.d);
  result.draw = question.draw;
  result.null_risk = null_risk(instance.problem);
  return result;
}

void finish_all(const Instance& instance, std::span<const Question> questions,
                const std::vector<Answer>& answers, const Control& control) {
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (answers[i].status == Status::none) continue;
    store::Result result = empty_result(questions[i], instance);
    set_answer(result, answers[i]);
    control.finished(i, std::move(result));
  }
}

store::Result failed_result(const Question& question, const Instance& instance, const std::string& message) {
  store::Result result = empty_result(question, instance);
  if (question.method == Method::train || question.method == Method::flow)
    result.step_size = question.train.options.step_size;
  result.status = Status::failed;
  result.message = message;
  return result;
}

}  // namespace lazygap::route
