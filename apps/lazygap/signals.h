#pragma once

#include <functional>

namespace lazygap::app {

/// Handles INT, TERM, HUP, USR1, USR2 and XCPU from now on: the function returned tells whether one of them
/// has come, which asks the program to save its work and end. Further ones within two seconds belong to the
/// same request, because wrappers send on what the terminal has sent already. Later ones do what they do by
/// default and end the program at once; but not XCPU, which the system repeats every second. A signal that
/// the program was started to ignore (nohup) stays ignored.
[[nodiscard]] std::function<bool()> stop_on_signals();

/// The number of the signal that came first; 0 where none has come. The exit code is then 128 + this.
[[nodiscard]] int signal_received();

}  // namespace lazygap::app
