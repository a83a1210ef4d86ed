#pragma once

#include <string>
#include <string_view>

#include "lazygap/report/frame.h"

/// The axes of a frame in gnuplot's language: ranges, labels and ticks.
namespace lazygap::report {

/// Turns gnuplot's enhanced text into a string of gnuplot, as it is or for LaTeX.
using Text = std::string (*)(std::string_view);

/// Ticks of a linear axis, "set xtics 0.2": a step of 1, 2 or 5 times a power of ten, at most nine ticks.
[[nodiscard]] std::string linear_ticks(std::string_view axis, double left, double right);

/// Ticks of a logarithmic axis, listed: labels at powers of ten or, where there are few of these, at 1, 2 and
/// 5 times them, or at equal steps where both ends are close; small ticks without a label between them. Fewer
/// than fifteen labels whatever the range.
[[nodiscard]] std::string log_ticks(std::string_view axis, double left, double right, Text text);

[[nodiscard]] std::string axes_script(const Frame& frame, Text text);

/// The ends of the axis of R/R0, which the script needs to know which error bars can be seen.
struct Ends {
  double bottom = 0, top = 1;
};
[[nodiscard]] Ends ends_of_ratio(const Frame& frame);

}  // namespace lazygap::report
