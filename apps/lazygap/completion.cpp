#include "completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "exit_codes.h"
#include "lazygap/plan/plan.h"
#include "work.h"

namespace lazygap::app {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

/// The options of a command with the names that the user types.
struct Flag {
  std::vector<std::string> names;  ///< "-j", "--jobs"
  std::string value;               ///< "N"; empty: it takes none
  std::string description;
  std::vector<std::string> words;  ///< what it accepts, where that is a list
};

/// The words of "TEXT:{laptop,paper}".
std::vector<std::string> words_of(const std::string& type) {
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

Flag flag_of(const CLI::Option& option) {
  Flag flag{.names = {}, .value = {}, .description = option.get_description(), .words = {}};
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  flag.words = words_of(option.get_type_name());
  if (option.get_type_size() != 0)
    flag.value =
        flag.words.empty() ? option.get_type_name().substr(0, option.get_type_name().find(':')) : "WORD";
  return flag;
}

std::vector<Flag> flags_of(const CLI::App& command) {
  std::vector<Flag> flags;
  for (const CLI::Option* option : command.get_options())
    if (option->nonpositional()) flags.push_back(flag_of(*option));
  return flags;
}

std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::string name_of(const CLI::Option& positional) { return positional.get_name(true, false); }

/// The words that may stand first after the command, beside names of files.
std::vector<std::string> first_words(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* below : commands_of(command)) words.push_back(below->get_name());
  const auto positionals = positionals_of(command);
  if (positionals.empty()) return words;
  const std::string name = name_of(*positionals[0]);
  words = words_of(positionals[0]->get_type_name());
  if (name == "FIGURE") words = figures();
  if (name == "FIGURE" || name == "PLAN" || command.get_name() == "plans")
    for (const std::string& plan : plan::built_in_plans()) words.push_back(plan);
  return words;
}

std::vector<std::string> key_words() {
  std::vector<std::string> words;
  for (const plan::KeyDescription& key : plan::describe_keys()) words.push_back(key.path + "=");
  return words;
}

std::vector<std::string> names_of(const std::vector<Flag>& flags) {
  std::vector<std::string> names;
  for (const Flag& flag : flags) names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

/// In single quotes of a shell.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
    text.replace(at, 1, "'\\''");
  return fmt::format("'{}'", text);
}

std::string bash(const CLI::App& app) {
  std::vector<std::string> names;
  std::string cases, values;
  for (const CLI::App* command : commands_of(app)) {
    const std::vector<Flag> flags = flags_of(*command);
    names.push_back(command->get_name());
    cases += fmt::format("    {})\n      options={}\n      words={} ;;\n", command->get_name(),
                         quoted(fmt::format("{}", fmt::join(names_of(flags), " "))),
                         quoted(fmt::format("{}", fmt::join(first_words(*command), " "))));
    for (const Flag& flag : flags)
      if (!flag.words.empty())
        values += fmt::format("    {0}:{1}) COMPREPLY=($(compgen -W {2} -- \"$current\")); return ;;\n",
                              command->get_name(), flag.names.back(),
                              quoted(fmt::format("{}", fmt::join(flag.words, " "))));
  }
  return fmt::format(R"(# Completion of lazygap for bash, made by "lazygap completion bash".
_lazygap() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
  local options= words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W {0} -- "$current"))
    return
  fi
  case $command:$previous in
{2}    *:--set)
      COMPREPLY=($(compgen -W {3} -- "$current"))
      compopt -o nospace
      return ;;
    *:--out | *:-o) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  case $command in
{1}  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current")) ;;
  esac
}}
complete -o filenames -F _lazygap lazygap
)",
                     quoted(fmt::format("{} --help --version", fmt::join(names, " "))), cases, values,
                     quoted(fmt::format("{}", fmt::join(key_words(), " "))));
}

/// Text in an argument of zsh's _arguments, where brackets and colons mean something.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh_flag(const Flag& flag) {
  std::string value;
  if (!flag.value.empty()) {
    const std::string set = "compadd -S '' -- $keys";
    value = fmt::format(":{}:{}", zsh_text(flag.value),
                        !flag.words.empty()            ? fmt::format("({})", fmt::join(flag.words, " "))
                        : flag.names.back() == "--set" ? "{" + set + "}"
                        : flag.names.back() == "--out" ? std::string("_files -/")
                                                       : std::string());
  }
  std::string text;
  for (const std::string& name : flag.names)
    text += fmt::format(" \\\n        {}", quoted(fmt::format("{}{}[{}]{}", name == "--set" ? "*" : "", name,
                                                              zsh_text(flag.description), value)));
  return text;
}

std::string zsh(const CLI::App& app) {
  std::string names, cases;
  for (const CLI::App* command : commands_of(app)) {
    names += fmt::format(
        "    {}\n", quoted(fmt::format("{}:{}", command->get_name(), zsh_text(command->get_description()))));
    std::string arguments;
    for (const Flag& flag : flags_of(*command)) arguments += zsh_flag(flag);
    cases += fmt::format(
        "    {})\n      words_first=({})\n      _arguments -s{} \\\n        '*:argument:_lazygap_first' ;;\n",
        command->get_name(), fmt::join(first_words(*command), " "), arguments);
  }
  // Names such as RF(I) do not occur here; plan names and commands need no quotes.
  return fmt::format(R"(#compdef lazygap
# Completion of lazygap for zsh, made by "lazygap completion zsh".
_lazygap_first() {{
  compadd -- $words_first
  _files
}}
_lazygap() {{
  local -a commands words_first keys
  commands=(
{0}  )
  keys=({2})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
{1}  esac
}}
_lazygap "$@"
)",
                     names, cases, fmt::join(key_words(), " "));
}

std::string fish(const CLI::App& app) {
  std::string text = "# Completion of lazygap for fish, made by \"lazygap completion fish\".\n";
  for (const CLI::App* command : commands_of(app))
    text += fmt::format("complete -c lazygap -f -n __fish_use_subcommand -a {} -d {}\n", command->get_name(),
                        quoted(command->get_description()));
  for (const CLI::App* command : commands_of(app)) {
    const std::string where = fmt::format("-n '__fish_seen_subcommand_from {}'", command->get_name());
    if (const auto words = first_words(*command); !words.empty())
      text += fmt::format("complete -c lazygap {} -a {}\n", where,
                          quoted(fmt::format("{}", fmt::join(words, " "))));
    for (const Flag& flag : flags_of(*command)) {
      text += fmt::format("complete -c lazygap {}", where);
      for (const std::string& name : flag.names)
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!flag.value.empty()) text += " -r";
      if (!flag.words.empty())
        text += fmt::format(" -f -a {}", quoted(fmt::format("{}", fmt::join(flag.words, " "))));
      if (flag.names.back() == "--set")
        text += fmt::format(" -f -a {}", quoted(fmt::format("{}", fmt::join(key_words(), " "))));
      text += fmt::format(" -d {}\n", quoted(flag.description));
    }
  }
  return text;
}

/// Text in roff: hyphens that can be copied, no line that begins like a request.
std::string roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) escaped += "\\&";
      escaped += c;
    }
  }
  return escaped;
}

std::string manual_of(const CLI::App& command, const std::string& name) {
  std::string synopsis = name;
  for (const CLI::Option* positional : positionals_of(command))
    synopsis += positional->get_required() ? " " + name_of(*positional) : " [" + name_of(*positional) + "]";
  std::string text = fmt::format(".SS {}\n{}.\n", roff(synopsis), roff(command.get_description()));
  for (const CLI::Option* positional : positionals_of(command))
    text += fmt::format(".TP\n.I {}\n{}\n", roff(name_of(*positional)), roff(positional->get_description()));
  for (const Flag& flag : flags_of(command)) {
    const std::string value = flag.words.empty() ? flag.value : fmt::format("{}", fmt::join(flag.words, "|"));
    text += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(fmt::format("{}", fmt::join(flag.names, ", "))),
                        value.empty() ? "" : " \\fI" + roff(value) + "\\fR", roff(flag.description));
  }
  const std::string footer = command.get_footer();
  if (const std::size_t example = footer.find('\n'); example != std::string::npos)
    text += fmt::format(".PP\n{}\n.PP\n.nf\n{}\n.fi\n", roff(footer.substr(0, example)),
                        roff(footer.substr(example + 1)));
  for (const CLI::App* below : commands_of(command))
    text += manual_of(*below, name + " " + below->get_name());
  return text;
}

}  // namespace

std::string completion(const CLI::App& app, std::string_view shell) {
  return shell == "bash" ? bash(app) : shell == "zsh" ? zsh(app) : fish(app);
}

std::string manual(const CLI::App& app) {
  std::string text = fmt::format(
      ".TH LAZYGAP 1 \"\" \"lazygap {0}\" \"User Commands\"\n.SH NAME\nlazygap \\- {1}\n.SH SYNOPSIS\n.B "
      "lazygap\n"
      ".I COMMAND\n[\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\nA plan, a TOML file or one of the built\\-in ones, "
      "says what is "
      "asked.\n.B lazygap plans\nlists those,\n.B lazygap keys\nlists what a plan can say, and\n.B lazygap "
      "new\nwrites one.\n"
      ".SH COMMANDS\n",
      LAZYGAP_VERSION, roff(app.get_description()));
  for (const CLI::App* command : commands_of(app))
    text += manual_of(*command, "lazygap " + command->get_name());
  text += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : kExitCodes)
    text += fmt::format(".TP\n.B {}\n{}\n", roff(code), roff(meaning));
  text += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : kEnvironment)
    text += fmt::format(".TP\n.B {}\n{}\n", name, roff(meaning));
  return text;
}

}  // namespace lazygap::app
