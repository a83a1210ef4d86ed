#pragma once

#include <string>
#include <vector>

#include "lazygap/experiment/plan.h"
#include "lazygap/experiment/summary.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/frame.h"
#include "lazygap/store/result.h"

namespace lazygap::report {

/// One frame of a report with everything behind it.
struct Section {
  experiment::Plan plan;
  Frame frame;
  Drawing drawing;
  std::vector<experiment::Row> rows;
  std::vector<store::Result> results;
};

/// One self-contained page: it refers to no other file, needs no script and no network. For each section the
/// picture, a table of every point, the resolved plan, and where the numbers come from.
[[nodiscard]] std::string to_html(const std::string& title, const std::vector<Section>& sections);

}  // namespace lazygap::report
