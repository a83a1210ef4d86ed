#pragma once

#include "lazygap/core/control.h"
#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"
#include "lazygap/train/outcome.h"

/// Gradient flow on the population risk: the limit of SGD as the step size tends to 0 at fixed
/// time = sum of the scheduled step sizes. Same initial weights, parameterisation, schedule and recorded
/// steps as SGD with the same options; batch only scales the axis `samples`, and label_noise, precision and
/// reduction do nothing. The curve is within 1e-4 R0 of the exact one, whatever the risk at the start.
/// Control::progress is told the fraction of the time; Control::stop is asked before every evaluation of the
/// rate, and the outcome is then Status::none, with the points so far.
/// Errors: as train/sgd.h, and UsageError for anything but the activation quadratic without biases, momentum
/// or (NN) a free second layer.
namespace lazygap::train {

/// NN. unit, qf, a = 1: dW/dt = 8 (B - W W^T) W + 4 u W, dc/dt = 2 u, u = tr(B - W W^T) + b0 - c.
[[nodiscard]] Outcome flow_nn(const Problem& problem, Index neurons, const Options& options,
                              const Control& control = {});
/// NT, linear: dS/dt = (4 / N) (G W W^T + W W^T G) with G = E[r x x^T], S the quadratic form of f
/// (mean_field).
[[nodiscard]] Outcome flow_nt(const Problem& problem, Index neurons, const Options& options,
                              const Control& control = {});

}  // namespace lazygap::train
