#pragma once

#include <cstdint>
#include <vector>

#include "lazygap/network/regime.h"
#include "lazygap/network/weights.h"
#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"
#include "network/lq_factor.h"
#include "network/scaling.h"

/// What SGD and the gradient flow share, so that their curves can be laid over one another.
namespace lazygap::train {

/// Throws UsageError, in the name of `function`, unless `neurons` and every option are in range.
void check_options(const char* function, Regime regime, Index neurons, const Options& options);

/// Whether f is c + x^T S x and SGD moves S and c by themselves: sigma(u) = u^2 without biases, momentum or a
/// free second layer.
[[nodiscard]] bool is_quadratic_form(Regime regime, const Options& options);

[[nodiscard]] Scaling scaling(const Problem& problem, Index neurons, const Options& options);

[[nodiscard]] StepSizes step_sizes(const Options& options, Regime regime);

/// A point of a run at which successive halving compares the step sizes. Each run is then tried out: it goes
/// on as if it had `end` steps in all, and goes back (Run::probe). `step` is where such a short run would
/// begin to lower its step size (StepSizes::end_begins). The step size of least risk survives, and so do the
/// next smaller ones.
struct Rung {
  std::int64_t step = 0;       ///< steps taken when the comparison is made
  std::int64_t end = 0;        ///< steps of the short run
  std::ptrdiff_t smaller = 0;  ///< how many of the next smaller step sizes survive beside the best one
  bool decided = false;        ///< the comparison has been made, or cannot be made any more
};
/// The rungs of a search, in the order of their steps. docs/theory/train.md says how they were chosen.
[[nodiscard]] std::vector<Rung> rungs(const Options& options, Regime regime);

/// The samples of a step: draw_samples, with label noise.
template <class Real>
void draw_batch(const Problem& problem, double label_noise, const RandomAddress& address, MatrixOf<Real>& X,
                VectorOf<Real>& y) {
  draw_samples<Real>(problem, address, X, y);
  add_label_noise<Real>(label_noise, address, y);
}

/// Throws UsageError, in the name of `function`, unless Options::initial and overlap_ranks fit the problem.
void check_first_layer_options(const char* function, const Problem& problem, Index neurons,
                               const Options& options);

/// W of NN before training: Options::initial, or its own draw or, where the network of the start is
/// subtracted, that of NT.
[[nodiscard]] Matrix initial_weights(const Problem& problem, Index neurons, const Options& options);
/// The free second layer of NN before training, a_i ~ N(0, 1). Neuron i depends on (seed, draw, i) only.
[[nodiscard]] Vector initial_second_layer(Index neurons, const Options& options);
/// `network` with that of the start beside it, which is subtracted: neurons W, b with the second layer `a`.
[[nodiscard]] Weights with_start(Weights network, const Matrix& W, const Vector& b, const Vector& a);
/// The number a of a shared or fixed second layer before training.
[[nodiscard]] double second_layer_at_start(const Options& options);
/// W of NT.
[[nodiscard]] Matrix frozen_weights(const Problem& problem, Index neurons, const Options& options);
/// Whether the options ask for, and N > d allows, the training of L.
[[nodiscard]] bool uses_lq(const Problem& problem, Index neurons, const Options& options);

}  // namespace lazygap::train
