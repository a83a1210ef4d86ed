#include "lazygap/report/frame.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "lazygap/core/error.h"
#include "report/frame_parts.h"
#include "report/titles.h"

namespace lazygap::report {
namespace {

void check_name(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.find_first_of("/\n,'\"") != std::string::npos)
    throw UsageError(
        fmt::format("report::make_frames: the name of the plan is \"{}\", but must be usable as a file name: "
                    "not empty, no dot at its start, no slash, comma, quote or line break",
                    name));
}

std::string file_text(std::string text) {
  for (char& c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
      c = '_';
  return text;
}

Frame make_frame(const Plan& plan, const std::vector<Row>& rows, const std::string& facet) {
  Frame frame;
  frame.name = facet.empty() ? plan.name : fmt::format("{}-{}", plan.name, file_text(facet));
  const bool one_d =
      std::all_of(rows.begin(), rows.end(), [&](const Row& row) { return row.d == rows.front().d; });
  frame.d = !rows.empty() && one_d ? rows.front().d : 0;
  frame.model = plan.base.problem.model;
  frame.along_training = plan.figure.frame == "right";
  frame.size = plan.figure.size;
  frame.latex = plan.figure.latex;
  frame.equal_parameters = plan.base.network.equal_parameters;
  frame.y = {.label = "{/:Italic R} / {/:Italic R}_0", .log = plan.figure.y_scale == "log"};
  if (frame.along_training)
    add_training(frame, plan, rows);
  else
    add_against_key(frame, plan, rows);
  frame.title = plan.figure.title.empty() ? title_of(plan, frame) : plan.figure.title;
  if (!facet.empty()) frame.title += fmt::format(", {}", facet);
  frame.caption = caption_of(plan, rows);
  return frame;
}

/// How far training has moved the tangent kernel, against the key of the first frame.
Frame kernel_frame(const Plan& plan, const std::vector<Row>& rows, const std::vector<Row>& cosines) {
  Frame frame = make_frame(plan, rows, "");
  frame.name += "-kernel";
  frame.what = "cosine of the tangent kernels at the start and the end";
  frame.y = {.label = "cosine of the tangent kernels"};
  frame.series.clear();
  frame.findings.clear();
  add_against_key(frame, plan, cosines);
  return frame;
}

/// The same points against N over the square of the effective dimension.
Frame collapsed_frame(const Plan& plan, const std::vector<Row>& rows) {
  Frame frame = make_frame(plan, rows, "");
  frame.name += "-collapse";
  frame.series.clear();
  frame.findings.clear();
  frame.mark.reset();
  add_against_key(frame, plan, rows, true);
  return frame;
}

}  // namespace

std::vector<Frame> make_frames(const Plan& plan, const std::vector<Row>& rows) {
  check_name(plan.name);
  const Key* facet = plan.figure.facet;
  std::vector<Frame> frames;
  if (facet == nullptr) {
    frames.push_back(make_frame(plan, rows, ""));
    if (frames.front().along_training)
      for (Frame& frame : mechanism_frames(plan, rows)) frames.push_back(std::move(frame));
    else if (const std::vector<Row> cosines = kernel_rows(plan, rows); !cosines.empty())
      frames.push_back(kernel_frame(plan, rows, cosines));
    if (!frames.front().along_training && collapses(plan)) frames.push_back(collapsed_frame(plan, rows));
    return frames;
  }
  std::vector<std::string> values;
  for (const Row& row : rows) {
    const std::string value = coordinate_text(plan, row, *facet);
    if (std::find(values.begin(), values.end(), value) != values.end()) continue;
    values.push_back(value);
    std::vector<Row> some;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(some),
                 [&](const Row& other) { return coordinate_text(plan, other, *facet) == value; });
    frames.push_back(
        make_frame(plan, some, value_label(*facet, plan.at(Method::limit, row.regime, row.point))));
  }
  return frames;
}

std::string describe(const Frame& frame) {
  if (!frame.maps.empty())
    return fmt::format("{}: {}; every number is in {}.csv.", frame.title, frame.what, frame.name);
  std::set<std::string> regimes;
  for (const Series& series : frame.series) regimes.insert(series.regime);
  return fmt::format(
      "{}: {} against {} for {}; every number is in {}.csv.", frame.title, frame.what, plain_label(frame),
      regimes.empty() ? "no regime (there are no results yet)" : fmt::format("{}", fmt::join(regimes, ", ")),
      frame.name);
}

}  // namespace lazygap::report
