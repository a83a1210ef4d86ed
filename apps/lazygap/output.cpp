#include "output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lazygap/core/error.h"

namespace lazygap::app {

void print(std::string_view text) {
  // Flushed at once: an error must be noticed before the program says that all went well.
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw FileError(fmt::format("standard output cannot be written: {}", std::strerror(errno)));
}

void say(std::string_view line) { fmt::print(stderr, "{}\n", line); }

}  // namespace lazygap::app
