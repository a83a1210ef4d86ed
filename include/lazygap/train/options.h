#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/network/parameterisation.h"
#include "lazygap/network/schedule.h"

namespace lazygap::train {

using lazygap::Parameterisation;
using lazygap::Schedule;
using lazygap::SecondLayer;

/// Arithmetic of the matrix products of a step; all else is fp64.
///   bf16   NN with the quadratic activation without biases, momentum or a free second layer, on processors
///          with AVX512_BF16: bf16 products added up in fp32, W in fp32. The samples are rounded to bf16
///          before their labels are computed (mg: the label is the class)
enum class Precision { fp32, fp64, bf16 };

/// NN with N > d: `automatic` trains the d x d factor of W = L Q where that gives the same trajectory up to
/// rounding (train/sgd.h), `none` W itself. NT has one algebra for each problem.
enum class Reduction { automatic, none };

/// How the best step size of a grid is found: all of them to their end, successive halving (train/sgd.h), or
/// by the mean dynamics before anything is trained, so that a run has one step size (schedule/best.h).
enum class Search { full, halving, predicted };

struct Options {
  Activation activation = Activation::quadratic();
  double bias_scale = 0;      ///< tau >= 0: first-layer biases b_i ~ N(0, tau^2), sigma(<w_i,x> + b_i)
  bool train_biases = false;  ///< NN: biases are trained with W; NT keeps them fixed
  double momentum = 0;        ///< in [0, 1): heavy ball, v = momentum v - gradient, parameters += step size v
  double label_noise = 0;     ///< >= 0, standard deviation of N(0, .) added to the labels of training
  std::int64_t steps = 200000;  ///< > 0
  Index batch = 100;            ///< > 0, samples of one step
  double step_size = 0.01;      ///< > 0, before the schedule
  Parameterisation parameterisation = Parameterisation::mean_field;
  SecondLayer second_layer = SecondLayer::shared;
  double second_layer_value = 1;  ///< fixed: the value of a, not 0
  double alpha = 1;               ///< > 0, mean_field
  double beta = 1;                ///< > 0, mean_field
  /// NN: > 0, factor of the whole network, whose loss is divided by its square [COB19]. NT does not depend on
  /// it.
  double output_scale = 1;
  /// NN: the network of the start is subtracted, and W starts from that of NT: f = output_scale (g -
  /// g_start).
  bool subtract_start = false;
  Schedule schedule = Schedule::tail_drop;
  Precision precision = Precision::fp32;
  Reduction reduction = Reduction::automatic;
  /// >= 2, points of the trajectory, the start and the end among them. Fewer where the exact risk would cost
  /// more than about a quarter of the steps: activations other than the quadratic one, many neurons.
  std::int64_t records = 100;
  std::int64_t test_samples = 10000;  ///< fresh samples of the paper's test risk; 0: none
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;
  /// First layer at the start, d x N or wider, of which the first N columns count; for NT the frozen W. Null:
  /// drawn.
  std::shared_ptr<const Matrix> initial = {};
  bool keep_weights = false;  ///< Outcome::weights
  bool mechanism = false;     ///< Outcome::mechanism (network/mechanism.h)
  std::vector<Index> overlap_ranks =
      {};  ///< k of its overlaps, each from 1 to d; empty: default_overlap_rank
};

}  // namespace lazygap::train
