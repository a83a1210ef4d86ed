#include "curve/fresh_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "network/neuron_functions.h"

namespace lazygap::curve {
namespace {

/// Samples drawn together: part of the address of a sample.
constexpr Index kBlock = 250;
/// R_inf below this share of E y^2 is rounding.
constexpr double kRounding = 1e-12;
/// Least leverage, in units of the mean: without ridge the equations divide by it.
constexpr double kLeastLeverage = 1e-9;

}  // namespace

void check_arguments(const char* function, const Problem& problem, const Matrix& W, const Vector& biases,
                     const Options& options) {
  network::check_first_layer(function, problem, W, biases);
  check_at_least(function, "leverage_samples", options.leverage_samples, 2);
  check_at_least(function, "matrix_free_samples", options.matrix_free_samples, 2);
  check_at_least(function, "probes", options.probes, 2);
  check_at_least(function, "dense_parameters", options.dense_parameters, 0);
  check_positive(function, "memory_bytes", options.memory_bytes);
}

void check_memory(const char* function, const Cost& cost, const Options& options) {
  if (cost.bytes > options.memory_bytes)
    throw UsageError(fmt::format("{}: {:.3g} bytes are needed, but memory_bytes allows {:.3g}", function,
                                 cost.bytes, options.memory_bytes));
}

void set_spectrum(const Vector& values, const Vector& projections, double second_moment, Model& model) {
  std::vector<double> kept, powers;
  for (Index k = 0; k < values.size(); ++k)
    if (values[k] > 0) {
      kept.push_back(values[k]);
      powers.push_back(projections[k] * projections[k] / values[k]);
    }
  const auto count = static_cast<Index>(kept.size());
  model.power_values = Vector::Map(kept.data(), count);
  model.powers = Vector::Map(powers.data(), count);
  model.densities = {{.values = model.power_values, .counts = Vector::Ones(count)}};
  model.residual_risk = second_moment - model.powers.sum();
  if (model.residual_risk < kRounding * second_moment) model.residual_risk = 0;
}

bool add_fresh_samples(const Problem& problem, const Options& options, Index samples, const Control& control,
                       const Visit& visit, Model& model) {
  model.leverage.resize(samples);
  model.squared_residuals.resize(samples);
  RandomAddress address{.seed = options.seed, .purpose = Purpose::leverage, .index = options.draw};
  for (Index first = 0; first < samples; first += kBlock, ++address.step) {
    if (stopped(control, static_cast<double>(first) / static_cast<double>(samples))) return false;
    const Index b = std::min(kBlock, samples - first);
    Matrix X(dimension(problem), b);
    Vector y(b), leverage(b), fitted(b);
    draw_samples<double>(problem, address, X, y);
    visit(X, leverage, fitted);
    model.leverage.segment(first, b) = leverage;
    model.squared_residuals.segment(first, b) = (y - fitted).cwiseAbs2();
  }
  if (const double mean = model.leverage.mean(); mean > 0)
    model.leverage = (model.leverage / mean).cwiseMax(kLeastLeverage);
  else
    model.leverage.setOnes();
  const double mean = model.squared_residuals.mean();
  model.squared_residuals *= model.residual_risk > 0 && mean > 0 ? model.residual_risk / mean : 0;
  return true;
}

bool stopped(const Control& control, double fraction) {
  if (control.progress) control.progress(fraction);
  return control.stop && control.stop();
}

Control after(double from, const Control& control) {
  Control rest{.stop = control.stop};
  if (control.progress)
    rest.progress = [from, progress = control.progress](double part) { progress(from + (1 - from) * part); };
  return rest;
}

}  // namespace lazygap::curve
