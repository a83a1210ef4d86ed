#include "train/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/network/first_layer.h"

namespace lazygap::train {

void check_options(const char* function, Regime regime, Index neurons, const Options& options) {
  check_at_least(function, "neurons", neurons, 1);
  check_at_least(function, "steps", options.steps, 1);
  if (options.steps > std::numeric_limits<std::uint32_t>::max())
    throw UsageError(fmt::format("{}: steps is {}, but must be below 2^32", function, options.steps));
  check_at_least(function, "batch", options.batch, 1);
  check_positive(function, "step_size", options.step_size);
  check_positive(function, "alpha", options.alpha);
  check_positive(function, "beta", options.beta);
  check_positive(function, "output_scale", options.output_scale);
  check_finite(function, "second_layer_value", options.second_layer_value);
  if (options.second_layer_value == 0)
    throw UsageError(fmt::format("{}: second_layer_value is 0, but must differ from 0", function));
  if (regime == Regime::nn && options.second_layer != SecondLayer::fixed &&
      options.parameterisation == Parameterisation::unit)
    throw UsageError(fmt::format("{}: second_layer is {}, but must be fixed in the parameterisation unit",
                                 function, options.second_layer == SecondLayer::shared ? "shared" : "free"));
  if (!options.activation.derivative)
    throw UsageError(fmt::format("{}: activation is '{}', which has no derivative, but training needs one",
                                 function, options.activation.name));
  check_nonnegative(function, "bias_scale", options.bias_scale);
  check_nonnegative(function, "label_noise", options.label_noise);
  if (!(options.momentum >= 0 && options.momentum < 1))
    throw UsageError(fmt::format("{}: momentum is {}, but must be in [0, 1)", function, options.momentum));
  if (options.train_biases && regime != Regime::nn)
    throw UsageError(fmt::format("{}: train_biases is true, but NT keeps its biases fixed", function));
  if (options.precision == Precision::bf16) {
    if (regime != Regime::nn || !is_quadratic_form(regime, options))
      throw UsageError(
          fmt::format("{}: precision is bf16, but that is for NN with the quadratic activation without "
                      "biases, momentum or a free second layer; fp32 and fp64 are accepted",
                      function));
    if (options.subtract_start)
      throw UsageError(fmt::format(
          "{}: precision is bf16, but the difference of two networks (subtract_start) needs fp32 or "
          "fp64",
          function));
    if (!has_bf16_products())
      throw UsageError(fmt::format(
          "{}: precision is bf16, but this processor has no AVX512_BF16; fp32 and fp64 are accepted",
          function));
  }
  check_at_least(function, "records", options.records, 2);
  check_at_least(function, "test_samples", options.test_samples, 0);
}

bool is_quadratic_form(Regime regime, const Options& options) {
  return is_pure_quadratic(options.activation) && options.bias_scale == 0 && !options.train_biases &&
         options.momentum == 0 && !(regime == Regime::nn && options.second_layer == SecondLayer::free);
}

Scaling scaling(const Problem& problem, Index neurons, const Options& options) {
  Scaling scale = scaling(options.parameterisation, options.alpha, problem, neurons);
  // f and the gradients of its neurons have the factor output_scale, the loss 1 / output_scale^2.
  scale.kappa *= options.output_scale;
  scale.neurons /= options.output_scale;
  scale.weights /= options.output_scale;
  scale.shared /= options.output_scale;
  return scale;
}

StepSizes step_sizes(const Options& options, Regime regime) {
  return {options.schedule, regime, options.steps, options.step_size};
}

std::vector<Rung> rungs(const Options& options, Regime regime) {
  struct Choice {
    std::int64_t divisor;
    std::ptrdiff_t smaller;
  };
  // Found by experiment: 1/16, 1/8, 1/4 and 1/2 of the run.
  constexpr Choice kChoices[] = {{16, 3}, {8, 2}, {4, 2}, {2, 1}};
  std::vector<Rung> all;
  for (const auto [divisor, smaller] : kChoices) {
    Options shorter = options;
    shorter.steps = options.steps / divisor;
    if (shorter.steps < 1) continue;
    const std::int64_t step = step_sizes(shorter, regime).end_begins();
    if (step > 0 && (all.empty() || step > all.back().step))
      all.push_back({.step = step, .end = shorter.steps, .smaller = smaller});
  }
  return all;
}

void check_first_layer_options(const char* function, const Problem& problem, Index neurons,
                               const Options& options) {
  const Index d = dimension(problem);
  if (options.initial) {
    check_size(function, "a column of initial", options.initial->rows(), "the dimension d", d);
    if (options.initial->cols() < neurons)
      throw UsageError(fmt::format("{}: initial has {} columns, but must have one for each of the {} neurons",
                                   function, options.initial->cols(), neurons));
    check_finite(function, "initial", *options.initial);
  }
  for (const Index k : options.overlap_ranks)
    if (k < 1 || k > d)
      throw UsageError(fmt::format(
          "{}: overlap_ranks contains {}, but must be from 1 to the dimension d = {}", function, k, d));
}

Matrix initial_weights(const Problem& problem, Index neurons, const Options& options) {
  if (options.initial) return options.initial->leftCols(neurons);
  if (options.subtract_start) return frozen_weights(problem, neurons, options);
  return first_layer_law(Regime::nn, problem)
      .sample(neurons, options.seed, options.draw, Purpose::initial_weights);
}

Vector initial_second_layer(Index neurons, const Options& options) {
  Vector a(neurons);
  for (Index i = 0; i < neurons; ++i)
    fill_normals({.seed = options.seed,
                  .purpose = Purpose::second_layer,
                  .index = options.draw,
                  .step = static_cast<std::uint32_t>(i)},
                 std::span<double>(&a[i], 1));
  return a;
}

Matrix frozen_weights(const Problem& problem, Index neurons, const Options& options) {
  if (options.initial) return options.initial->leftCols(neurons);
  return first_layer_law(Regime::nt, problem).sample(neurons, options.seed, options.draw);
}

Weights with_start(Weights network, const Matrix& W, const Vector& b, const Vector& a) {
  const auto beside = [](Vector& all, const Vector& more) {
    Vector both(all.size() + more.size());
    both << all, more;
    all = std::move(both);
  };
  Matrix both(W.rows(), network.W.cols() + W.cols());
  both << network.W, W;
  network.W = std::move(both);
  if (network.b.size() > 0) beside(network.b, b);
  beside(network.a, a);
  return network;
}

double second_layer_at_start(const Options& options) {
  return options.second_layer == SecondLayer::shared ? 0.0 : options.second_layer_value;
}

bool uses_lq(const Problem& problem, Index neurons, const Options& options) {
  return options.reduction == Reduction::automatic && neurons > dimension(problem);
}

}  // namespace lazygap::train
