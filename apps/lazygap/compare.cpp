#include "lazygap/compare/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "commands.h"
#include "exit_codes.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/comparison.h"
#include "lazygap/core/files.h"
#include "lazygap/schedule/run.h"
#include "output.h"
#include "signals.h"
#include "work.h"

namespace lazygap::app {
namespace {

namespace fs = std::filesystem;

data::Table table_of(const Request& request) {
  data::TableOptions options{.target = request.data.target};
  if (!request.data.y.empty()) options.y = request.data.y;
  if (request.data.task == "regression") options.task = data::Task::regression;
  if (request.data.task == "classes") options.task = data::Task::classes;
  if (request.data.missing == "drop") options.missing = data::Missing::drop;
  if (request.data.missing == "mean") options.missing = data::Missing::mean;
  return data::read_table(request.plan, options);
}

compare::Options options_of(const Request& request) {
  compare::Options options;
  const DataRequest& data = request.data;
  if (!data.activation.empty()) options.activation = activation_from_name(data.activation);
  if (!data.widths.empty()) options.widths.assign(data.widths.begin(), data.widths.end());
  options.folds = data.folds;
  options.repeats = data.repeats;
  options.margin = data.margin;
  options.learning_curves = !data.no_curves;
  options.seed = data.seed;
  if (data.ordered) options.kind = data::SplitKind::ordered;
  options.jobs =
      request.jobs > 0 ? request.jobs : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return options;
}

/// A line on standard error every few seconds.
std::function<void(double)> progress_lines(bool quiet) {
  using Clock = std::chrono::steady_clock;
  return [quiet, begin = Clock::now(), last = Clock::now()](double fraction) mutable {
    constexpr std::chrono::seconds kEvery{5};
    const auto now = Clock::now();
    if (quiet || now - last < kEvery) return;
    last = now;
    say(fmt::format("{:.0f} % of the fits, {:.0f} s", 100 * fraction,
                    std::chrono::duration<double>(now - begin).count()));
  };
}

std::string json_of(const compare::Comparison& c) {
  const auto mean = [](const compare::Mean& m) {
    return nlohmann::ordered_json{{"value", m.value}, {"se", m.se}, {"lower", m.lower}, {"upper", m.upper}};
  };
  const compare::Decision& d = c.decision;
  return nlohmann::ordered_json{{"verdict", to_string(d.verdict)},
                                {"sentence", d.sentence},
                                {"samples", c.samples},
                                {"features", c.dimension},
                                {"splits", c.splits},
                                {"hash", fmt::format("{:016x}", c.table.hash)},
                                {"linear", mean(d.linear)},
                                {"kernel", mean(d.kernel)},
                                {"wide_kernel", mean(d.wide_kernel)},
                                {"nn", mean(d.nn)},
                                {"nn_over_kernel", mean(d.nn_over_kernel)},
                                {"nn_over_wide", mean(d.nn_over_wide)},
                                {"remarks", c.remarks}}
             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

}  // namespace

int compare_regimes(const Request& request) {
  const data::Table table = table_of(request);
  const std::function<bool()> stop = stop_on_signals();
  const compare::Comparison comparison =
      compare::compare(table, options_of(request), {.progress = progress_lines(request.quiet), .stop = stop});
  if (comparison.status != Status::ok) return stopped_code();
  const fs::path folder =
      request.out ? fs::path(*request.out)
                  : kResultsFolder / fmt::format("compare-{}", fs::path(request.plan).stem().string());
  std::vector<report::Drawing> drawings;
  std::string files;
  int code = kExitOk;
  for (const report::Picture& picture : report::comparison_pictures(comparison)) {
    drawings.push_back(report::draw(picture.name, picture.csv, picture.script, folder, stop));
    if (!drawings.back().problem.empty()) {
      say(drawings.back().problem);
      code = kExitFiles;
    }
  }
  write_file(folder / "scores.csv", report::to_csv(report::score_table(comparison)));
  write_file(
      folder / "report.html",
      report::comparison_html(comparison, fmt::format("Regimes on {}", printable(request.plan)),
                              request.command_line, drawings));
  if (request.json) {
    print(json_of(comparison));
    return code;
  }
  std::string text = report::align(report::comparison_table(comparison));
  for (const std::string& line : report::direction_lines(comparison))
    text += "learnt direction, " + line + "\n";
  for (const std::string& remark : comparison.remarks) text += remark + "\n";
  print(fmt::format("{}{}\n{}\n", text, comparison.decision.sentence,
                    printable((folder / "report.html").string())));
  return code;
}

}  // namespace lazygap::app
