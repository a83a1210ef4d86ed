#include <fmt/format.h>

#include <algorithm>

#include "commands.h"
#include "exit_codes.h"
#include "lazygap/core/error.h"
#include "lazygap/core/files.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/frame.h"
#include "lazygap/report/html.h"
#include "lazygap/schedule/run.h"
#include "output.h"
#include "signals.h"
#include "work.h"

namespace lazygap::app {
namespace {

namespace fs = std::filesystem;
using plan::Plan;
using store::Store;

std::vector<Plan> plans_of(const Request& request, bool whole, const std::string& scale) {
  if (!whole && request.scale)
    throw UsageError(fmt::format(
        "--scale {} belongs to the figures of two frames (1, 2, 1-relu, ...), but {} is a plan, which "
        "has its own scale",
        scale, quote(request.plan)));
  if (!whole) return {plan::load_plan(request.plan, request.overrides)};
  std::vector<Plan> plans;
  for (const char* side : {"left", "right"})
    plans.push_back(
        plan::load_plan(fmt::format("figure-{}-{}{}", request.plan, side, scale == "laptop" ? "-laptop" : ""),
                        request.overrides));
  return plans;
}

/// Draws the frames of a plan into `folder`; the exit code of what went wrong.
int draw_section(report::Section& section, const fs::path& folder) {
  using Pictures = report::Drawing::Pictures;
  int code = kExitOk;
  for (const report::Frame& frame : section.frames) {
    section.drawings.push_back(report::draw(frame, folder, stop_on_signals()));
    const report::Drawing& drawing = section.drawings.back();
    if (!drawing.problem.empty()) say(drawing.problem);
    for (const std::string& finding : frame.findings) say(fmt::format("{}: {}", frame.name, finding));
    if (drawing.pictures == Pictures::stopped) return stopped_code();
    if (drawing.pictures != Pictures::drawn) code = kExitFiles;
  }
  return code;
}

}  // namespace

int figure(const Request& request) {
  const bool whole = is_figure(request.plan);
  const std::string scale = request.scale.value_or("laptop");
  const std::vector<Plan> plans = plans_of(request, whole, scale);
  const fs::path pictures = request.out ? fs::path(*request.out)
                            : whole     ? kResultsFolder / fmt::format("figure-{}-{}", request.plan, scale)
                                        : kResultsFolder / plans.front().name;
  // The results of a plan are where `lazygap run` puts them, so that each finds the work of the other.
  const auto results = [&](const Plan& plan) {
    return whole ? (request.out ? pictures : kResultsFolder) / plan.name : pictures;
  };
  if (request.dry_run) {
    for (const Plan& plan : plans) print_estimate(request, plan, existing_or_empty(results(plan)));
    return kExitOk;
  }
  int code = kExitOk;
  std::vector<report::Section> sections;
  std::string text, json;
  for (const Plan& plan : plans) {
    Store store = Store::open(store_file(results(plan)));
    if (!compute(request, plan, store)) return stopped_code();
    report::Section section;
    section.plan = plan;
    section.rows = report::summarise(plan, store);
    section.results = schedule::results_of(plan, store);
    section.frames = report::make_frames(plan, section.rows);
    code = std::max(code, draw_section(section, pictures));
    for (const report::Drawing& drawing : section.drawings)
      for (const fs::path& file : drawing.files) text += printable(file.string()) + "\n";
    if (request.json) json += json_lines(section.results);
    code = std::max(code, verdict(plan, section.rows));
    sections.push_back(std::move(section));
  }
  const std::string title = whole ? fmt::format("Figure {} at {} scale", request.plan, scale)
                                  : fmt::format("Figure of {}", plans.front().name);
  write_file(pictures / "report.html", report::to_html(title, request.command_line, sections));
  text += printable((pictures / "report.html").string()) + "\n";
  print(request.json ? json : text);
  return code;
}

}  // namespace lazygap::app
