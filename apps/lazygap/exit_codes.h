#pragma once

namespace lazygap::app {

// Scripts depend on these.
inline constexpr int kExitOk = 0;
inline constexpr int kExitUnexpected = 1;  ///< an error that nobody foresaw
inline constexpr int kExitUsage = 2;       ///< command line or plan
inline constexpr int kExitIncomplete =
    3;  ///< some points failed, diverged at every step size or did not converge
inline constexpr int kExitFiles = 4;
inline constexpr int kExitStopped = 130;  ///< interrupted by a signal, as shells count

}  // namespace lazygap::app
