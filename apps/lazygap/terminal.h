#pragma once

#include <functional>

#include "lazygap/schedule/run.h"

namespace lazygap::app {

/// Shows the progress of a run on standard error: a bar with the time passed and the time left, cut to the
/// width of the terminal, where it is one; plain lines, at most one in five seconds, where it is not.
/// Messages are lines of their own, and all that is shown where `quiet`. The function never throws, whatever
/// standard error is.
[[nodiscard]] std::function<void(const schedule::Progress&)> progress_on_stderr(bool quiet = false);

}  // namespace lazygap::app
