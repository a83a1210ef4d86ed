#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lazygap/report/frame.h"

namespace lazygap::report {

/// The numbers behind a frame, one row for each point:
/// series,regime,method,label,N,n,draws,x,ratio,se. Empty fields: n infinite, no standard error.
[[nodiscard]] std::string to_csv(const Frame& frame);

/// The gnuplot script that draws `frame` from NAME.csv into NAME.svg, NAME.pdf and NAME.png in the same
/// folder.
[[nodiscard]] std::string gnuplot_script(const Frame& frame);

/// What became of a frame.
struct Drawing {
  enum class Pictures {
    drawn,
    no_gnuplot,  ///< there is no gnuplot that could be started
    failed,      ///< gnuplot said so, was killed, or took too long
    cut,         ///< gnuplot was content, but a picture is missing or not whole: the disk may be full
    stopped,     ///< by the caller
  };
  Pictures pictures = Pictures::drawn;
  std::vector<std::filesystem::path> files;  ///< written, in this order: csv, gp[, svg, pdf, png]
  std::string svg;                           ///< text of the SVG; empty where there is no whole one
  std::string problem;  ///< why there are no pictures, naming file and cause; empty where drawn
};

/// Writes numbers and script into `folder` and lets gnuplot (found in PATH) draw the pictures, which takes
/// their places once all of them are whole. Without them numbers and script are written all the same,
/// pictures from before stay as they are, and Drawing::problem is a sentence. Every file appears complete or
/// not at all. gnuplot is killed after a minute, or once `stop`, which is polled, gives true. Throws
/// FileError where the folder cannot be written.
[[nodiscard]] Drawing draw(const Frame& frame, const std::filesystem::path& folder,
                           const std::function<bool()>& stop = {});
/// The same for numbers and a script of one's own, which writes NAME.svg, NAME.pdf and NAME.png.
[[nodiscard]] Drawing draw(const std::string& name, const std::string& csv, const std::string& script,
                           const std::filesystem::path& folder, const std::function<bool()>& stop = {});

}  // namespace lazygap::report
