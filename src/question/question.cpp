#include "lazygap/question/question.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "lazygap/core/error.h"

namespace lazygap::question {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 9> kMethods{
    {{Method::limit, "limit"},
     {Method::exact, "exact"},
     {Method::lazy_rich, "lazy_rich"},
     {Method::state_evolution, "state_evolution"},
     {Method::curve, "curve"},
     {Method::dynamics, "dynamics"},
     {Method::train, "train"},
     {Method::fit, "fit"},
     {Method::flow, "flow"}}};

}  // namespace

std::string_view to_string(Method method) {
  for (const auto& [value, word] : kMethods)
    if (value == method) return word;
  return {};
}

Index Question::neurons() const {
  if (network.regime == Regime::bayes) return 0;
  const Index N = network.rho > 0
                      ? std::max<Index>(1, std::llround(network.rho * static_cast<double>(problem.d)))
                      : network.width;
  return network.equal_parameters && is_rf(network.regime) ? N * (problem.d + 1) : N;
}

bool draws_first_layer(Regime regime) { return is_rf(regime) || regime == Regime::nt; }
bool is_trained(Regime regime) { return regime == Regime::nt || regime == Regime::nn; }

Activation make_activation(const ActivationSpec& spec) {
  if (!spec.hermite.empty()) return activation_from_hermite_coefficients(spec.hermite);
  if (!spec.expression.empty()) return activation_from_expression(spec.expression, spec.derivative);
  return activation_from_name(spec.name);
}

bool is_quadratic(const NetworkSpec& network) {
  if (network.bias_scale > 0) return false;
  if (network.activation.name == "quadratic") return true;
  // Planning asks this for every question; an activation is looked at once.
  static std::mutex mutex;
  static std::map<std::string, bool> known;
  const ActivationSpec& spec = network.activation;
  const std::string id =
      fmt::format("{}|{}|{}|{}", spec.name, spec.expression, spec.derivative, fmt::join(spec.hermite, ","));
  const std::lock_guard lock(mutex);
  const auto [entry, is_new] = known.try_emplace(id, false);
  if (is_new) try {
      entry->second = is_pure_quadratic(make_activation(spec));
    } catch (const UsageError&) {  // not an activation at all: refused where it is used
    }
  return entry->second;
}

bool trains_quadratic(const Question& question) {
  const train::Options& options = question.train.options;
  return is_quadratic(question.network) && options.momentum == 0 &&
         (question.network.regime == Regime::nt || options.second_layer != train::SecondLayer::free);
}

bool is_indefinite(const ProblemSpec& problem) {
  if (problem.matrix) return problem.indefinite_matrix;
  const SpectrumLaw& law = problem.spectrum;
  if (law.kind != SpectrumLaw::Kind::choice && law.kind != SpectrumLaw::Kind::explicit_) return false;
  const auto is_positive = [](double x) { return x > 0; };
  const auto is_negative = [](double x) { return x < 0; };
  return std::any_of(law.values.begin(), law.values.end(), is_positive) &&
         std::any_of(law.values.begin(), law.values.end(), is_negative);
}

SecondLayerSign second_layer_sign(const Question& question) {
  const train::Options& options = question.train.options;
  if (options.second_layer == train::SecondLayer::free) return SecondLayerSign::free;
  if (options.second_layer == train::SecondLayer::shared) return SecondLayerSign::one_sign;
  return options.second_layer_value < 0 ? SecondLayerSign::negative : SecondLayerSign::positive;
}

}  // namespace lazygap::question
