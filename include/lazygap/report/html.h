#pragma once

#include <string>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/frame.h"
#include "lazygap/report/summary.h"
#include "lazygap/store/result.h"

namespace lazygap::report {

/// One plan of a report: its frames with everything behind them.
struct Section {
  Plan plan;
  std::vector<Frame> frames;
  std::vector<Drawing> drawings;  ///< one for each frame
  std::vector<Row> rows;
  std::vector<store::Result> results;
};

/// One self-contained page: it needs no other file, no script and no network; it links to the files beside
/// it. For each section the pictures, a table of every point, the resolved plan, and where the numbers come
/// from. `command`: the command line that made it.
[[nodiscard]] std::string to_html(const std::string& title, const std::string& command,
                                  const std::vector<Section>& sections);

}  // namespace lazygap::report
