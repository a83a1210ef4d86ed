#include "work.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "exit_codes.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/table.h"
#include "lazygap/schedule/cluster.h"
#include "lazygap/schedule/estimate.h"
#include "lazygap/schedule/prediction.h"
#include "lazygap/schedule/run.h"
#include "lazygap/store/json.h"
#include "output.h"
#include "signals.h"
#include "terminal.h"

namespace lazygap::app {
namespace {

namespace fs = std::filesystem;
using plan::Plan;
using store::Store;

/// "2/5": the second of five shares.
schedule::Share parse_shard(const std::string& text) {
  schedule::Share share;
  const char* end = text.data() + text.size();
  const auto part = std::from_chars(text.data(), end, share.part);
  const bool has_slash = part.ec == std::errc() && part.ptr != end && *part.ptr == '/';
  const auto of = has_slash ? std::from_chars(part.ptr + 1, end, share.of) : part;
  if (!has_slash || of.ec != std::errc() || of.ptr != end)
    throw UsageError(fmt::format("--shard {} is not of the form i/n, for example --shard 2/5", quote(text)));
  return share;
}

schedule::RunOptions run_options(const Request& request, const Plan& plan) {
  schedule::RunOptions options;
  options.jobs = request.jobs;
  if (!request.shard.empty()) options.share = parse_shard(request.shard);
  if (request.spread) request.spread(plan, options);
  return options;
}

std::string duration(double seconds) {
  if (seconds < 120) return seconds < 0.1 ? "< 0.1 s" : fmt::format("{:.2g} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

/// One line for each method, regime and path: a plan of the paper has hundreds of cells.
std::string estimate_lines(const schedule::PlanEstimate& estimate) {
  using Key = std::tuple<std::string, std::string, std::string>;
  std::vector<Key> order;
  std::map<Key, schedule::GroupEstimate> totals;
  for (const schedule::GroupEstimate& group : estimate.groups) {
    const Key key{to_string(group.method), to_string(group.regime), group.path};
    const auto [entry, is_new] = totals.try_emplace(key, group);
    if (is_new) {
      order.push_back(key);
      continue;
    }
    schedule::GroupEstimate& total = entry->second;
    total.widths.insert(total.widths.end(), group.widths.begin(), group.widths.end());
    total.cells += group.cells;
    total.finished += group.finished;
    total.seconds += group.seconds;
    total.bytes = std::max(total.bytes, group.bytes);
    total.cores = std::max(total.cores, group.cores);
  }
  report::Table table{
      .header = {"method", "regime", "N", "cells", "finished", "time, one core", "cores", "memory", "path"},
      .lines = {}};
  for (const Key& key : order) {
    const schedule::GroupEstimate& total = totals.at(key);
    const auto [least, most] = std::minmax_element(total.widths.begin(), total.widths.end());
    table.lines.push_back({std::get<0>(key), std::get<1>(key),
                           *most == 0        ? "-"
                           : *least == *most ? fmt::format("{}", *most)
                                             : fmt::format("{} to {}", *least, *most),
                           fmt::format("{}", total.cells), fmt::format("{}", total.finished),
                           duration(total.seconds), fmt::format("{}", total.cores),
                           schedule::bytes_text(total.bytes), total.path.empty() ? "-" : total.path});
  }
  return report::align(table);
}

/// --dry-run --machines: this machine need not be able to compute the plan.
void print_prediction(const Request& request, const Plan& plan, const Store& store) {
  schedule::Cluster cluster = request.cluster;
  cluster.machines = *request.machines;
  const schedule::ClusterEstimate estimate = schedule::estimate_on(cluster, plan, store);
  if (request.json) {
    print(nlohmann::ordered_json{{"plan", plan.name},
                                 {"machines", cluster.machines},
                                 {"cores", cluster.cores},
                                 {"seconds", estimate.seconds},
                                 {"work_seconds", estimate.work_seconds},
                                 {"efficiency", estimate.efficiency},
                                 {"bytes_per_machine", estimate.bytes_per_machine},
                                 {"queue_seconds", estimate.queue_seconds},
                                 {"longest", estimate.longest},
                                 {"longest_seconds", estimate.longest_seconds},
                                 {"longest_cores", estimate.longest_cores}}
              .dump() +
          "\n");
    return;
  }
  std::string text = fmt::format("{}: predicted for {} machine{} of {} core{} as fast as one here: {}\n",
                                 plan.name, cluster.machines, cluster.machines == 1 ? "" : "s", cluster.cores,
                                 cluster.cores == 1 ? "" : "s", duration(estimate.seconds));
  text += fmt::format("  work        {} on one core; efficiency {:.0f} %\n", duration(estimate.work_seconds),
                      100 * estimate.efficiency);
  text += fmt::format("  memory      at most {} on one machine\n",
                      schedule::bytes_text(estimate.bytes_per_machine));
  text += fmt::format("  rank 0      {} for its queue, messages ({:g} s, {:g} bytes a second) and store\n",
                      duration(estimate.queue_seconds), cluster.latency_seconds, cluster.bytes_per_second);
  if (!estimate.longest.empty())
    text += fmt::format("  longest     the group with \"{}\": {} on {} core{}\n", estimate.longest,
                        duration(estimate.longest_seconds), estimate.longest_cores,
                        estimate.longest_cores == 1 ? "" : "s");
  print(text);
}

/// Expected time of the predictions of --dry-run.
constexpr double kPredictionSeconds = 1;

}  // namespace

std::vector<std::string> figures() {
  constexpr std::string_view kBegin = "figure-", kEnd = "-left";
  std::vector<std::string> words;
  for (const std::string& name : plan::built_in_plans())
    if (name.starts_with(kBegin) && name.ends_with(kEnd))
      words.push_back(name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size()));
  return words;
}

bool is_figure(const std::string& word) {
  const std::vector<std::string> words = figures();
  return std::find(words.begin(), words.end(), word) != words.end();
}

fs::path store_file(const fs::path& folder) { return folder / "results.sqlite"; }

fs::path folder_of(const Request& request, const Plan& plan) {
  return request.out ? fs::path(*request.out) : kResultsFolder / plan.name;
}

std::string json_lines(const std::vector<store::Result>& results) {
  std::string text;
  for (const store::Result& result : results)
    text += store::to_json(result).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return text;
}

Store existing_or_empty(const fs::path& folder) {
  std::error_code error;
  return fs::exists(store_file(folder), error) ? Store::open_read_only(store_file(folder))
                                               : Store::in_memory();
}

void print_estimate(const Request& request, const Plan& plan, const Store& store) {
  if (request.machines) {
    print_prediction(request, plan, store);
    return;
  }
  schedule::RunOptions options = run_options(request, plan);
  const schedule::PlanEstimate estimate = schedule::estimate_plan(plan, store, options);
  if (!request.json) {
    print(fmt::format("{}:\n{}expected: {} on {} core{}, at most {} of the {} of memory available\n",
                      plan.name, estimate_lines(estimate), duration(estimate.seconds), estimate.cores,
                      estimate.cores == 1 ? "" : "s", schedule::bytes_text(estimate.bytes),
                      schedule::bytes_text(estimate.available_bytes)));
    std::string predicted;
    for (const std::string& line : schedule::to_lines(schedule::predict_training(plan, kPredictionSeconds)))
      predicted += fmt::format("  {}\n", line);
    if (!predicted.empty()) print(fmt::format("predicted for SGD, draw 0:\n{}", predicted));
  } else {
    std::string json;
    for (const schedule::GroupEstimate& group : estimate.groups)
      json += nlohmann::ordered_json{{"plan", plan.name},
                                     {"method", to_string(group.method)},
                                     {"regime", to_string(group.regime)},
                                     {"N", group.widths},
                                     {"cells", group.cells},
                                     {"finished", group.finished},
                                     {"seconds", group.seconds},
                                     {"bytes", group.bytes},
                                     {"cores", group.cores},
                                     {"path", group.path}}
                  .dump() +
              "\n";
    print(json);
  }
  options.memory_bytes = estimate.available_bytes;
  schedule::check_plan_fits(plan, store, options);
}

namespace {

/// Remarks of plans that one command runs after another; none is said twice.
void say_remarks(const Plan& plan) {
  static std::set<std::string> said;
  for (const std::string& remark : plan::remarks(plan))
    if (said.insert(remark).second) say(remark);
}

}  // namespace

bool compute(const Request& request, const Plan& plan, Store& store, const fs::path& folder,
             bool with_progress) {
  say_remarks(plan);
  schedule::RunOptions options = run_options(request, plan);
  options.keep_in = folder;
  if (request.verbose) {
    const schedule::PlanEstimate estimate = schedule::estimate_plan(plan, store, options);
    say(fmt::format("{} ({}):\n{}expected: {}, at most {} of memory", plan.name, printable(plan.source),
                    estimate_lines(estimate), duration(estimate.seconds),
                    schedule::bytes_text(estimate.bytes)));
  }
  options.stop = [signalled = stop_on_signals(), elsewhere = options.stop] {
    return signalled() || (elsewhere && elsewhere());
  };
  if (with_progress) options.progress = progress_on_stderr(request.quiet);
  const schedule::RunReport report = schedule::run_plan(plan, store, options);
  if (with_progress && !request.quiet)
    say(fmt::format("{}: {} results, {} of them from the store; {}", plan.name,
                    report.reused + report.computed, report.reused, duration(report.seconds)));
  if (plan.base.train.search == train::Search::halving && report.steps_of_full_grid > 0)
    say(fmt::format(
        "{}: successive halving took {:.0f} % of the steps of the full grid", plan.name,
        100 * static_cast<double>(report.steps) / static_cast<double>(report.steps_of_full_grid)));
  if (report.stopped) say("stopped; the same command goes on from here");
  return !report.stopped;
}

int stopped_code() {
  constexpr int kSignalBase = 128;  // as shells count
  return signal_received() > 0 ? kSignalBase + signal_received() : kExitStopped;
}

int verdict(const Plan& plan, const std::vector<report::Row>& rows) {
  const auto troubled = std::count_if(rows.begin(), rows.end(), report::is_troubled);
  if (troubled == 0) return kExitOk;
  say(fmt::format("{}: {} of {} points lack a result: see the remarks", plan.name, troubled, rows.size()));
  return kExitIncomplete;
}

}  // namespace lazygap::app
