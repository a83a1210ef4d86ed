#pragma once

#include <cstdint>
#include <vector>

#include "lazygap/network/regime.h"
#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"

/// What SGD and the gradient flow share, so that their curves can be laid over one another.
namespace lazygap::train {

/// Throws UsageError, in the name of `function`, unless `neurons` and every option are in range.
void check_options(const char* function, Regime regime, Index neurons, const Options& options);

/// Whether f is c + x^T S x and SGD moves S and c by themselves: sigma(u) = u^2 without biases, momentum or a
/// free second layer.
[[nodiscard]] bool is_quadratic_form(Regime regime, const Options& options);

/// The factors to which a parameterisation comes down. With r = label * y - f, eps the step size, and for any
/// activation,
///   NN: f = kappa sum_i a_i sigma(<w_i,x> + b_i) + o,  NT: f = kappa sum_i sigma'(<w_i,x> + b_i) <a_i,x> +
///   o:
///       theta += eps neurons E[r df/dtheta] / kappa  for each of w_i, trained b_i, free a_i; NT: a_i
///       a += eps shared E[r q],  q = sum_i sigma(<w_i,x> + b_i),  for a shared a
/// For sigma(u) = u^2 without biases this is
///   NN: f = kappa a q + o,  q = sum_i <w_i,x>^2:  W += eps weights a E[r x x^T] W,  a += eps shared E[r q]
///   NT: f = x^T S x + o:                          S += eps form (G W W^T + W W^T G),  G = E[r x x^T]
/// and o += 2 eps E[r] for the offset o (c or beta c: beta drops out).
struct Scaling {
  double label = 1;
  double kappa = 1;
  double neurons = 0;
  double weights = 0;
  double shared = 0;
  double form = 0;
};
[[nodiscard]] Scaling scaling(const Problem& problem, Index neurons, const Options& options);

[[nodiscard]] StepSizes step_sizes(const Options& options, Regime regime);

/// Where successive halving compares step sizes: before step number `step` the runs go on as if they had only
/// `end` steps, so that the end of the schedule begins (StepSizes::end_begins); the best step size and the
/// `smaller` next smaller ones survive.
struct Rung {
  std::int64_t step = 0;
  std::int64_t end = 0;
  std::ptrdiff_t smaller = 0;
  bool decided = false;
};
/// The rungs of a search, increasing; docs/theory/train.md says why these.
[[nodiscard]] std::vector<Rung> rungs(const Options& options, Regime regime);

/// The samples of a step: draw_samples, with label noise.
template <class Real>
void draw_batch(const Problem& problem, double label_noise, const RandomAddress& address, MatrixOf<Real>& X,
                VectorOf<Real>& y) {
  draw_samples<Real>(problem, address, X, y);
  add_label_noise<Real>(label_noise, address, y);
}

/// W of NN before training.
[[nodiscard]] Matrix initial_weights(const Problem& problem, Index neurons, const Options& options);
/// The free second layer of NN before training, a_i ~ N(0, 1). Neuron i depends on (seed, draw, i) only.
[[nodiscard]] Vector initial_second_layer(Index neurons, const Options& options);
/// W of NT.
[[nodiscard]] Matrix frozen_weights(const Problem& problem, Index neurons, const Options& options);
/// A d x d matrix L with L L^T = W W^T (W = L Q, Q with orthonormal rows), for N > d.
[[nodiscard]] Matrix lq_factor(const Matrix& W);
/// Whether the options ask for, and N > d allows, the training of L.
[[nodiscard]] bool uses_lq(const Problem& problem, Index neurons, const Options& options);

}  // namespace lazygap::train
