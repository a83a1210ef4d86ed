#pragma once

#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"
#include "lazygap/train/outcome.h"

/// Gradient flow on the population risk: the limit of SGD as the step size tends to 0 at fixed
/// time = sum of the scheduled step sizes. Same initial weights, parameterisation, schedule and recorded
/// steps as SGD with the same options; batch only scales the axis `samples`, and label_noise does nothing.
/// Errors: as train/sgd.h, and UsageError for anything but the activation quadratic without biases, momentum
/// or a free second layer.
namespace lazygap::train {

/// NN. unit, qf, a = 1: dW/dt = 8 (B - W W^T) W + 4 u W, dc/dt = 2 u, u = tr(B - W W^T) + b0 - c.
[[nodiscard]] Outcome flow_nn(const Problem& problem, Index neurons, const Options& options);
/// NT, linear: dS/dt = (4 / N) (G W W^T + W W^T G) with G = E[r x x^T], S the quadratic form of f
/// (mean_field).
[[nodiscard]] Outcome flow_nt(const Problem& problem, Index neurons, const Options& options);

}  // namespace lazygap::train
