#pragma once

#include <cstdint>
#include <string_view>

#include "lazygap/core/matrix.h"

namespace lazygap::train {

/// How f depends on the trained numbers; results depend on it.
///   unit        [GMMM19, sec. 2.3]   f(x) = a sum_i <w_i,x>^2 + c, a = +1 or -1 fixed
///   mean_field  (companion code)     f(x) = (alpha a / N) sum_i sigma(<w_i,x>) + beta c
/// NT: f(x) = c + (alpha / N) sum_i sigma'(<w_i,x>) <a_i,x>, a = 0 at the start, in both.
enum class Parameterisation { unit, mean_field };

/// The second layer of NN: fixed, or one shared scalar trained from 0 (mean_field only).
enum class SecondLayer { fixed, shared };

/// Step size along the run, as fractions of the number of steps.
///   constant   the paper's text
///   tail_drop  the companion code's: 1/10 in the last 30k/200k and 1/15 in the last 15k/200k of the steps for
///              NN, 20k/200k and 10k/200k for NT
enum class Schedule { constant, tail_drop };

enum class Precision { fp32, fp64 };

/// Which algebra carries out the step; `automatic` takes the fastest that applies, all give the same
/// trajectory up to rounding.
enum class Reduction { automatic, none };

struct Options {
  std::int64_t steps = 200000;          ///< > 0
  Index batch = 100;                    ///< > 0
  double step_size = 0.01;              ///< > 0
  Parameterisation parameterisation = Parameterisation::mean_field;
  SecondLayer second_layer = SecondLayer::shared;
  double second_layer_value = 1;        ///< fixed: the value of a
  double alpha = 1;                     ///< > 0, mean_field
  double beta = 1;                      ///< > 0, mean_field
  Schedule schedule = Schedule::tail_drop;
  Precision precision = Precision::fp32;
  Reduction reduction = Reduction::automatic;
  std::int64_t records = 100;           ///< points of the trajectory
  std::int64_t test_samples = 10000;    ///< fresh samples of the paper's test risk; 0: none
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;
};

}  // namespace lazygap::train
