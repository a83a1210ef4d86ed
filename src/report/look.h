#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lazygap/report/frame.h"

/// How the series of a frame look. A colour belongs to a regime, a shape and a dash to every series that has
/// a legend entry of its own, so that they stay apart without colour, too.
namespace lazygap::report {

struct Look {
  std::string_view colour;
  int open = 6, filled = 7;    ///< gnuplot's point types
  std::string_view dash = "";  ///< gnuplot's dash pattern: " dt (12,4)"; empty: solid
};

[[nodiscard]] Look look_of(const Frame& frame, const Series& series);

/// The regime in gnuplot's enhanced text.
[[nodiscard]] std::string_view regime_label(std::string_view regime);

/// Whether there are series that serve all labels beside others of another regime: grey would not say of
/// which regime they are.
[[nodiscard]] bool shares_regimes(const Frame& frame);
/// A risk that is the same along the whole axis; simulations keep their markers, one at each end.
[[nodiscard]] bool is_flat(const Series& series);
/// The answers of a route that has no points of its own: limit, curve, lazy_rich, dynamics,
/// state_evolution.
[[nodiscard]] bool is_line(const Series& series);
/// Whether a line joins the markers: where none is drawn through them in any case.
[[nodiscard]] bool is_joined(const Frame& frame, const Series& series);
/// A fit of a regime that was trained, too: drawn as a cross.
[[nodiscard]] bool is_second_simulation(const Frame& frame, const Series& series);
/// gnuplot's point type of such a fit.
inline constexpr int kCross = 2;
[[nodiscard]] bool has_method(const Frame& frame, std::string_view method);

/// The width of the line of a route: a limit is thin where another line is the subject.
[[nodiscard]] std::string_view line_width(const Frame& frame, std::string_view method);
/// Curves along training have a marker at so many of their points only.
[[nodiscard]] std::size_t marker_interval(const Series& series);

}  // namespace lazygap::report
