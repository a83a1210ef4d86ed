#include "dynamics/protocol.h"

#include <fmt/format.h>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::dynamics {

void check_weights(const char* function, const Matrix& W) {
  check_not_empty(function, "W", W.size());
  check_finite(function, "W", W);
}

void check_options(const char* function, Regime regime, const Options& options) {
  check_at_least(function, "steps", options.steps, 1);
  check_at_least(function, "batch", options.batch, 1);
  check_positive(function, "step_size", options.step_size);
  check_nonnegative(function, "label_noise", options.label_noise);
  check_at_least(function, "records", options.records, 2);
  if (regime != Regime::nn) return;
  check_positive(function, "alpha", options.alpha);
  const bool is_fixed = options.second_layer == SecondLayer::fixed;
  if (options.second_layer == SecondLayer::free)
    throw UsageError(fmt::format("{}: second_layer is free, but must be shared or fixed", function));
  if (!is_fixed && options.parameterisation == Parameterisation::unit)
    throw UsageError(
        fmt::format("{}: second_layer is shared, but must be fixed in the parameterisation unit", function));
  check_finite(function, "second_layer_value", options.second_layer_value);
  if (is_fixed && options.second_layer_value == 0)
    throw UsageError(fmt::format("{}: second_layer_value is 0, but must differ from 0", function));
}

void check_arguments(const char* function, Regime regime, const PolynomialTarget& problem, const Matrix& W,
                     const Options& options) {
  if (!problem.is_quadratic())
    throw UsageError(fmt::format(
        "{}: the target has parts of degree 1, 3, 4 or 5, but must be a quadratic function", function));
  check_weights(function, W);
  check_size(function, "W", W.rows(), "the dimension d of the problem", problem.dimension());
  check_options(function, regime, options);
}

}  // namespace lazygap::dynamics
