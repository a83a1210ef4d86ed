#pragma once

#include <string>

#include "lazygap/report/frame.h"

/// The numbers and the gnuplot script of a frame of heat maps (Frame::maps), as report/draw.h has them for
/// curves.
namespace lazygap::report {

/// Columns i, j and one for each map.
[[nodiscard]] std::string heat_map_csv(const Frame& frame);
/// The maps side by side.
[[nodiscard]] std::string heat_map_script(const Frame& frame);

}  // namespace lazygap::report
