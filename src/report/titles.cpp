#include "report/titles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lazygap::report {
namespace {

/// Keys with a symbol of the field (docs/notation.md), plain and in gnuplot's enhanced text.
struct Symbol {
  std::string_view path, plain, label;
};
constexpr std::array<Symbol, 21> kSymbols{{
    {"network.output_scale", "α", "output scale, α"},
    {"network.one_step", "η", "size of the giant step, η"},
    {"network.one_step_samples", "n1", "samples of the giant step, {/:Italic n}_1"},
    {"problem.spike", "r", "standard deviation of the signal, {/:Italic r}"},
    {"problem.signals", "signals", "number of signal coordinates"},
    {"network.width", "N", "number of neurons, {/:Italic N}"},
    {"network.rho", "N/d", "neurons per dimension, {/:Italic N} / {/:Italic d}"},
    {"problem.d", "d", "dimension, {/:Italic d}"},
    {"fit.samples", "n", "number of samples, {/:Italic n}"},
    {"fit.samples_per_d2", "n/d²", "samples, {/:Italic n} / {/:Italic d}²"},
    {"fit.ridge", "ridge", "ridge, {/Symbol l}"},
    {"problem.label_noise", "label noise", "standard deviation of the label noise"},
    {"problem.noise_to_signal", "noise to signal", "variance of the label noise / {/:Italic R}_0"},
    {"activation.biases", "τ", "scale of the first-layer biases, τ"},
    {"train.step_size", "step size", "step size, ε"},
    {"train.batch", "batch", "samples of a step, {/:Italic b}"},
    {"train.steps", "steps", "number of SGD steps"},
    {"train.alpha", "α", "factor of the network, α"},
    {"problem.spectrum.exponent", "exponent", "exponent of the spectrum"},
    {"problem.spectrum.rank", "rank", "rank of B"},
    {"train.momentum", "momentum", "momentum"},
}};

const Symbol* symbol_of(const Key& key) {
  for (const Symbol& symbol : kSymbols)
    if (symbol.path == key.path) return &symbol;
  return nullptr;
}

bool is_swept(const Plan& plan, const char* path) { return plan.axis_of(question::key_at(path)) != nullptr; }

std::string activation_text(const question::NetworkSpec& network) {
  const question::ActivationSpec& activation = network.activation;
  std::string text = !activation.name.empty()         ? activation.name
                     : !activation.expression.empty() ? activation.expression
                                                      : "given by Hermite coefficients";
  if (network.bias_scale > 0) text += fmt::format(" with biases, τ = {}", network.bias_scale);
  return text;
}

/// "draws 4" or "draws 2 to 4".
std::string range_text(std::string_view what, Index least, Index most) {
  return least == most ? fmt::format("{} {}", most, what) : fmt::format("{} to {} {}", least, most, what);
}

}  // namespace

std::string short_name(const Key& key) {
  const Symbol* symbol = symbol_of(key);
  return symbol != nullptr ? std::string(symbol->plain) : key.path.substr(key.path.find('.') + 1);
}

std::string axis_label(const Key& key) {
  const Symbol* symbol = symbol_of(key);
  if (symbol != nullptr) return std::string(symbol->label);
  std::string name = key.path;
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string value_label(const Key& key, const question::Question& question) {
  if (key.path == "activation.name") return activation_text(question.network);
  const std::string value = question::plain_text(key.get(question));
  if (key.kind == question::Kind::word || key.kind == question::Kind::text) return value;
  return fmt::format("{} = {}", short_name(key), value == "infinity" ? "∞" : value);
}

std::string plain_label(const Frame& frame) {
  std::string text = frame.x.label;
  for (const std::string_view markup : {"{/:Italic ", "{/Symbol l}", "}"})
    for (std::size_t at; (at = text.find(markup)) != std::string::npos;)
      text.replace(at, markup.size(), markup == "{/Symbol l}" ? "λ" : "");
  return text;
}

std::string title_of(const Plan& plan, const Frame& frame) {
  const question::Question& base = plan.base;
  std::vector<std::string> parts;
  parts.emplace_back(base.problem.model == "qf"   ? "Quadratic function"
                     : base.problem.model == "mg" ? "Mixture of Gaussians"
                                                  : fmt::format("Polynomial target"));
  if (base.problem.haar_rotated) parts.back() += base.is_mixture() ? ", Δ rotated" : ", B rotated";
  if (frame.d > 0) parts.push_back(fmt::format("d = {}", frame.d));
  const bool one_width = question::is_given(base, question::key_at("network.width"));
  if (one_width && !frame.along_training) parts.push_back(fmt::format("N = {}", base.network.width));
  const bool paper = base.network.activation == question::ActivationSpec() && base.network.bias_scale == 0;
  if (!is_swept(plan, "activation.name") && !paper) parts.push_back(activation_text(base.network));
  if (base.problem.label_noise > 0 && !is_swept(plan, "problem.label_noise"))
    parts.push_back(fmt::format("label noise {}", base.problem.label_noise));
  if (base.problem.noise_to_signal > 0 && !is_swept(plan, "problem.noise_to_signal"))
    parts.push_back(fmt::format("noise to signal {}", base.problem.noise_to_signal));
  if (base.network.equal_parameters) parts.emplace_back("RF and NT with equally many parameters");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string caption_of(const Plan& plan, const std::vector<Row>& rows) {
  std::vector<std::string> parts;
  for (const Method method : plan.methods) {
    Index least = 0, most = 0;
    for (const Row& row : rows)
      if (const Summary* summary = row.find(method); summary != nullptr && summary->risk.draws > 0) {
        least = least == 0 ? summary->risk.draws : std::min(least, summary->risk.draws);
        most = std::max(most, summary->risk.draws);
      }
    if (most == 0) continue;
    const question::Question& base = plan.base;
    if (method == Method::exact && most > 1)
      parts.push_back("exact: mean over " + range_text("draws of W", least, most));
    if (method == Method::train)
      parts.push_back(fmt::format("SGD: {} steps of {} samples, {}", base.train.options.steps,
                                  base.train.options.batch,
                                  range_text(most == 1 ? "draw" : "draws", least, most)));
    if (method == Method::fit)
      parts.push_back(
          is_swept(plan, "fit.samples")
              ? fmt::format("least squares: {}", range_text(most == 1 ? "draw" : "draws", least, most))
              : fmt::format("least squares: n = {}, {}", base.fit.samples,
                            range_text(most == 1 ? "draw" : "draws", least, most)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace lazygap::report
