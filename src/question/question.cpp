#include "lazygap/question/question.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace lazygap::question {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 5> kMethods{{{Method::limit, "limit"},
                                                                       {Method::exact, "exact"},
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
  return network.activation.name == "quadratic" && network.bias_scale == 0;
}

bool trains_quadratic(const Question& question) {
  const train::Options& options = question.train.options;
  return is_quadratic(question.network) && options.momentum == 0 &&
         (question.network.regime == Regime::nt || options.second_layer != train::SecondLayer::free);
}

}  // namespace lazygap::question
