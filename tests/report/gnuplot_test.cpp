#include "lazygap/report/gnuplot.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;
using End = GnuplotRun::End;
using std::chrono::milliseconds;

/// Shell scripts in place of gnuplot.
class Gnuplot : public testing::Test {
 protected:
  Gnuplot() {
    std::string pattern = (fs::temp_directory_path() / "lazygap-gnuplot-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = std::getenv("PATH");
    ::setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);
  }
  ~Gnuplot() override {
    ::setenv("PATH", path_.c_str(), 1);
    fs::remove_all(folder_);
  }

  void install(const std::string& text, fs::perms permissions = fs::perms::owner_all) {
    fs::remove_all(folder_ / "gnuplot");
    std::ofstream(folder_ / "gnuplot") << text;
    fs::permissions(folder_ / "gnuplot", permissions);
  }
  GnuplotRun run(const std::string& script, milliseconds limit = kGnuplotTimeLimit) {
    install("#!/bin/sh\n" + script + "\n");
    return run_gnuplot({"one", "two words"}, folder_, limit);
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(Gnuplot, RunsInItsFolderWithItsArguments) {
  const GnuplotRun answer = run("pwd; echo \"$2\" >&2; cat");
  EXPECT_EQ(answer.end, End::done);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(answer.said, fs::canonical(folder_).string() + "\ntwo words\n");
}

TEST_F(Gnuplot, SeesACleanEnvironmentAndDefaultSignals) {
  ::setenv("GNUTERM", "x11", 1);
  ::setenv("LC_ALL", "de_DE.UTF-8", 1);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  const GnuplotRun answer = run("export -p; kill -PIPE $$; echo still here");
  std::signal(SIGPIPE, handler);
  ::unsetenv("GNUTERM");
  ::unsetenv("LC_ALL");
  EXPECT_EQ(answer.said.find("GNUTERM"), std::string::npos) << answer.said;
  EXPECT_NE(answer.said.find("LC_ALL='C.UTF-8'"), std::string::npos) << answer.said;
  EXPECT_NE(answer.said.find(folder_.string()), std::string::npos) << "PATH";
  EXPECT_EQ(answer.problem, "gnuplot was ended by signal 13 (Broken pipe)");
}

TEST_F(Gnuplot, EveryWayToFailHasItsWords) {
  EXPECT_EQ(run("exit 3").problem, "gnuplot ended with 3: it said nothing");
  EXPECT_EQ(run("echo; echo why >&2; echo more; exit 1").problem, "gnuplot ended with 1: why");
  EXPECT_EQ(run("echo plot; echo '     ^'; echo '\"a.gp\" line 1: bad'; exit 1").problem,
            "gnuplot ended with 1: \"a.gp\" line 1: bad");
  EXPECT_EQ(run("printf '\\033[31mred\\n'; exit 1").problem, "gnuplot ended with 1: \\x1b[31mred");
  EXPECT_EQ(run("kill -9 $$").problem, "gnuplot was ended by signal 9 (Killed)");
  EXPECT_EQ(run("exit 3").end, End::failed);
  install("#!/no/such/shell\n");
  EXPECT_EQ(run_gnuplot({}, folder_).problem,
            (folder_ / "gnuplot").string() + " cannot be started: No such file or directory");
  install("neither a script nor a program");
  EXPECT_EQ(run_gnuplot({}, folder_).problem,
            (folder_ / "gnuplot").string() + " cannot be started: Exec format error");
  EXPECT_EQ(run_gnuplot({}, folder_).end, End::absent);
}

TEST_F(Gnuplot, TellsNotExecutableFromNotThere) {
  ::setenv("PATH", folder_.c_str(), 1);
  EXPECT_EQ(run_gnuplot({}, folder_).problem, "gnuplot is not in PATH");
  EXPECT_EQ(run_gnuplot({}, folder_).end, End::absent);
  install("#!/bin/sh\n", fs::perms::owner_read);
  EXPECT_EQ(run_gnuplot({}, folder_).problem, (folder_ / "gnuplot").string() + " is not executable");
  fs::remove(folder_ / "gnuplot");
  fs::create_directory(folder_ / "gnuplot");
  EXPECT_EQ(run_gnuplot({}, folder_).problem, (folder_ / "gnuplot").string() + " is not executable");
  // The next one in PATH serves.
  fs::create_directory(folder_ / "bin");
  std::ofstream(folder_ / "bin" / "gnuplot") << "#!/bin/sh\n";
  fs::permissions(folder_ / "bin" / "gnuplot", fs::perms::owner_all);
  ::setenv("PATH", (folder_.string() + ":" + (folder_ / "bin").string()).c_str(), 1);
  EXPECT_EQ(run_gnuplot({}, folder_).end, End::done);
  // Not what happens to lie in the current folder.
  ::setenv("PATH", "::", 1);
  EXPECT_EQ(run_gnuplot({}, folder_).problem, "gnuplot is not in PATH");
  ::unsetenv("PATH");
  EXPECT_EQ(run_gnuplot({}, folder_).problem, "gnuplot is not in PATH");
}

/// Whether the process ends within some seconds: it has been killed already, but the system may be busy.
/// Where nobody asks for its exit code it stays in the table of processes, marked Z.
bool disappears(int process) {
  for (int i = 0; i < 500; ++i) {
    std::ifstream stream("/proc/" + std::to_string(process) + "/stat");
    std::string number, name, state;
    if (!(stream >> number >> name >> state) || state == "Z") return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

TEST_F(Gnuplot, IsKilledWithAllItHasStartedWhenTheTimeIsUp) {
  // A grandchild that keeps the pipe open and ignores milder signals.
  const GnuplotRun answer = run("trap '' TERM; sleep 100 & echo $!; sleep 100", milliseconds(300));
  EXPECT_EQ(answer.end, End::failed);
  EXPECT_EQ(answer.problem, "gnuplot took longer than 0.3 s");
  EXPECT_TRUE(disappears(std::stoi(answer.said)));
}

TEST_F(Gnuplot, DoesNotWaitForWhatItLeavesBehind) {
  const GnuplotRun answer = run("sleep 100 & echo $!; exit 0", milliseconds(5000));
  EXPECT_EQ(answer.end, End::done);
  EXPECT_TRUE(disappears(std::stoi(answer.said)));
}

TEST_F(Gnuplot, StopsWhenToldTo) {
  install("#!/bin/sh\nsleep 100\n");
  const GnuplotRun answer = run_gnuplot({}, folder_, kGnuplotTimeLimit, [] { return true; });
  EXPECT_EQ(answer.end, End::stopped);
  EXPECT_EQ(answer.problem, "gnuplot was stopped");
}

TEST_F(Gnuplot, EndlessTalkCostsNoMemory) {
  const GnuplotRun answer = run("yes", milliseconds(200));
  EXPECT_EQ(answer.problem, "gnuplot took longer than 0.2 s");
  EXPECT_EQ(answer.said.size(), 4096u);
}

TEST_F(Gnuplot, HasAVersion) {
  install("#!/bin/sh\necho 'gnuplot 9.9'; echo more\n");
  EXPECT_EQ(gnuplot_version(), "gnuplot 9.9");
  install("#!/bin/sh\nexit 1\n");
  EXPECT_EQ(gnuplot_version(), "");
}

TEST_F(Gnuplot, WorksWhereTheProgramIgnoresItsChildren) {
  const auto handler = std::signal(SIGCHLD, SIG_IGN);
  const GnuplotRun answer = run("echo done");
  std::signal(SIGCHLD, handler);
  EXPECT_EQ(answer.end, End::done);
}

}  // namespace
}  // namespace lazygap::report
