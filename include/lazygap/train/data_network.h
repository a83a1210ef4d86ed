#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/control.h"
#include "lazygap/core/status.h"
#include "lazygap/data/data_set.h"
#include "lazygap/train/options.h"

/// The two-layer network (NN) on a data set, by SGD over epochs.
namespace lazygap::train {

/// f(x) = c + (alpha / N) sum_i a_i sigma(<w_i, z> + b_i), z the standardised x, a_i a number for each
/// output. Everything is trained, from w_i ~ N(0, I/d), b_i ~ N(0, tau^2), a_i ~ N(0, 1) and the mean of y,
/// on the mean of (y - f)^2 over a batch; gradients of w_i, b_i, a_i are multiplied by N / alpha^2 (mean
/// field). Inside, y is centred and divided by the root of its mean variance over outputs.
struct DataOptions {
  Activation activation = activation_from_name("relu");
  Index neurons = 100;    ///< N >= 1
  double bias_scale = 1;  ///< tau >= 0
  bool train_biases = true;
  double alpha = 1;       ///< > 0: small is rich, large is lazy
  double momentum = 0.9;  ///< in [0, 1)
  Index batch = 32;       ///< >= 1; a batch has never more samples than the training part
  /// Before it falls; 0: searched for. Step sizes are compared side by side by the validation error, the
  /// worse half is given up after 4, 8, 16 ... epochs; without a validation part by the training loss. One
  /// that was given up goes on after all where every other ends with a worse error or diverges; where the
  /// whole grid has diverged, smaller ones are tried.
  double step_size = 0;
  std::int64_t epochs = 500;  ///< most, >= 1
  /// Epochs without a better validation error after which the best weights so far are taken up again with a
  /// quarter of the step size; after the second fall the run ends with the best weights.
  std::int64_t patience = 30;
  Precision precision = Precision::fp32;  ///< fp32 or fp64
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;
};

/// One epoch of the run that was kept.
struct Epoch {
  std::int64_t number = 0;  ///< from 1
  double step_size = 0;
  double training =
      std::numeric_limits<double>::quiet_NaN();  ///< mean loss of its batches, before their steps
  double validation =
      std::numeric_limits<double>::quiet_NaN();  ///< error after it; NaN without a validation part
};

struct DataNetwork {
  /// ok, diverged (at every step size tried), none (Control::stop has ended the training: the best weights so
  /// far)
  Status status = Status::none;
  Activation activation;
  data::Standardisation standardisation;
  Matrix W;                 ///< d x N
  Vector biases;            ///< N
  Matrix second_layer;      ///< k x N: f(x) = offset + second_layer sigma(W^T z + biases), in the units of y
  Vector offset;            ///< k
  double step_size = 0;     ///< at the start
  std::int64_t epochs = 0;  ///< taken
  std::int64_t best = 0;    ///< the epoch whose weights these are
  std::vector<Epoch> curve;
};

/// Step size 2^-j of the largest stable one, estimated from the features: the grid of the search, increasing.
[[nodiscard]] std::vector<double> data_step_sizes(const data::DataSet& data, data::Rows train,
                                                  const DataOptions& options);

/// Trains on `train`. The samples of an epoch are a permutation at {seed, Purpose::training, draw, epoch},
/// cut into batches. Errors are means of |y - f|^2 over samples, summed over outputs, weighted by the
/// samples' weights, in units of y. Without a validation part all epochs are run and the last weights kept.
/// `start`: goes on from these weights, with its standardisation and epochs counted from its own; step_size
/// is then not searched for where it is 0, but that of `start`. Throws UsageError as data::check_data_set and
/// check_rows (two samples at least), for an option outside its range, and for an activation without a
/// derivative.
[[nodiscard]] DataNetwork train_network(const data::DataSet& data, data::Rows train, data::Rows validation,
                                        const DataOptions& options, const Control& control = {},
                                        const DataNetwork* start = nullptr);

/// f of `rows` of X, k x rows, in fp64. Throws UsageError where X has another number of features.
[[nodiscard]] Matrix predict(const DataNetwork& network, const data::MatrixView& X, data::Rows rows);

}  // namespace lazygap::train
