#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lazygap/report/frame.h"

namespace lazygap::report {

/// The numbers behind a frame, one row for each point:
/// series,regime,method,d,N,rho,n,draws,x,ratio,se. Empty fields: n infinite, no standard error.
[[nodiscard]] std::string to_csv(const Frame& frame);

/// The gnuplot script that draws `frame` from NAME.csv into NAME.svg, NAME.pdf and NAME.png in the same
/// folder.
[[nodiscard]] std::string gnuplot_script(const Frame& frame);

/// What became of a frame.
struct Drawing {
  std::vector<std::filesystem::path> files;  ///< written, in this order: csv, gp[, svg, pdf, png]
  std::string svg;                           ///< text of the SVG; empty where it could not be drawn
  std::string problem;                       ///< why there are no pictures; empty where there are
};

/// Writes numbers and script into `folder` and lets gnuplot (found in PATH) draw the pictures. Where gnuplot
/// is missing or fails, numbers and script are written all the same and Drawing::problem says what to do.
/// Every file appears complete or not at all. Throws FileError where the folder cannot be written.
[[nodiscard]] Drawing draw(const Frame& frame, const std::filesystem::path& folder);

/// First line of `gnuplot --version`, empty where gnuplot is not in PATH.
[[nodiscard]] std::string gnuplot_version();

}  // namespace lazygap::report
