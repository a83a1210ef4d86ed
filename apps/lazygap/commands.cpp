#include "commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "exit_codes.h"
#include "lazygap/core/error.h"
#include "lazygap/experiment/plan.h"
#include "lazygap/experiment/runner.h"
#include "lazygap/experiment/summary.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/files.h"
#include "lazygap/report/frame.h"
#include "lazygap/report/html.h"
#include "lazygap/report/table.h"
#include "lazygap/store/json.h"
#include "lazygap/store/store.h"
#include "output.h"

namespace lazygap::app {
namespace {

namespace fs = std::filesystem;
using experiment::Method;
using experiment::Plan;
using experiment::Row;
using store::Store;

/// Where results go unless --out says otherwise, under the current folder.
const fs::path kResultsFolder = "results";

fs::path store_file(const fs::path& folder) { return folder / "results.sqlite"; }

fs::path folder_of(const Request& request, const Plan& plan) {
  return request.out ? fs::path(*request.out) : kResultsFolder / plan.name;
}

std::string json_lines(const std::vector<store::Result>& results) {
  std::string text;
  for (const store::Result& result : results) text += store::to_json(result).dump() + "\n";
  return text;
}

experiment::RunOptions run_options(const Request& request) {
  experiment::RunOptions options;
  options.jobs = request.jobs;
  return options;
}

/// The store of a folder if it has one; looking must not create it.
Store existing_or_empty(const fs::path& folder) {
  return fs::exists(store_file(folder)) ? Store::open_read_only(store_file(folder)) : Store::in_memory();
}

std::string duration(double seconds) {
  if (seconds < 120) return seconds < 0.1 ? "< 0.1 s" : fmt::format("{:.2g} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string estimate_lines(const experiment::PlanEstimate& estimate) {
  // One line for each method, regime and path: a plan of the paper has hundreds of cells.
  using Key = std::tuple<std::string, std::string, std::string>;
  std::vector<Key> order;
  std::map<Key, experiment::GroupEstimate> totals;
  for (const experiment::GroupEstimate& group : estimate.groups) {
    const Key key{to_string(group.method), to_string(group.regime), group.path};
    const auto [entry, is_new] = totals.try_emplace(key, group);
    if (is_new) {
      order.push_back(key);
      continue;
    }
    experiment::GroupEstimate& total = entry->second;
    total.widths.insert(total.widths.end(), group.widths.begin(), group.widths.end());
    total.cells += group.cells;
    total.finished += group.finished;
    total.seconds += group.seconds;
    total.bytes = std::max(total.bytes, group.bytes);
  }
  std::vector<std::vector<std::string>> lines{
      {"method", "regime", "N", "cells", "finished", "time, one core", "memory", "path"}};
  for (const Key& key : order) {
    const experiment::GroupEstimate& total = totals.at(key);
    const auto [least, most] = std::minmax_element(total.widths.begin(), total.widths.end());
    lines.push_back({std::get<0>(key), std::get<1>(key),
                     *most == 0        ? "-"
                     : *least == *most ? fmt::format("{}", *most)
                                       : fmt::format("{} to {}", *least, *most),
                     fmt::format("{}", total.cells), fmt::format("{}", total.finished),
                     duration(total.seconds), experiment::bytes_text(total.bytes),
                     total.path.empty() ? "-" : total.path});
  }
  return report::align(lines);
}

void print_estimate(const Request& request, const Plan& plan, const Store& store) {
  const experiment::PlanEstimate estimate = experiment::estimate_plan(plan, store, run_options(request));
  if (!request.json) {
    print(fmt::format("{}:\n{}expected: {}, at most {} of the {} of memory available\n", plan.name,
                      estimate_lines(estimate), duration(estimate.seconds),
                      experiment::bytes_text(estimate.bytes),
                      experiment::bytes_text(estimate.available_bytes)));
    return;
  }
  std::string json;
  for (const experiment::GroupEstimate& group : estimate.groups)
    json += nlohmann::ordered_json{{"plan", plan.name},
                                   {"method", to_string(group.method)},
                                   {"regime", to_string(group.regime)},
                                   {"N", group.widths},
                                   {"cells", group.cells},
                                   {"finished", group.finished},
                                   {"seconds", group.seconds},
                                   {"bytes", group.bytes},
                                   {"path", group.path}}
                .dump() +
            "\n";
  print(json);
}

/// Runs the plan into the store, with progress on stderr. False where the user stopped it.
bool compute(const Request& request, const Plan& plan, Store& store, bool with_progress = true) {
  for (const std::string& note : experiment::notes(plan)) say(note);
  experiment::RunOptions options = run_options(request);
  options.stop = experiment::stop_on_signals();
  if (with_progress) options.progress = experiment::progress_on_stderr();
  const experiment::RunReport report = experiment::run_plan(plan, store, options);
  if (with_progress)
    say(fmt::format("{}: {} results, {} of them from the store; {}", plan.name,
                    report.reused + report.computed, report.reused, duration(report.seconds)));
  if (plan.train.search == train::Search::halving && report.steps_of_full_grid > 0)
    say(fmt::format(
        "{}: successive halving took {:.0f} % of the steps of the full grid", plan.name,
        100 * static_cast<double>(report.steps) / static_cast<double>(report.steps_of_full_grid)));
  if (report.stopped) say("stopped; the same command goes on from here");
  return !report.stopped;
}

int verdict(const Plan& plan, const std::vector<Row>& rows) {
  const auto troubled =
      std::count_if(rows.begin(), rows.end(), [&](const Row& row) { return report::is_troubled(plan, row); });
  if (troubled == 0) return kExitOk;
  say(fmt::format("{}: {} of {} points lack a result: see the remarks", plan.name, troubled, rows.size()));
  return kExitIncomplete;
}

/// `limit` and `exact`: one method, whatever the plan's say.
int one_method(const Request& request, Method method) {
  // What the plan asks for besides must not stand in the way.
  auto overrides = request.overrides;
  overrides.emplace_back("sweep.methods", fmt::format("[\"{}\"]", to_string(method)));
  overrides.emplace_back("figure.frame", "\"left\"");
  const Plan plan = experiment::load_plan(request.plan, overrides);
  if (request.dry_run) {
    print_estimate(request, plan, request.out ? existing_or_empty(*request.out) : Store::in_memory());
    return kExitOk;
  }
  Store store = request.out ? Store::open(store_file(*request.out)) : Store::in_memory();
  if (!compute(request, plan, store, method != Method::limit)) return kExitStopped;
  const std::vector<Row> rows = experiment::summarise(plan, store);
  const std::string table = report::text_table(plan, rows);
  if (request.out) {
    const fs::path file = fs::path(*request.out) / fmt::format("{}-{}.txt", plan.name, to_string(method));
    report::write_file(file, table);
    say(fmt::format("written: {}", file.string()));
  }
  print(request.json ? json_lines(experiment::results_of(plan, store)) : table);
  return verdict(plan, rows);
}

/// Whether the word names a figure of two frames, the built-in plans figure-WORD-left and figure-WORD-right.
bool is_figure(const std::string& word) {
  const std::vector<std::string> names = experiment::built_in_plans();
  return std::find(names.begin(), names.end(), fmt::format("figure-{}-left", word)) != names.end();
}

}  // namespace

int limit(const Request& request) { return one_method(request, Method::limit); }
int exact(const Request& request) { return one_method(request, Method::exact); }

int run(const Request& request) {
  const Plan plan = experiment::load_plan(request.plan, request.overrides);
  const fs::path folder = folder_of(request, plan);
  if (request.dry_run) {
    print_estimate(request, plan, existing_or_empty(folder));
    return kExitOk;
  }
  Store store = Store::open(store_file(folder));
  if (!compute(request, plan, store)) return kExitStopped;
  const std::vector<Row> rows = experiment::summarise(plan, store);
  print(request.json ? json_lines(experiment::results_of(plan, store)) : report::text_table(plan, rows));
  return verdict(plan, rows);
}

int show(const Request& request) {
  const Plan plan = experiment::load_plan(request.plan, request.overrides);
  const fs::path folder = folder_of(request, plan);
  if (!fs::exists(store_file(folder)))
    throw FileError(fmt::format("there are no results in {}; \"lazygap run {}{}\" computes them",
                                folder.string(), request.plan, request.out ? " --out " + *request.out : ""));
  const Store store = Store::open_read_only(store_file(folder));
  const std::vector<Row> rows = experiment::summarise(plan, store);
  print(request.json ? json_lines(experiment::results_of(plan, store)) : report::text_table(plan, rows));
  return verdict(plan, rows);
}

int figure(const Request& request) {
  const bool whole = is_figure(request.plan);
  const std::string scale = request.scale.value_or("laptop");
  std::vector<Plan> frames;
  if (whole) {
    for (const char* side : {"left", "right"})
      frames.push_back(experiment::load_plan(
          fmt::format("figure-{}-{}{}", request.plan, side, scale == "laptop" ? "-laptop" : ""),
          request.overrides));
  } else if (request.scale) {
    throw UsageError(
        fmt::format("--scale {} belongs to the figures of two frames (1, 2, 1-relu, ...), but \"{}\" "
                    "is a plan, which has its own scale",
                    scale, request.plan));
  } else {
    frames.push_back(experiment::load_plan(request.plan, request.overrides));
  }
  const fs::path pictures = request.out ? fs::path(*request.out)
                            : whole     ? kResultsFolder / fmt::format("figure-{}-{}", request.plan, scale)
                                        : kResultsFolder / frames.front().name;
  // The results of a plan are where `lazygap run` puts them, so that each finds the work of the other.
  const auto results = [&](const Plan& plan) {
    return whole ? (request.out ? pictures : kResultsFolder) / plan.name : pictures;
  };

  if (request.dry_run) {
    for (const Plan& plan : frames) print_estimate(request, plan, existing_or_empty(results(plan)));
    return kExitOk;
  }
  int code = kExitOk;
  std::vector<report::Section> sections;
  std::string text, json;
  for (const Plan& plan : frames) {
    Store store = Store::open(store_file(results(plan)));
    if (!compute(request, plan, store)) return kExitStopped;
    report::Section section;
    section.plan = plan;
    section.rows = experiment::summarise(plan, store);
    section.results = experiment::results_of(plan, store);
    section.frame = report::make_frame(plan, section.rows, experiment::training_curves(plan, store));
    section.drawing = report::draw(section.frame, pictures);
    if (!section.drawing.problem.empty()) say(section.drawing.problem);
    for (const fs::path& file : section.drawing.files) text += file.string() + "\n";
    if (request.json) json += json_lines(section.results);
    code = std::max(code, verdict(plan, section.rows));
    sections.push_back(std::move(section));
  }
  const std::string title = whole ? fmt::format("Figure {} at {} scale", request.plan, scale)
                                  : fmt::format("Figure of {}", frames.front().name);
  report::write_file(pictures / "report.html", report::to_html(title, sections));
  text += (pictures / "report.html").string() + "\n";
  print(request.json ? json : text);
  return code;
}

int plans(const Request& request) {
  std::vector<std::vector<std::string>> lines{{"name", "model", "d", "neurons", "regimes", "methods"}};
  std::string json;
  for (const std::string& name : experiment::built_in_plans()) {
    const Plan plan = experiment::load_plan(name);
    std::vector<std::string> regimes, methods;
    for (const Regime regime : plan.sweep.regimes) regimes.emplace_back(to_string(regime));
    for (const Method method : plan.sweep.methods) methods.emplace_back(to_string(method));
    if (request.json)
      json += nlohmann::ordered_json{{"name", name},        {"model", plan.problem.model},
                                     {"d", plan.problem.d}, {"neurons", plan.sweep.neurons},
                                     {"regimes", regimes},  {"methods", methods}}
                  .dump() +
              "\n";
    lines.push_back({name, plan.problem.model, fmt::format("{}", plan.problem.d),
                     fmt::format("{} to {}", plan.sweep.neurons.front(), plan.sweep.neurons.back()),
                     fmt::format("{}", fmt::join(regimes, " ")), fmt::format("{}", fmt::join(methods, " "))});
  }
  print(request.json ? json : report::align(lines));
  return kExitOk;
}

}  // namespace lazygap::app
