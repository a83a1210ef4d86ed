#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace lazygap::app {

// Scripts depend on these.
inline constexpr int kExitOk = 0;
inline constexpr int kExitUnexpected = 1;  ///< an error that nobody foresaw
inline constexpr int kExitUsage = 2;       ///< command line or plan
inline constexpr int kExitIncomplete =
    3;  ///< some points failed, diverged at every step size or did not converge
inline constexpr int kExitFiles = 4;
inline constexpr int kExitStopped = 130;  ///< interrupted by a signal, as shells count

/// For the help and the manual page.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kExitCodes{
    {{"0", "ok"},
     {"1", "unexpected error"},
     {"2", "command line or plan"},
     {"3", "some points failed, diverged or did not converge"},
     {"4", "files and pictures"},
     {"128 + N", "stopped by signal N (INT, TERM, HUP, USR1, USR2, XCPU) after saving"}}};
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kEnvironment{
    {{"NO_COLOR", "set to anything but nothing: no colours on a terminal (https://no-color.org)"},
     {"TERM", "\"dumb\": no colours, and lines instead of a bar of progress"}}};

}  // namespace lazygap::app
