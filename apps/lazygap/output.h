#pragma once

#include <string_view>

namespace lazygap::app {

/// Results: to standard output, where scripts read them. Throws FileError where they cannot be written, as on
/// a full disk.
void print(std::string_view text);

/// Talk: to standard error, one line.
void say(std::string_view line);

}  // namespace lazygap::app
