#include "commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "exit_codes.h"
#include "lazygap/core/error.h"
#include "lazygap/core/files.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/contents.h"
#include "lazygap/report/table.h"
#include "lazygap/schedule/run.h"
#include "output.h"
#include "work.h"

/// limit, exact, run, show.
namespace lazygap::app {
namespace {

namespace fs = std::filesystem;
using plan::Plan;
using question::Method;
using store::Store;

/// A table in the format that the request asks for.
std::string in_format(const Request& request, const report::Table& table) {
  const std::string format = request.format.value_or(request.json ? "json" : "table");
  if (format == "csv") return to_csv(table);
  if (format == "json") return to_json_lines(table);
  if (format == "markdown") return to_markdown(table);
  return format == "latex" ? to_latex(table) : with_heading(STDOUT_FILENO, align(table));
}

std::string table_text(const Request& request, const Plan& plan, const std::vector<report::Row>& rows) {
  const std::string format = request.format.value_or("");
  const bool full = format == "csv" || format == "json";
  return in_format(request, full ? report::full_table(plan, rows) : report::readable_table(plan, rows));
}

void print_results(const Request& request, const Plan& plan, const Store& store,
                   const std::vector<report::Row>& rows) {
  print(request.json ? json_lines(schedule::results_of(plan, store)) : table_text(request, plan, rows));
}

/// `limit` and `exact`: one method, whatever the plan's are.
int one_method(const Request& request, Method method) {
  // "limit 1" is the left frame of "figure 1".
  const std::string name =
      is_figure(request.plan) ? fmt::format("figure-{}-left-laptop", request.plan) : request.plan;
  const Plan plan = plan::load_plan(name, request.overrides, method);
  if (request.dry_run) {
    print_estimate(request, plan, request.out ? existing_or_empty(*request.out) : Store::in_memory());
    return kExitOk;
  }
  Store store = request.out ? Store::open(store_file(*request.out)) : Store::in_memory();
  if (!compute(request, plan, store, request.out.value_or(""), method != Method::limit))
    return stopped_code();
  const std::vector<report::Row> rows = report::summarise(plan, store);
  if (request.out) {
    const fs::path file = fs::path(*request.out) / fmt::format("{}-{}.txt", plan.name, to_string(method));
    write_file(file, align(report::readable_table(plan, rows)));
    say(fmt::format("written: {}", printable(file.string())));
  }
  print_results(request, plan, store, rows);
  return verdict(plan, rows);
}

/// The store that the word names, if it does: an SQLite file, or a folder of results.
std::optional<fs::path> named_store(const std::string& word) {
  const std::vector<std::string> names = plan::built_in_plans();
  if (std::find(names.begin(), names.end(), word) != names.end()) return {};
  std::error_code error;
  if (fs::is_directory(word, error))
    return fs::exists(store_file(word), error) ? std::optional(store_file(word)) : std::nullopt;
  std::string start(16, '\0');
  std::ifstream(word, std::ios::binary).read(start.data(), static_cast<std::streamsize>(start.size()));
  return start.starts_with("SQLite format 3") ? std::optional<fs::path>(word) : std::nullopt;
}

int show_contents(const Request& request, const fs::path& file) {
  if (!request.overrides.empty() || request.out)
    throw UsageError(
        fmt::format("{} is a store, whose whole content is listed: --set and --out belong to plans",
                    printable(request.plan)));
  print(in_format(request, report::contents(Store::open_read_only(file))));
  return kExitOk;
}

}  // namespace

int limit(const Request& request) { return one_method(request, Method::limit); }
int exact(const Request& request) { return one_method(request, Method::exact); }

int run(const Request& request) {
  const Plan plan = plan::load_plan(request.plan, request.overrides);
  const fs::path folder = folder_of(request, plan);
  if (request.dry_run) {
    print_estimate(request, plan, existing_or_empty(folder));
    return kExitOk;
  }
  Store store = Store::open(store_file(folder));
  if (!compute(request, plan, store, folder)) return stopped_code();
  const std::vector<report::Row> rows = report::summarise(plan, store);
  print_results(request, plan, store, rows);
  return verdict(plan, rows);
}

int show(const Request& request) {
  if (const auto file = named_store(request.plan)) return show_contents(request, *file);
  const Plan plan = plan::load_plan(request.plan, request.overrides);
  const fs::path folder = folder_of(request, plan);
  std::error_code error;
  if (!fs::exists(store_file(folder), error))
    throw FileError(fmt::format("there are no results in {}; \"lazygap run {}{}\" computes them",
                                printable(folder.string()), printable(request.plan),
                                request.out ? " --out " + printable(*request.out) : ""));
  const Store store = Store::open_read_only(store_file(folder));
  const std::vector<report::Row> rows = report::summarise(plan, store);
  print_results(request, plan, store, rows);
  return verdict(plan, rows);
}

}  // namespace lazygap::app
