#include "arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "lazygap/core/quote.h"
#include "lazygap/core/suggestion.h"

namespace lazygap::app {
namespace {

/// Larger limits only fill the lines of a help text.
constexpr std::uint64_t kShownInHelp = 10'000;

std::string must_be(const std::string& value, const std::string& accepted) {
  return fmt::format("is {}, but must be {}", quote(value), accepted);
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// An argument that no option of the command takes.
std::string unknown(const CLI::App& command, const std::vector<std::string>& arguments) {
  const std::string& first = arguments.front();
  const std::string name = first.substr(0, first.find('='));
  const std::string others =
      arguments.size() > 1 ? fmt::format(" (and {} more)", arguments.size() - 1) : std::string();
  if (!first.starts_with('-')) return fmt::format("unexpected argument {}{}", quote(first), others);
  return fmt::format("unknown option {}{}{}", quote(name), others, suggestion(name, option_names(command)));
}

/// The option that a sentence of CLI11 is about: "--jobs: ..." or "Could not convert: --json = ...".
const CLI::Option* option_of(const CLI::App& command, std::string_view sentence) {
  constexpr std::string_view kConversion = "Could not convert: ";
  if (sentence.starts_with(kConversion)) sentence.remove_prefix(kConversion.size());
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    if (sentence.starts_with(name + ":") || sentence.starts_with(name + " =")) return option;
  }
  return nullptr;
}

/// An option with too many values or none.
std::string wrong_count(const CLI::Option& option) {
  const std::size_t given = option.count();
  if (given > 1 && given > static_cast<std::size_t>(option.get_expected_max()))
    return fmt::format("{} is given {} times, but can be given once only", option.get_name(), given);
  return fmt::format("{} needs a value", option.get_name());
}

}  // namespace

CLI::Validator one_of(const std::vector<std::string>& words) {
  return {[words](const std::string& text) {
            if (std::find(words.begin(), words.end(), text) != words.end()) return std::string();
            return must_be(text, fmt::format("one of {}", fmt::join(words, ", ")));
          },
          fmt::format("{{{}}}", fmt::join(words, ","))};
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return {[least, most](std::string& text) {
            std::uint64_t number = 0;
            const char* end = text.data() + text.size();
            const auto [parsed, error] = std::from_chars(text.data(), end, number);
            if (error != std::errc() || parsed != end || number < least || number > most)
              return must_be(text, fmt::format("a whole number from {} to {}", least, most));
            text = fmt::to_string(number);  // CLI11 would read 010 as 8
            return std::string();
          },
          most <= kShownInHelp ? fmt::format("INT in [{} - {}]", least, most) : std::string()};
}

CLI::Validator positive_number() {
  return {[](const std::string& text) {
            double number = 0;
            const char* end = text.data() + text.size();
            const auto [parsed, error] = std::from_chars(text.data(), end, number);
            const bool read = error == std::errc() && parsed == end && std::isfinite(number) && number > 0;
            return read ? std::string() : must_be(text, "a positive finite number");
          },
          "POSITIVE"};
}

std::string refusal(const CLI::App& command, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
    if (const std::vector<std::string> arguments = command.remaining(); !arguments.empty())
      return unknown(command, arguments);
  const std::string sentence = error.what();
  const CLI::Option* option = option_of(command, sentence);
  if (option != nullptr && dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return wrong_count(*option);
  // All other values are read by the checks above.
  if (option != nullptr && dynamic_cast<const CLI::ConversionError*>(&error) != nullptr)
    return fmt::format("{} takes no value, but has {}", option->get_name(),
                       option->results().empty() ? "one" : quote(option->results().back()));
  if (option != nullptr && dynamic_cast<const CLI::ValidationError*>(&error) != nullptr)
    return option->get_name() + sentence.substr(option->get_name().size() + 1);
  return printable(sentence);
}

std::string without_function(const std::string& sentence) {
  const std::size_t end = sentence.find(": ");
  const std::string_view first = std::string_view(sentence).substr(0, end);
  const bool is_function = end != std::string::npos && first.find("::") != std::string_view::npos &&
                           std::all_of(first.begin(), first.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
                           });
  return is_function ? sentence.substr(end + 2) : sentence;
}

}  // namespace lazygap::app
