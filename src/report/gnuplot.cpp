#include "lazygap/report/gnuplot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>

#include "lazygap/core/quote.h"

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using End = GnuplotRun::End;

std::string message(int code) { return std::generic_category().message(code); }

/// The program, or why there is none.
struct Program {
  fs::path path;
  std::string problem;
};

Program find_gnuplot() {
  const char* variable = std::getenv("PATH");
  std::string_view folders = variable == nullptr ? "" : variable;
  std::string problem = "gnuplot is not in PATH";
  while (!folders.empty()) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    folders.remove_prefix(std::min(folder.size() + 1, folders.size()));
    // An empty entry would be the current folder, where anybody may have put anything.
    if (folder.empty()) continue;
    std::error_code error;
    const fs::path path = fs::absolute(fs::path(folder) / "gnuplot", error);
    struct stat status {};
    if (error || ::stat(path.c_str(), &status) != 0) continue;
    if (S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0) return {.path = path};
    problem = fmt::format("{} is not executable", printable(path.string()));
  }
  return {.problem = problem};
}

std::vector<std::string> clean_environment() {
  std::vector<std::string> environment{"LC_ALL=C.UTF-8"};
  for (const char* name : {"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LD_LIBRARY_PATH"})
    if (const char* value = std::getenv(name); value != nullptr)
      environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

/// What a child is started with.
class SpawnSettings {
 public:
  SpawnSettings(const fs::path& folder, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, 1);
    posix_spawn_file_actions_adddup2(&actions_, output, 2);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    posix_spawnattr_init(&attributes_);
    // Signals that this program ignores or blocks would be so in the child, too.
    ::sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                              POSIX_SPAWN_SETPGROUP));
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  /// 0, or why the child was not started.
  int spawn(::pid_t& child, const fs::path& program, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), program.string());
    std::vector<std::string> environment = clean_environment();
    return ::posix_spawn(&child, program.c_str(), &actions_, &attributes_, pointers(arguments).data(),
                         pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

class Pipe {
 public:
  Pipe() {
    // Only our end does not block: the child does not expect it of its own.
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0 || ::fcntl(ends_[0], F_SETFL, O_NONBLOCK) != 0) error_ = errno;
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] int write_end() const { return ends_[1]; }
  void close_write_end() { close_end(1); }

  /// Waits for output up to `wait` and appends it to `said`, of which the beginning is kept.
  void read(std::string& said, std::chrono::milliseconds wait) {
    constexpr std::size_t kMost = 4096;
    ::pollfd poll{.fd = ends_[0], .events = POLLIN, .revents = 0};
    if (at_end_) poll.fd = -1;  // waits only
    ::poll(&poll, 1, static_cast<int>(wait.count()));
    std::array<char, kMost> bytes{};
    while (!at_end_) {
      const ::ssize_t count = ::read(ends_[0], bytes.data(), bytes.size());
      if (count < 0) return;
      at_end_ = count == 0;
      said.append(bytes.data(), std::min(static_cast<std::size_t>(count), kMost - said.size()));
      if (static_cast<std::size_t>(count) < bytes.size()) return;
    }
  }

 private:
  void close_end(std::size_t which) {
    if (ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

  std::array<int, 2> ends_{-1, -1};
  int error_ = 0;
  bool at_end_ = false;
};

/// The line of gnuplot's messages that says what went wrong: it shows the command before, and begins with
/// `"FILE" line N:`.
std::string telling_line(std::string_view said) {
  constexpr std::size_t kMost = 200;
  std::string_view first;
  while (!said.empty()) {
    const std::string_view line = said.substr(0, said.find('\n'));
    said.remove_prefix(std::min(line.size() + 1, said.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (line.starts_with('"')) return printable(line.substr(0, kMost));
    if (first.empty()) first = line.substr(0, kMost);
  }
  return first.empty() ? "it said nothing" : printable(first);
}

/// From the status that waitpid gave; empty where it was not to be had, because the program ignores SIGCHLD.
GnuplotRun ended(std::optional<int> status, std::string said) {
  if (!status || (WIFEXITED(*status) && WEXITSTATUS(*status) == 0))
    return {.end = End::done, .said = std::move(said)};
  std::string problem = WIFSIGNALED(*status) ? fmt::format("gnuplot was ended by signal {} ({})",
                                                           WTERMSIG(*status), ::strsignal(WTERMSIG(*status)))
                                             : fmt::format("gnuplot ended with {}: {}", WEXITSTATUS(*status),
                                                           telling_line(said));
  return {.end = End::failed, .problem = std::move(problem), .said = std::move(said)};
}

/// Ends the child, if it still runs, and all that it has started; its status.
std::optional<int> kill_and_reap(::pid_t child) {
  ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return {};
  return status;
}

}  // namespace

GnuplotRun run_gnuplot(std::vector<std::string> arguments, const fs::path& folder,
                       std::chrono::milliseconds time_limit, const std::function<bool()>& stop) {
  const Program program = find_gnuplot();
  if (program.path.empty()) return {.end = End::absent, .problem = program.problem};
  Pipe pipe;
  if (pipe.error() != 0)
    return {.end = End::failed, .problem = "gnuplot cannot be started: " + message(pipe.error())};
  ::pid_t child = 0;
  const int code = SpawnSettings(folder, pipe.write_end()).spawn(child, program.path, std::move(arguments));
  if (code != 0)
    return {
        .end = End::absent,
        .problem = fmt::format("{} cannot be started: {}", printable(program.path.string()), message(code))};
  pipe.close_write_end();

  constexpr std::chrono::milliseconds kPoll{10};
  const Clock::time_point end = Clock::now() + time_limit;
  GnuplotRun run;
  while (true) {
    pipe.read(run.said, kPoll);
    // Looked at first and reaped last: until then its number, that of the group, belongs to nobody else.
    ::siginfo_t info{};
    const int found = ::waitid(P_PID, static_cast<::id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT);
    if (found < 0 && errno != EINTR) return ended({}, std::move(run.said));
    if (found == 0 && info.si_pid == child) break;
    const bool late = Clock::now() >= end;
    if (!late && !(stop && stop())) continue;
    kill_and_reap(child);
    run.end = late ? End::failed : End::stopped;
    run.problem = late ? fmt::format("gnuplot took longer than {:g} s",
                                     std::chrono::duration<double>(time_limit).count())
                       : "gnuplot was stopped";
    return run;
  }
  pipe.read(run.said, std::chrono::milliseconds(0));
  return ended(kill_and_reap(child), std::move(run.said));
}

std::string gnuplot_version() {
  const GnuplotRun run = run_gnuplot({"--version"}, "/");
  return run.end == End::done ? printable(run.said.substr(0, run.said.find('\n'))) : "";
}

}  // namespace lazygap::report
