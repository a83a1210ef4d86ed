#pragma once

#include <string>
#include <string_view>

/// Text that others have written, as a part of a message. A message is shown in a terminal, so nothing in it
/// may be a command to the terminal or pretend to be another line.
namespace lazygap {

/// `text` with everything escaped that is not printable: `\n`, `\r` and `\t`, other control characters and
/// bytes that are not UTF-8 as `\x1b`, invisible and direction-changing characters of Unicode as `\u202e`,
/// and the backslash itself as `\\`. For names of files, which have to be whole.
[[nodiscard]] std::string printable(std::string_view text);

/// `text` as in printable(), in double quotes (a quote inside is `\"`), and at most 40 characters of it: an
/// ellipsis stands for the rest.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace lazygap
