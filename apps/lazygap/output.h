#pragma once

#include <string>
#include <string_view>

namespace lazygap::app {

/// To be called first. Keeps the numbers of the three standard streams from files that are opened later,
/// where the program was started without some of them (a store must not become standard error), and lets
/// writing to a closed pipe or beyond a limit on the size of files fail instead of killing the program.
void prepare_output();

/// Results: to standard output, where scripts read them. Throws FileError where they cannot be written, as on
/// a full disk. Where the reader has closed the pipe it wants no more: the rest is dropped without a word.
void print(std::string_view text);

/// Talk: to standard error, one line. Nothing happens where it cannot be written: what a program says must
/// not end what it does.
void say(std::string_view line) noexcept;

enum class Paint { error, heading };
/// The text in colour where the stream is a terminal that has some and NO_COLOR is not set; else as it is.
[[nodiscard]] std::string painted(int descriptor, Paint paint, std::string_view text);
/// A table whose first line is its header.
[[nodiscard]] std::string with_heading(int descriptor, const std::string& table);

/// A line of standard error, a terminal, that the next one overwrites. say() writes above it.
void show_status(std::string_view line) noexcept;
/// Leaves the status on the screen and goes to the next line; nothing where there is none.
void end_status() noexcept;

}  // namespace lazygap::app
