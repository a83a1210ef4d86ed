#include "commands.h"

#include <fmt/format.h>

#include "exit_codes.h"
#include "lazygap/core/error.h"
#include "lazygap/core/files.h"
#include "lazygap/core/quote.h"
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

/// The table of a plan in the format that the request asks for.
std::string table_text(const Request& request, const Plan& plan, const std::vector<report::Row>& rows) {
  const std::string format = request.format.value_or("table");
  if (format == "csv") return to_csv(report::full_table(plan, rows));
  if (format == "json") return to_json_lines(report::full_table(plan, rows));
  const report::Table table = report::readable_table(plan, rows);
  if (format == "markdown") return to_markdown(table);
  return format == "latex" ? to_latex(table) : align(table);
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
  if (!compute(request, plan, store, method != Method::limit)) return stopped_code();
  const std::vector<report::Row> rows = report::summarise(plan, store);
  if (request.out) {
    const fs::path file = fs::path(*request.out) / fmt::format("{}-{}.txt", plan.name, to_string(method));
    write_file(file, align(report::readable_table(plan, rows)));
    say(fmt::format("written: {}", printable(file.string())));
  }
  print_results(request, plan, store, rows);
  return verdict(plan, rows);
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
  if (!compute(request, plan, store)) return stopped_code();
  const std::vector<report::Row> rows = report::summarise(plan, store);
  print_results(request, plan, store, rows);
  return verdict(plan, rows);
}

int show(const Request& request) {
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
