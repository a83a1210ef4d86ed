#pragma once

namespace lazygap::app {

// Scripts depend on these.
inline constexpr int exit_ok = 0;
inline constexpr int exit_unexpected = 1;  ///< an error that nobody foresaw
inline constexpr int exit_usage = 2;       ///< command line or plan
inline constexpr int exit_incomplete =
    3;  ///< some points failed, diverged at every step size or did not converge
inline constexpr int exit_files = 4;
inline constexpr int exit_stopped = 130;  ///< interrupted by a signal, as shells count

}  // namespace lazygap::app
