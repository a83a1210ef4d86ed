#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

/// What the options of the command line accept, and the sentences that refuse the rest. The sentences of
/// CLI11 repeat an argument as it came, whatever its length and whatever it does to a terminal; these quote
/// it.
namespace lazygap::app {

// Each refuses with "is "VALUE", but must be ...".
[[nodiscard]] CLI::Validator one_of(const std::vector<std::string>& words);
/// A whole number in decimal digits.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);
[[nodiscard]] CLI::Validator positive_number();

/// Why the command line was refused, in a sentence with no line of its own and no control characters.
/// `command`: the innermost command that was recognised.
[[nodiscard]] std::string refusal(const CLI::App& command, const CLI::ParseError& error);

/// A sentence of the library without the function that it names first, "data::make_splits: ", which is of no
/// use on a command line.
[[nodiscard]] std::string without_function(const std::string& sentence);

}  // namespace lazygap::app
