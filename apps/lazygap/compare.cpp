#include "lazygap/compare/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "commands.h"
#include "exit_codes.h"
#include "lazygap/compare/predict.h"
#include "lazygap/core/error.h"
#include "lazygap/core/files.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/comparison.h"
#include "lazygap/report/escape.h"
#include "lazygap/schedule/run.h"
#include "output.h"
#include "signals.h"
#include "work.h"

namespace lazygap::app {
namespace {

namespace fs = std::filesystem;

data::Table table_of(const Request& request) {
  data::TableOptions options{.target = request.data.target, .group = request.data.group};
  if (!request.data.y.empty()) options.y = request.data.y;
  if (request.data.task == "regression") options.task = data::Task::regression;
  if (request.data.task == "classes") options.task = data::Task::classes;
  if (request.data.missing == "drop") options.missing = data::Missing::drop;
  if (request.data.missing == "mean") options.missing = data::Missing::mean;
  return data::read_table(request.plan, options);
}

compare::Options options_of(const Request& request, const data::Table& table) {
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
  if (!table.groups.empty()) {
    options.kind = data::SplitKind::grouped;
    options.groups = table.groups;
  }
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
    say(fmt::format("{:.0f} %, {:.0f} s", 100 * fraction,
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

std::string cell(const compare::Interval& interval) {
  if (!std::isfinite(interval.value)) return "-";
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", interval.value, interval.lower, interval.upper);
}

report::Table prediction_table(const compare::Surrogate& surrogate) {
  report::Table table{.header = {"model", "N", "surrogate, n = inf", "surrogate, this n", "leave-one-out"},
                      .lines = {}};
  for (const compare::Predicted& p : surrogate.predicted)
    table.lines.push_back({p.model, p.neurons == 0 ? "-" : fmt::format("{}", p.neurons), cell(p.surrogate),
                           cell(p.at_n),
                           std::isfinite(p.leave_one_out) ? fmt::format("{:.3f}", p.leave_one_out) : "-"});
  return table;
}

/// The prediction beside the measurement, as HTML; a sentence where the surrogate has nothing to say.
std::string prediction_beside(const data::Table& table, const compare::Options& options,
                              const std::function<bool()>& stop) {
  constexpr int kDraws = 100;
  try {
    const compare::Surrogate surrogate = compare::predict(
        table,
        {.activation = options.activation, .widths = options.widths, .draws = kDraws, .seed = options.seed},
        {.stop = stop});
    if (surrogate.status != Status::ok) return {};
    return report::html_table(
               prediction_table(surrogate),
               "Predicted without training: R/R0 of a Gaussian surrogate with 90 % intervals, and "
               "leave-one-out errors of fits without biases.") +
           fmt::format("<p>{}</p>\n", report::xml_text(surrogate.judgement));
  } catch (const UsageError& error) {
    return fmt::format("<p>No Gaussian surrogate: {}.</p>\n", report::xml_text(error.what()));
  }
}

std::string text_of(const compare::Surrogate& surrogate, const data::Table& table, double level) {
  const auto shown = [](const data::Estimate& e) {
    return fmt::format("{:.3g} +- {:.2g}", e.value, e.error);
  };
  std::string text =
      fmt::format("Gaussian surrogate of {} samples, {} features; R/R0 with {:.0f} % intervals\n",
                  table.X.cols(), table.X.rows(), 100 * level);
  if (surrogate.classes)
    text += fmt::format("|delta|^2 {}, |D|^2 {}, (tr D)^2 {}\n", shown(surrogate.of_classes.squared_mean),
                        shown(surrogate.of_classes.squared_norm), shown(surrogate.of_classes.squared_trace));
  else
    text +=
        fmt::format("Var y {:.3g}: linear {}, quadratic {}, (tr B)^2 {}, rest {}; {} eigenvalues of B show\n",
                    surrogate.regression.variance, shown(surrogate.regression.linear),
                    shown(surrogate.regression.quadratic), shown(surrogate.regression.squared_trace),
                    shown(surrogate.regression.rest), surrogate.visible);
  return text + report::align(prediction_table(surrogate)) + surrogate.judgement + "\n";
}

std::string json_of(const compare::Surrogate& surrogate) {
  std::string text;
  for (const compare::Predicted& p : surrogate.predicted)
    text += nlohmann::ordered_json{{"model", p.model},
                                   {"N", p.neurons},
                                   {"surrogate", {p.surrogate.value, p.surrogate.lower, p.surrogate.upper}},
                                   {"at_n", {p.at_n.value, p.at_n.lower, p.at_n.upper}},
                                   {"leave_one_out", p.leave_one_out},
                                   {"believable", surrogate.believable}}
                .dump() +
            "\n";
  return text;
}

}  // namespace

int predict_regimes(const Request& request) {
  const data::Table table = table_of(request);
  compare::PredictOptions options;
  if (!request.data.activation.empty()) options.activation = activation_from_name(request.data.activation);
  if (!request.data.widths.empty())
    options.widths.assign(request.data.widths.begin(), request.data.widths.end());
  options.seed = request.data.seed;
  const compare::Surrogate surrogate = compare::predict(
      table, options, {.progress = progress_lines(request.quiet), .stop = stop_on_signals()});
  if (surrogate.status != Status::ok) return stopped_code();
  print(request.json ? json_of(surrogate) : text_of(surrogate, table, options.level));
  return kExitOk;
}

int compare_regimes(const Request& request) {
  const data::Table table = table_of(request);
  const std::function<bool()> stop = stop_on_signals();
  const compare::Options options = options_of(request, table);
  const compare::Comparison comparison =
      compare::compare(table, options, {.progress = progress_lines(request.quiet), .stop = stop});
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
                              request.command_line, drawings, prediction_beside(table, options, stop)));
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
