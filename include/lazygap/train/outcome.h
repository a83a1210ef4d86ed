#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "lazygap/core/answer.h"
#include "lazygap/core/status.h"
#include "lazygap/network/mechanism.h"
#include "lazygap/network/weights.h"

namespace lazygap::train {

/// One point of a risk curve: after `step` steps, that is `samples` = step x batch fresh samples, the exact
/// population risk, not divided by R0.
using Point = CurvePoint;

/// What a training run (or the gradient flow) gives. Risks are in the units of the problem, whatever the
/// parameterisation did to the labels, and not divided by R0.
struct Outcome {
  /// Exact population risk at the end. It is NaN with status ok where the Gaussian moments of sigma are not
  /// known to 1e-6, because their series converges slowly or because they do not exist; test_risk is the only
  /// risk then. The same holds for the points of the trajectory.
  double risk = std::numeric_limits<double>::quiet_NaN();
  double test_risk = std::numeric_limits<double>::quiet_NaN();  ///< mean on fresh samples; NaN if none
  double test_se = std::numeric_limits<double>::quiet_NaN();    ///< standard error of test_risk
  /// How the run ended, after `steps_done` steps:
  ///   ok             with the last step
  ///   diverged       a batch loss was not finite, four batch losses in a row exploded, or the risk at the
  ///                  end did; the risks above stay NaN
  ///   eliminated     successive halving ended it
  ///   not_converged  the integrator of the flow gave up
  ///   none           Hooks::stop (flow: Control::stop) asked for an end
  Status status = Status::none;
  std::int64_t steps_done = 0;
  std::string path;  ///< the algebra and precision that ran, for example "LQ, AVX-512 fp32"
  std::vector<Point> trajectory;
  /// The trained network where Options::keep_weights asks for it and status is ok, else empty. Its population
  /// risk is `risk`, up to rounding.
  /// Where the network of the start is subtracted (Options::subtract_start), its neurons are there, too,
  /// behind those that were trained.
  Weights weights;
  /// Where Options::mechanism asks for it. There are fewer points than in the trajectory where they would
  /// cost more than about a 25th of the steps. W of NT does not move: its points are all alike.
  Mechanism mechanism;
};

/// How a run talks to its caller. All are optional; all are called from the thread of the run, every few
/// steps.
struct Hooks {
  std::function<void(std::int64_t step)> progress = {};
  /// Receives the whole state every `save_every`, and once more where `stop` ends the run.
  std::function<void(std::span<const std::byte>)> save = {};
  /// A state that `save` has received from a run with the same arguments. The run goes on from there, and on
  /// the same instruction set it ends bitwise as if it had never been interrupted. Empty: the run starts
  /// anew. Any other bytes throw UsageError.
  std::span<const std::byte> resume = {};
  std::chrono::seconds save_every{30};
  std::function<bool()> stop = {};
};

/// The same for networks that are trained together; `i` is the place of a network among them.
struct GroupHooks {
  std::function<void(double fraction)> progress = {};  ///< part of the steps that is done, 0 to 1
  std::function<void(std::size_t i, std::span<const std::byte>)> save = {};
  /// As soon as a network has come to its end, whatever the reason.
  std::function<void(std::size_t i, const Outcome&)> finished = {};
  std::vector<std::span<const std::byte>> resume = {};  ///< one for each network, or none at all
  std::chrono::seconds save_every{30};
  std::function<bool()> stop = {};
  int threads = 1;  ///< as Control::threads
};

}  // namespace lazygap::train
