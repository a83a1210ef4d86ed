#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "lazygap/network/mechanism.h"
#include "lazygap/network/regime.h"
#include "lazygap/train/options.h"
#include "train/state.h"

namespace lazygap::train {

/// What the mechanism is observed at: W or its factor L with L L^T = W W^T, and the biases.
struct FirstLayer {
  Matrix W;
  Vector b = {};
};

/// Looks at the first layer of one run at its recorded steps (Options::mechanism). It only reads: no number
/// of the run depends on it.
class MechanismRecorder {
 public:
  /// `records`: the recorded steps of the run; every `stride`-th of them is looked at, and the last one.
  MechanismRecorder(Regime regime, const Problem& problem, const Options& options, const FirstLayer& start,
                    std::size_t records, std::size_t stride);

  /// Record number `place` of the run, at `step`; `now` gives the first layer, where it is needed.
  void record(std::size_t place, std::int64_t step, const std::function<FirstLayer()>& now);
  /// The run has come to its end.
  void finish(const FirstLayer& end) { mechanism_.after = observer_.heat_map(end.W); }
  [[nodiscard]] const Mechanism& mechanism() const { return mechanism_; }

  void save(StateWriter& state) const;
  void load(StateReader& state);

 private:
  MechanismObserver observer_;
  bool moves_;
  Index batch_;
  std::size_t records_, stride_;
  Mechanism mechanism_;
};

/// The stride at which looks at the first layer of SGD cost at most about a 25th of its steps.
[[nodiscard]] std::size_t mechanism_stride(Regime regime, const Problem& problem, Index neurons,
                                           const Options& options, std::size_t records);

}  // namespace lazygap::train
