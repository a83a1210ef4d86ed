#include "terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "apps/child.h"
#include "output.h"

namespace lazygap::app {
namespace {

using schedule::Progress;
using test::in_child;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// What `show` writes to a terminal of this width.
std::string on_terminal(std::uint16_t width, const std::function<void()>& show, const char* kind = "xterm") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  ::grantpt(master);
  ::unlockpt(master);
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
  const ::winsize size{.ws_row = 24, .ws_col = width, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(terminal, TIOCSWINSZ, &size);
  ::termios settings{};
  ::tcgetattr(terminal, &settings);
  ::cfmakeraw(&settings);
  ::tcsetattr(terminal, TCSANOW, &settings);
  const auto child = in_child([&](int) {
    ::dup2(terminal, STDERR_FILENO);
    ::setenv("TERM", kind, 1);
    show();
    return 0;
  });
  EXPECT_EQ(child.code, 0);
  // Once nobody has the terminal open any more, reading ends with an error after the last byte.
  ::close(terminal);
  std::string text;
  char bytes[4096];
  for (::ssize_t count; (count = ::read(master, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(count));
  ::close(master);
  return text;
}

/// What `show` writes to a pipe.
std::string on_pipe(const std::function<void()>& show) {
  return in_child([&](int pipe) {
           ::dup2(pipe, STDERR_FILENO);
           show();
           return 0;
         })
      .out;
}

Progress progress(std::size_t done, double remaining = 75, std::string message = {}) {
  return {.done = done,
          .total = 10,
          .failed = 0,
          .fraction = static_cast<double>(done) / 10,
          .elapsed_seconds = 12.3,
          .remaining_seconds = remaining,
          .message = std::move(message)};
}

TEST(Terminal, ShowsABarWithTheTimePassedAndLeft) {
  const std::string text = on_terminal(100, [] {
    const auto show = progress_on_stderr();
    show(progress(5));
    show(progress(5, kNan));
    show(progress(10));
  });
  EXPECT_EQ(text,
            "\r\033[K[###############...............] 5 of 10 cells, 13 s, 1:15 min left"
            "\r\033[K[###############...............] 5 of 10 cells, 13 s"
            "\r\033[K[##############################] 10 of 10 cells, 13 s\n");
}

TEST(Terminal, SaysItsEndOnce) {
  const auto show = [] {
    const auto report = progress_on_stderr();
    report(progress(10));
    report(progress(10));
    report(progress(10, kNan, "the last message"));
  };
  EXPECT_EQ(on_pipe(show), "10 of 10 cells, 13 s\nthe last message\n");
  EXPECT_EQ(on_terminal(100, show),
            "\r\033[K[##############################] 10 of 10 cells, 13 s\nthe last message\n");
}

TEST(Terminal, CutsTheBarToItsWidth) {
  constexpr std::size_t kWhole = 67;  // bar and text
  for (const std::uint16_t width : std::vector<std::uint16_t>{1, 2, 10, 39, 40, 44, 45, 50, 60, 67, 68, 80}) {
    const std::string text = on_terminal(width, [] { progress_on_stderr()(progress(5)); });
    const std::string line = text.substr(std::string("\r\033[K").size());
    EXPECT_LT(line.size(), width) << line;
    if (width < 45) continue;  // text alone
    EXPECT_EQ(line.size(), std::min<std::size_t>(width - 1U, kWhole)) << line;
  }
  // A terminal that does not know its width.
  EXPECT_NE(on_terminal(0, [] { progress_on_stderr()(progress(5)); }).find("1:15 min left"),
            std::string::npos);
}

TEST(Terminal, MessagesStandAboveTheBar) {
  const std::string text = on_terminal(50, [] {
    const auto show = progress_on_stderr();
    show(progress(1, kNan));
    show(progress(2, kNan, "a cell failed"));
  });
  EXPECT_NE(text.find("13 s\r\033[Ka cell failed\n\r\033[K["), std::string::npos) << text;
}

TEST(Terminal, WritesPlainLinesElsewhere) {
  const auto show = [] {
    const auto report = progress_on_stderr();
    report(progress(1));
    report(progress(2, kNan, "a cell failed"));
    report(progress(10));
  };
  const std::string lines = "a cell failed\n10 of 10 cells, 13 s\n";
  EXPECT_EQ(on_pipe(show), lines);
  EXPECT_EQ(on_terminal(80, show, "dumb"), lines);
}

TEST(Terminal, QuietShowsMessagesOnly) {
  const auto show = [] {
    const auto report = progress_on_stderr(true);
    report(progress(2, kNan, "a cell failed"));
    report(progress(10));
  };
  EXPECT_EQ(on_pipe(show), "a cell failed\n");
  EXPECT_EQ(on_terminal(80, show), "a cell failed\n");
}

TEST(Terminal, NumbersThatMakeNoSenseAreShownAsSuch) {
  const std::string text = on_terminal(100, [] {
    Progress odd = progress(1, 1e300);
    odd.fraction = kNan;
    odd.elapsed_seconds = -1;
    progress_on_stderr()(odd);
    odd.fraction = 1e300;
    odd.failed = 2;
    odd.remaining_seconds = 86400;
    progress_on_stderr()(odd);
  });
  EXPECT_EQ(text,
            "\r\033[K[..............................] 1 of 10 cells, ?, ? left"
            "\r\033[K[##############################] 1 of 10 cells, 2 failed, ?, 24:00 h left");
}

TEST(Terminal, ColoursErrorsAndHeadingsUnlessNoColorIsSet) {
  const auto show = [](const char* no_color) {
    return [no_color] {
      no_color == nullptr ? ::unsetenv("NO_COLOR") : ::setenv("NO_COLOR", no_color, 1);
      say(painted(STDERR_FILENO, Paint::error, "lazygap:") + " wrong");
      say(with_heading(STDERR_FILENO, "regime  N\nNN      5"));
    };
  };
  const std::string plain = "lazygap: wrong\nregime  N\nNN      5\n";
  const std::string coloured = "\033[1;31mlazygap:\033[0m wrong\n\033[1mregime  N\033[0m\nNN      5\n";
  EXPECT_EQ(on_terminal(80, show(nullptr)), coloured);
  EXPECT_EQ(on_terminal(80, show("")), coloured) << "no-color.org: only where it is not empty";
  EXPECT_EQ(on_terminal(80, show("1")), plain);
  EXPECT_EQ(on_terminal(80, show(nullptr), "dumb"), plain);
  EXPECT_EQ(on_pipe(show(nullptr)), plain);
}

TEST(Terminal, NeverThrows) {
  for (const char* file : {"/dev/full", "/dev/null"})
    EXPECT_EQ(in_child([&](int) {
                ::close(STDERR_FILENO);
                ::open(file, O_WRONLY);
                const auto report = progress_on_stderr();
                report(progress(1, kNan, "a message"));
                report(progress(10));
                return 7;
              }).code,
              7);
}

}  // namespace
}  // namespace lazygap::app
