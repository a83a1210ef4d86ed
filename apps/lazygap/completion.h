#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>
#include <vector>

/// What is made from the command line itself: completion for shells, and the manual page.
namespace lazygap::app {

inline const std::vector<std::string> kShells{"bash", "zsh", "fish"};

/// The completion script of a shell of kShells: commands, options, words that an option accepts, names of
/// built-in plans, and keys after --set.
[[nodiscard]] std::string completion(const CLI::App& app, std::string_view shell);

/// The manual page lazygap(1), in roff.
[[nodiscard]] std::string manual(const CLI::App& app);

}  // namespace lazygap::app
