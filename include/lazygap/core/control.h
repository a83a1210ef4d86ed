#pragma once

#include <functional>

namespace lazygap {

/// How a long computation talks to its caller. The functions are optional, and are called from the thread of
/// the computation.
struct Control {
  std::function<void(double fraction)> progress = {};  ///< part of the work that is done, 0 to 1
  std::function<bool()> stop = {};                     ///< true: end now, without a result
  /// Threads that the computation may use, its own among them. The numbers do not depend on how many there
  /// are.
  int threads = 1;
};

}  // namespace lazygap
