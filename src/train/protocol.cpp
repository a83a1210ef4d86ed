#include "train/protocol.h"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/network/first_layer.h"

namespace lazygap::train {
namespace {

/// One drop of Schedule::tail_drop: the last `fraction` of the steps have step_size / divisor.
struct Drop {
  double fraction;
  double divisor;
};

/// In the order in which they come; companion code, as fractions of its 200000 steps.
std::span<const Drop> drops(const Options& options, Regime regime) {
  static constexpr Drop kNn[] = {{0.15, 10}, {0.075, 15}}, kNt[] = {{0.10, 10}, {0.05, 15}};
  if (options.schedule == Schedule::constant) return {};
  return regime == Regime::nt ? std::span<const Drop>(kNt) : kNn;
}

std::int64_t drop_start(std::int64_t steps, const Drop& drop) {
  return steps - std::llround(drop.fraction * static_cast<double>(steps));
}

}  // namespace

void check_options(const char* function, Regime regime, Index neurons, const Options& options) {
  check_at_least(function, "neurons", neurons, 1);
  check_at_least(function, "steps", options.steps, 1);
  if (options.steps > std::numeric_limits<std::uint32_t>::max())
    throw UsageError(fmt::format("{}: steps is {}, but must be below 2^32", function, options.steps));
  check_at_least(function, "batch", options.batch, 1);
  check_positive(function, "step_size", options.step_size);
  check_positive(function, "alpha", options.alpha);
  check_positive(function, "beta", options.beta);
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
    if (!has_bf16_products())
      throw UsageError(fmt::format(
          "{}: precision is bf16, but this processor has no AVX512_BF16; fp32 and fp64 are accepted",
          function));
  }
  check_at_least(function, "records", options.records, 2);
  check_at_least(function, "test_samples", options.test_samples, 0);
}

bool is_quadratic_form(Regime regime, const Options& options) {
  return is_pure_quadratic(options.activation) && options.bias_scale == 0 &&
         !options.train_biases && options.momentum == 0 &&
         !(regime == Regime::nn && options.second_layer == SecondLayer::free);
}

Scaling scaling(const Problem& problem, Index neurons, const Options& options) {
  // With loss r^2: dL/dtheta = -2 E[r df/dtheta]; for sigma(u) = u^2 dL/dW = -4 kappa a E[r x x^T] W, dL/da =
  // -2 kappa E[r q]; NT: dL/dA = -4 kappa E[r x x^T] W and S = kappa (W A^T + A W^T). Each is multiplied by
  // what the parameterisation says.
  if (options.parameterisation == Parameterisation::unit)
    return {.label = 1, .kappa = 1, .neurons = 2, .weights = 4, .shared = 2, .form = 4};
  const double N = static_cast<double>(neurons);
  const double label = std::holds_alternative<PolynomialTarget>(problem)
                           ? 1 / std::sqrt(static_cast<double>(dimension(problem)))
                           : 1.0;
  return {.label = label,
          .kappa = options.alpha / N,
          .neurons = 2 / options.alpha,
          .weights = 4 / options.alpha,
          .shared = 2 / (options.alpha * N),
          .form = 4 / N};
}

double scheduled_step_size(const Options& options, Regime regime, std::int64_t step) {
  double divisor = 1;
  for (const Drop& drop : drops(options, regime))
    if (step >= drop_start(options.steps, drop)) divisor = drop.divisor;
  return options.step_size / divisor;
}

std::vector<std::int64_t> schedule_ends(const Options& options, Regime regime) {
  std::vector<std::int64_t> ends;
  for (const Drop& drop : drops(options, regime)) ends.push_back(drop_start(options.steps, drop));
  ends.push_back(options.steps);
  return ends;
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
    const std::int64_t step = schedule_ends(shorter, regime).front();
    if (step > 0 && (all.empty() || step > all.back().step))
      all.push_back({.step = step, .end = shorter.steps, .smaller = smaller});
  }
  return all;
}

std::vector<std::int64_t> record_steps(const Options& options) {
  std::vector<std::int64_t> steps;
  const auto last = static_cast<double>(options.records - 1);
  for (std::int64_t k = 0; k < options.records; ++k) {
    const double fraction = static_cast<double>(k) / last;
    steps.push_back(std::llround(fraction * fraction * static_cast<double>(options.steps)));
  }
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

Matrix initial_weights(const Problem& problem, Index neurons, const Options& options) {
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
  return first_layer_law(Regime::nt, problem).sample(neurons, options.seed, options.draw);
}

Matrix lq_factor(const Matrix& W) {
  const Eigen::HouseholderQR<Matrix> qr(W.transpose());
  return qr.matrixQR().topRows(W.rows()).triangularView<Eigen::Upper>().transpose();
}

bool uses_lq(const Problem& problem, Index neurons, const Options& options) {
  return options.reduction == Reduction::automatic && neurons > dimension(problem);
}

}  // namespace lazygap::train
