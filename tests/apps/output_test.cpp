#include "output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

#include "apps/child.h"
#include "lazygap/core/error.h"
#include "support/message.h"

namespace lazygap::app {
namespace {

using test::in_child;

/// Ways in which a stream cannot be written.
struct Stream {
  const char* name;
  std::function<void(int)> make;  ///< gives it to a descriptor
  const char* cause;              ///< what print() says of it; nothing where it is quiet
};

void put(int from, int to) {
  ::dup2(from, to);
  ::close(from);
}

const Stream kStreams[] = {
    {"full", [](int to) { put(::open("/dev/full", O_WRONLY), to); }, "No space left on device"},
    {"closed", [](int to) { ::close(to); }, "Bad file descriptor"},
    {"read only", [](int to) { put(::open("/dev/null", O_RDONLY), to); }, "Bad file descriptor"},
    {"dead pipe",
     [](int to) {
       int ends[2];
       if (::pipe(ends) != 0) ::_exit(98);
       ::close(ends[0]);
       put(ends[1], to);
     },
     ""},
    {"dead terminal",
     [](int to) {
       const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
       ::grantpt(master);
       ::unlockpt(master);
       const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
       ::close(master);
       put(terminal, to);
     },
     "Input/output error"},
};

TEST(Output, TalkThatCannotBeWrittenChangesNothing) {
  for (const Stream& stream : kStreams) {
    const auto child = in_child([&](int) {
      stream.make(STDERR_FILENO);
      prepare_output();
      say("a line");
      show_status("a status");
      say(std::string(1'000'000, 'x'));
      end_status();
      return 7;
    });
    EXPECT_EQ(child.code, 7) << stream.name;
  }
}

TEST(Output, ResultsThatCannotBeWrittenAreAFileError) {
  for (const Stream& stream : kStreams) {
    const auto child = in_child([&](int pipe) {
      stream.make(STDOUT_FILENO);
      prepare_output();
      const std::string text = lazygap::test::message<FileError>([] {
        print("results\n");
        return 0;
      });
      return ::write(pipe, text.data(), text.size()) > 0 ? 0 : 1;
    });
    const std::string cause = stream.cause;
    EXPECT_EQ(child.out, cause.empty() ? "no error" : "standard output cannot be written: " + cause)
        << stream.name;
    EXPECT_EQ(child.code, 0) << stream.name;
  }
}

TEST(Output, AClosedStreamDoesNotBecomeAFile) {
  const auto child = in_child([](int) {
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
    prepare_output();
    // The store, say.
    const int descriptor = ::open("/dev/null", O_WRONLY);
    return descriptor;
  });
  EXPECT_GT(child.code, STDERR_FILENO);
}

TEST(Output, ResultsAreWrittenWhole) {
  const std::string text(3'000'000, 'r');  // more than a pipe holds
  const auto child = in_child([&](int pipe) {
    put(pipe, STDOUT_FILENO);
    print(text);
    return 0;
  });
  EXPECT_EQ(child.out, text);
  // Also where somebody has made the stream non-blocking.
  const auto other = in_child([&](int pipe) {
    ::fcntl(pipe, F_SETFL, O_NONBLOCK);
    put(pipe, STDOUT_FILENO);
    print(text);
    return 0;
  });
  EXPECT_EQ(other.out, text);
  EXPECT_EQ(other.code, 0);
}

TEST(Output, ALimitOnTheSizeOfFilesIsAFileErrorToo) {
  const auto child = in_child([](int) {
    std::string name = "/tmp/lazygap-output-XXXXXX";
    put(::mkstemp(name.data()), STDOUT_FILENO);
    ::unlink(name.c_str());
    prepare_output();
    const ::rlimit limit{10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      print("more than ten bytes");
    } catch (const FileError&) {
      return 4;
    }
    return 0;
  });
  EXPECT_EQ(child.code, 4);
}

TEST(Output, LinesAreWrittenAboveTheStatus) {
  const auto child = in_child([](int pipe) {
    put(pipe, STDERR_FILENO);
    say("one");
    show_status("10 %");
    show_status("20 %");
    say("two");
    say("three");
    end_status();
    show_status("30 %");
    end_status();
    end_status();
    return 0;
  });
  EXPECT_EQ(child.out, "one\n\r\033[K10 %\r\033[K20 %\r\033[Ktwo\nthree\n\r\033[K30 %\n");
}

}  // namespace
}  // namespace lazygap::app
