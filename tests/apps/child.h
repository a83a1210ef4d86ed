#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>

/// Functions of the program, run in a process of their own whose streams may be anything.
namespace lazygap::app::test {

struct Child {
  int code = -1;    ///< exit code, or minus the signal that ended it
  std::string out;  ///< what it wrote to the pipe
};

/// Runs `action` with the write end of a pipe, and reads the pipe to its end. 99: an exception.
inline Child in_child(const std::function<int(int)>& action) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    int code = 99;
    try {
      code = action(ends[1]);
    } catch (...) {
    }
    ::_exit(code);
  }
  ::close(ends[1]);
  Child result;
  char bytes[4096];
  for (::ssize_t count; (count = ::read(ends[0], bytes, sizeof bytes)) > 0 || (count < 0 && errno == EINTR);)
    if (count > 0) result.out.append(bytes, static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return result;
}

}  // namespace lazygap::app::test
