#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "lazygap/core/status.h"

namespace lazygap::train {

/// One point of a risk curve: after `step` steps, that is `samples` = step x batch fresh samples.
struct Point {
  std::int64_t step = 0;
  double samples = 0;
  double risk = std::numeric_limits<double>::quiet_NaN();  ///< exact population risk, not divided by R0
};

/// What a training run (or the gradient flow) gives. Risks are in the units of the problem, whatever the
/// parameterisation did to the labels, and not divided by R0.
struct Outcome {
  /// Exact population risk at the end; NaN with status ok where the Gaussian moments of sigma are not known
  /// to 1e-6 (a slowly converging series; no second moment), then test_risk is what there is. Points
  /// likewise.
  double risk = std::numeric_limits<double>::quiet_NaN();
  double test_risk = std::numeric_limits<double>::quiet_NaN();  ///< mean on fresh samples; NaN if none
  double test_se = std::numeric_limits<double>::quiet_NaN();    ///< standard error of test_risk
  /// ok; diverged: a batch loss was not finite, four in a row have exploded, or the risk at the end has,
  /// after `steps_done` steps; the risks above stay NaN; eliminated: ended by successive halving after
  /// `steps_done` steps; not_converged: the flow's integrator gave up; none: Hooks::stop (flow:
  /// Control::stop) asked for an end.
  Status status = Status::none;
  std::int64_t steps_done = 0;
  std::string path;  ///< the algebra and precision that ran, for example "LQ, AVX-512 fp32"
  std::vector<Point> trajectory;
};

/// How a run talks to its caller. All are optional; all are called from the thread of the run, every few
/// steps.
struct Hooks {
  std::function<void(std::int64_t step)> progress = {};
  /// Receives the whole state every `save_every`, and once more where `stop` ends the run.
  std::function<void(std::span<const std::byte>)> save = {};
  /// A state `save` has received from a run with the same arguments: the run goes on from there and ends
  /// bitwise as if it had never been interrupted (on the same instruction set). Empty: start anew. Any other
  /// bytes throw UsageError.
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
};

}  // namespace lazygap::train
