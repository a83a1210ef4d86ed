#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "lazygap/core/answer.h"
#include "lazygap/core/matrix.h"
#include "lazygap/core/status.h"
#include "lazygap/network/parameterisation.h"
#include "lazygap/network/schedule.h"

namespace lazygap::dynamics {

/// What the mean risk of one-pass SGD depends on; the meanings are those of train::Options.
struct Options {
  Parameterisation parameterisation = Parameterisation::mean_field;
  Schedule schedule = Schedule::tail_drop;
  std::int64_t steps = 200000;  ///< > 0
  Index batch = 100;            ///< > 0, samples of one step
  double step_size = 0.01;      ///< > 0, before the schedule
  double label_noise = 0;       ///< >= 0, standard deviation of the noise of the labels
  std::int64_t records = 100;   ///< >= 2, points of the curve, the start and the end among them
  double alpha = 1;             ///< NN: > 0, mean_field
  SecondLayer second_layer = SecondLayer::shared;  ///< NN: shared or fixed; unit: fixed
  double second_layer_value = 1;                   ///< NN: fixed: the value of a, not 0
};

/// One point of a curve: after `step` steps, that is `samples` = step x batch fresh samples, the mean risk over the
/// samples of SGD; not divided by R0, label noise not counted.
using Point = CurvePoint;

/// The mean risk along a run. Its status is
///   ok        the run came to its end
///   diverged  the mean risk exploded after `steps_done` steps, and `risk` stays NaN. Single runs may go on
///             all the same, because the law of the risk is heavy-tailed then
///   none      Control::stop asked for an end
struct Curve {
  Status status = Status::none;
  double risk = std::numeric_limits<double>::quiet_NaN();  ///< at the end
  std::int64_t steps_done = 0;
  std::vector<Point> points;
};

}  // namespace lazygap::dynamics
