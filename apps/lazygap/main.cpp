#include <cblas.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <new>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "commands.h"
#include "completion.h"
#include "doctor.h"
#include "exit_codes.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"
#include "lazygap/core/suggestion.h"
#include "lazygap/report/escape.h"
#include "lazygap/schedule/run.h"
#include "output.h"
#include "work.h"
#ifdef LAZYGAP_WITH_MPI
#include "mpi/follower.h"
#include "mpi/leader.h"
#endif

namespace lazygap::app {
namespace {

constexpr std::uint64_t kMostJobs = 4096, kMostFits = 1000;
constexpr std::uint64_t kMostNeurons = 10'000'000;  // far beyond every memory

/// "key=value" from the command line.
std::pair<std::string, std::string> parse_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError(
        fmt::format("--set {} is not of the form key=value, for example --set sweep.draws=3", quote(text)));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// An argument as it is typed; shell_word() would take an option for the name of a file.
std::string argument_text(const std::string& argument) {
  const std::size_t dashes = std::min(argument.find_first_not_of('-'), argument.size());
  return argument.substr(0, dashes) +
         (dashes == argument.size() && dashes > 0 ? "" : report::shell_word(argument.substr(dashes)));
}

/// The command line of lazygap; parsing it fills `request` and `chosen`.
class CommandLine {
 public:
  /// `spread`: as Request::spread.
  explicit CommandLine(std::function<void(const plan::Plan&, schedule::RunOptions&)> spread = {})
      : app_("Risks of two-layer networks in the random-features, neural-tangent and trained regimes.",
             "lazygap") {
    request_.spread = std::move(spread);
    app_.require_subcommand(0, 1);  // none at all is told apart from an unknown one below
    app_.set_version_flag("-V,--version", LAZYGAP_VERSION);
    std::vector<std::string> codes;
    for (const auto& [code, meaning] : kExitCodes) codes.push_back(fmt::format("{} {}", code, meaning));
    app_.footer(fmt::format(
        "Exit codes: {}.\n\"lazygap COMMAND --help\" shows the options of a command and an example.",
        fmt::join(codes, ", ")));
    app_.failure_message(CLI::FailureMessage::simple);

    CLI::App& limit_command =
        add("limit", "limiting risk curves, N, d -> infinity",
            "lazygap limit figure-1-left\n  lazygap limit my.toml --set problem.d=1000 --json", limit);
    with_plan(limit_command);
    with_format(limit_command);
    with_run(limit_command, "writes a table and the results there (default: no files)");

    CLI::App& exact_command = add(
        "exact", "exact risk at finite N and d, for infinitely many samples",
        "lazygap exact figure-1-left-laptop\n  lazygap exact my.toml --set 'sweep.neurons=[10, 20]' --json",
        exact);
    with_plan(exact_command);
    with_format(exact_command);
    with_run(exact_command, "writes a table and the results there (default: no files)");

    CLI::App& run_command = add(
        "run", "everything the plan asks for, into the store; resumes where it stopped",
        "lazygap run figure-1-left-laptop --dry-run\n  lazygap run my.toml --out my-results --jobs 2", run);
    with_plan(run_command);
    with_format(run_command);
    run_command
        .add_option("--shard", request_.shard, "only share i of n of the work, as i/n (see docs/clusters.md)")
        ->type_name("I/N");
    with_run(run_command, "folder of the results (default: results/NAME)");
    with_cluster(run_command);

    CLI::App& figure_command =
        add("figure", "runs the plans of Figure 1 or 2, or one plan, and draws it",
            "lazygap figure 1\n  lazygap figure 2 --scale paper --out my-figure\n  lazygap figure my.toml",
            figure);
    figure_command
        .add_option("FIGURE", request_.plan,
                    fmt::format("{}, or a plan (file or built-in name)", fmt::join(figures(), ", ")))
        ->required();
    figure_command
        .add_option("--scale", request_.scale,
                    "of a figure of two frames: laptop (d = 100, minutes; the default) or paper (d = 450)")
        ->check(one_of({"laptop", "paper"}));
    with_set(figure_command);
    with_run(figure_command, "folder of the pictures and results (default: under results/)");

    CLI::App& show_command = add(
        "show",
        "table of a plan's results: limit, exact, simulated, excess over exact; or what a store holds",
        "lazygap show figure-1-left-laptop --format csv\n  lazygap show results/figure-1-left-laptop", show);
    show_command
        .add_option(
            "PLAN", request_.plan,
            "a plan, file or built-in name; or a folder of results or an SQLite file, to list what it holds")
        ->required();
    with_set(show_command);
    with_json(show_command);
    with_format(show_command);
    with_out(show_command, "folder of the results (default: results/NAME)");

    add_data();
    add_lists();
  }

  /// Commands on a table of one's own.
  void add_data() {
    CLI::App& compare_command =
        add("compare", "RF, NT and NN on a table: is a kernel enough, or does feature learning help?",
            "lazygap compare X.csv --target y\n  lazygap compare X.npy --y y.npy --repeats 3 --out my-report",
            compare_regimes);
    with_table(compare_command);
    DataRequest& data = request_.data;
    compare_command.add_option("--activation", data.activation, "name of the activation (default: relu)");
    compare_command
        .add_option("--widths", data.widths, "numbers of neurons, increasing (default: 10,40,160)")
        ->delimiter(',')
        ->check(whole_number(1, kMostNeurons));
    compare_command.add_option("--folds", data.folds, "folds of cross-validation (default: 5)")
        ->check(whole_number(2, kMostFits));
    compare_command.add_option("--repeats", data.repeats, "shuffles of the folds (default: 1)")
        ->check(whole_number(1, kMostFits));
    compare_command
        .add_option("--margin", data.margin, "differences of R/R0 below it do not matter (default: 0.02)")
        ->check(positive_number());
    CLI::Option* group = compare_command.add_option(
        "--group", data.group,
        "column of what belongs together, as a patient: no group is split, no feature");
    compare_command
        .add_flag("--ordered", data.ordered, "samples are in order of time: tested is what comes after")
        ->excludes(group);
    compare_command.add_flag("--no-curves", data.no_curves, "no learning curves, in half the time");
    with_json(compare_command);
    with_out(compare_command, "folder of the report (default: results/compare-NAME)");
    compare_command.add_option("-j,--jobs", request_.jobs, "fits side by side (default: all cores)")
        ->type_name("N")
        ->check(whole_number(1, kMostJobs));
    compare_command.add_flag("-q,--quiet", request_.quiet, "no progress on stderr");

    CLI::App& predict_command =
        add("predict", "what RF, NT and NN would reach on a table, without training: a Gaussian surrogate",
            "lazygap predict X.csv --target y", predict_regimes);
    with_table(predict_command);
    predict_command.add_option("--activation", data.activation, "of RF (default: relu)");
    predict_command.add_option("--widths", data.widths, "numbers of neurons (default: 10,40,160)")
        ->delimiter(',')
        ->check(whole_number(1, kMostNeurons));
    with_json(predict_command);
    predict_command.add_flag("-q,--quiet", request_.quiet, "no progress on stderr");
  }
  void with_table(CLI::App& command) {
    DataRequest& data = request_.data;
    command.add_option("FILE", request_.plan, "the table: .csv, .tsv, .txt, .npy, or .npz (FILE.npz:ARRAY)")
        ->required();
    command.add_option("-t,--target", data.target,
                       "column of the target: its name, its number from 1, or -1, the last");
    command.add_option("--y", data.y, "file of the target instead");
    command.add_option("--task", data.task, "regression or classes (default: by the target)")
        ->check(one_of({"regression", "classes"}));
    command
        .add_option("--missing", data.missing,
                    "samples with missing values: refuse (the default), drop, mean")
        ->check(one_of({"refuse", "drop", "mean"}));
    command.add_option("--seed", data.seed, "of the splits and the networks (default: 1)")
        ->check(whole_number(0, std::numeric_limits<std::int64_t>::max()));
  }

  /// Commands that show what there is.
  void add_lists() {
    CLI::App& plans_command = add("plans", "the built-in plans, or the text of one",
                                  "lazygap plans\n  lazygap plans figure-1-left", plans);
    plans_command.add_option("NAME", request_.word, "prints this plan as TOML");
    with_json(plans_command);
    CLI::App& keys_command = add("keys", "the keys of plans, or those with a word in name or meaning",
                                 "lazygap keys\n  lazygap keys momentum", keys);
    keys_command.add_option("WORD", request_.word, "for example: train, or ridge");
    with_json(keys_command);
    CLI::App& new_command =
        add("new", "a commented plan that runs, on stdout", "lazygap new my-plan > my-plan.toml", new_plan);
    new_command.add_option("NAME", request_.word, "name of the plan (default: my-plan)");
    CLI::App& store_command =
        add("store", "looks after a store of results",
            "lazygap store check results/figure-1-left-laptop/results.sqlite", look_after_store);
    store_command.require_subcommand(1);
    CLI::App* check_command =
        store_command.add_subcommand("check", "integrity of a store, and what it holds");
    check_command->add_option("FILE", request_.word, "the SQLite file")->required();
    with_json(*check_command);
    CLI::App* merge_command =
        store_command.add_subcommand("merge", "adds the results of other stores to one");
    merge_command->add_option("TARGET", request_.word, "the SQLite file that gets them; made where missing")
        ->required();
    merge_command->add_option("SOURCE", request_.files, "SQLite files that are read")->required();
    with_json(add("doctor", "processor, instruction set in use, threads, libraries, versions",
                  "lazygap doctor", [](const Request& request) { return doctor(request.json); }));
    CLI::App& completion_command =
        add("completion", "completion for a shell, on stdout",
            "lazygap completion bash > ~/.local/share/bash-completion/completions/lazygap",
            [this](const Request& request) { return print(completion(app_, request.word)), kExitOk; });
    completion_command.add_option("SHELL", request_.word, "the shell")->required()->check(one_of(kShells));
    add("man", "the manual page, in roff, on stdout", "lazygap man | man -l -",
        [this](const Request&) { return print(manual(app_)), kExitOk; });
  }

  int run_program(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      std::ostringstream out, talk;
      const int code = app_.exit(error, out, talk);
      if (code == 0) {  // --help, --version
        print(out.str());
        return kExitOk;
      }
      throw UsageError(usage_message(error, argc > 1 ? argv[1] : ""));
    }
    for (const std::string& text : overrides_) request_.overrides.push_back(parse_override(text));
    request_.command_line = "lazygap";
    for (int i = 1; i < argc; ++i) request_.command_line += " " + argument_text(argv[i]);
    if (!chosen_) {
      print(app_.help());
      return kExitOk;
    }
    // Every command but this one may multiply matrices.
    if (!app_.got_subcommand("doctor")) schedule::check_address_space();
    return chosen_(request_);
  }

 private:
  std::string usage_message(const CLI::ParseError& error, const std::string& first) const {
    std::string command = "lazygap";
    const CLI::App* used = &app_;
    for (const CLI::App* next : app_.get_subcommands()) {
      command += " " + next->get_name();
      used = next;
    }
    if (used == &app_ && !first.empty() && first.front() != '-')
      return fmt::format("unknown command {}{}; \"lazygap --help\" lists them", quote(first),
                         suggestion(first, command_names(), 3));
    return fmt::format("{}; see \"{} --help\"", refusal(*used, error), command);
  }

  std::vector<std::string> command_names() const {
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    return names;
  }

  CLI::App& add(const std::string& name, const std::string& description, const std::string& example,
                std::function<int(const Request&)> action) {
    CLI::App* command = app_.add_subcommand(name, description);
    command->footer("Example:\n  " + example);
    command->callback([this, action = std::move(action)] { chosen_ = action; });
    return *command;
  }
  void with_plan(CLI::App& command) {
    command
        .add_option("PLAN", request_.plan, "a file, or the name of a built-in plan (see \"lazygap plans\")")
        ->required();
    with_set(command);
  }
  void with_set(CLI::App& command) {
    command
        .add_option("--set", overrides_, "override a key of the plan, for example sweep.draws=3 (repeatable)")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
  }
  void with_json(CLI::App& command) {
    command.add_flag("--json", request_.json, "one JSON object a line on stdout");
  }
  void with_format(CLI::App& command) {
    command.add_option("--format", request_.format, "of the table: table, csv, markdown, latex, json")
        ->check(one_of({"table", "csv", "markdown", "latex", "json"}));
  }
  void with_out(CLI::App& command, const std::string& description) {
    command.add_option("-o,--out", request_.out, description)
        ->type_name("DIR")
        ->check(
            [](const std::string& folder) { return folder.empty() ? "must have a name" : std::string(); });
  }
  void with_run(CLI::App& command, const std::string& out) {
    with_json(command);
    with_out(command, out);
    command.add_option("-j,--jobs", request_.jobs, "cores to compute on (default: all)")
        ->type_name("N")
        ->check(whole_number(1, kMostJobs));
    command.add_flag("--dry-run", request_.dry_run, "only show the cells, the expected time and memory");
    command.add_flag("-q,--quiet", request_.quiet, "no progress on stderr, only what must not be lost");
    command
        .add_flag("-v,--verbose", request_.verbose,
                  "says beforehand on stderr what is computed, by which path and how long it may take")
        ->excludes("--quiet");
  }

  /// The model of a cluster; the options of the network change nothing without --machines.
  void with_cluster(CLI::App& command) {
    CLI::Option* machines =
        command
            .add_option("--machines", request_.machines,
                        "with --dry-run: predicts the run on N machines, one rank on each (docs/clusters.md)")
            ->type_name("N")
            ->needs("--dry-run")
            ->excludes("--shard");
    const auto option = [&](const std::string& name, auto& value, const std::string& description) {
      command.add_option(name, value, description)->needs(machines)->capture_default_str();
    };
    option("--cores", request_.cluster.cores, "of each machine");
    option("--latency", request_.cluster.latency_seconds, "of a message between machines, in seconds");
    option("--bandwidth", request_.cluster.bytes_per_second, "of the network at rank 0, in bytes a second");
  }

  CLI::App app_;
  Request request_;
  std::vector<std::string> overrides_;
  std::function<int(const Request&)> chosen_;
};

int fail(int code, const std::string& message) {
  say(painted(STDERR_FILENO, Paint::error, "lazygap:") + " " + message);
  return code;
}

/// The program as one process, or as one of those that a launcher of MPI has started.
int run_process(int argc, char** argv) {
#ifdef LAZYGAP_WITH_MPI
  if (mpi::is_launched()) {
    if (mpi::rank_of_launcher() > 0) return mpi::follow();
    mpi::Leader leader;
    return CommandLine([&leader](const plan::Plan& plan, schedule::RunOptions& options) {
             leader.spread(plan, options);
           })
        .run_program(argc, argv);
  }
#endif
  return CommandLine().run_program(argc, argv);
}

}  // namespace
}  // namespace lazygap::app

int main(int argc, char** argv) {
  using namespace lazygap::app;
  prepare_output();
  openblas_set_num_threads(1);  // cells run side by side, so each is to use one processor
  try {
    return run_process(argc, argv);
  } catch (const lazygap::UsageError& error) {
    return fail(kExitUsage, without_function(error.what()));
  } catch (const lazygap::FileError& error) {
    return fail(kExitFiles, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kExitUnexpected, "out of memory");
  } catch (const std::exception& error) {
    return fail(kExitUnexpected, std::string("unexpected error: ") + error.what());
  }
}
