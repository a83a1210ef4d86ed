#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lazygap::report {

/// How a run of gnuplot ended.
struct GnuplotRun {
  enum class End {
    done,     ///< exit code 0; says nothing of the files it was to write
    absent,   ///< there is no gnuplot that could be started
    failed,   ///< another exit code, a signal, or longer than the time limit
    stopped,  ///< by `stop`
  };
  End end = End::done;
  std::string problem;  ///< "gnuplot took longer than 60 s": empty where done
  std::string said;     ///< the beginning of its output and messages, at most 4096 bytes, as they came
};

constexpr std::chrono::seconds kGnuplotTimeLimit{60};

/// Runs gnuplot, found in PATH, in `folder` with `arguments`, and waits for it. Of the environment it sees
/// PATH, HOME, TMPDIR, XDG_CACHE_HOME and LD_LIBRARY_PATH only, and the locale C.UTF-8: GNUTERM and the like
/// would change the pictures. It runs in a process group of its own with the default signal handling, and the
/// group is killed after `time_limit` or once `stop`, which is polled, gives true. Throws nothing.
[[nodiscard]] GnuplotRun run_gnuplot(std::vector<std::string> arguments, const std::filesystem::path& folder,
                                     std::chrono::milliseconds time_limit = kGnuplotTimeLimit,
                                     const std::function<bool()>& stop = {});

/// First line of `gnuplot --version`; empty where gnuplot does not say it.
[[nodiscard]] std::string gnuplot_version();

}  // namespace lazygap::report
