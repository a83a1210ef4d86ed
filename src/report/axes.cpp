#include "report/axes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "lazygap/report/escape.h"

namespace lazygap::report {
namespace {

/// The numbers of a frame along one of its axes.
struct Extent {
  double least = std::numeric_limits<double>::infinity();
  double positive = std::numeric_limits<double>::infinity();  ///< the least above 0
  double most = 0;
};
Extent extent(const Frame& frame, double Point::*member) {
  Extent extent;
  for (const Series& series : frame.series)
    for (const Point& point : series.points) {
      const double value = point.*member;
      if (!std::isfinite(value)) continue;
      extent.least = std::min(extent.least, value);
      extent.most = std::max(extent.most, value);
      if (value > 0) extent.positive = std::min(extent.positive, value);
    }
  return extent;
}

/// 1, 2 or 5 times a power of ten, so that at most `most` steps fit between the ends.
double nice_step(double left, double right, double most) {
  const double least = (right - left) / most;
  const double decade = std::pow(10, std::floor(std::log10(least)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (digit * decade >= least * (1 - 1e-12)) return digit * decade;
  return 10 * decade;
}

/// A tick of a logarithmic axis: as it is, or as a power of ten where that is shorter.
std::string tick_text(double at) {
  if (at >= 1e-3 * (1 - 1e-12) && at < 1e5 * (1 - 1e-12)) return fmt::format("{:.6g}", at);
  const double exponent = std::floor(std::log10(at) + 1e-9);
  const std::string digits = fmt::format("{:.3g}", at / std::pow(10, exponent));
  return fmt::format("{}10^{{{:.0f}}}", digits == "1" ? "" : digits + "×", exponent);
}

constexpr std::string_view kTickStyle = "out nomirror scale 0.6,0.3";

std::string tick_list(std::string_view axis, const std::vector<double>& labelled,
                      const std::vector<double>& small, Text text) {
  std::vector<std::string> entries;
  for (const double at : labelled) entries.push_back(fmt::format("{} {:.6g}", text(tick_text(at)), at));
  for (const double at : small) entries.push_back(fmt::format("'' {:.6g} 1", at));
  return fmt::format("set {} ({}) {}\n", axis, fmt::join(entries, ", "), kTickStyle);
}

/// Places on the axis that have points, in order.
std::vector<double> places(const Frame& frame) {
  std::set<double> found;
  for (const Series& series : frame.series)
    if (series.method != "limit" || frame.joined)
      for (const Point& point : series.points) found.insert(point.x);
  return {found.begin(), found.end()};
}

/// Whether the labels of ticks at these places keep clear of one another on a logarithmic axis.
bool have_room(const std::vector<double>& at) {
  constexpr std::size_t kFew = 8;
  constexpr double kRoom = 0.09;  // of the axis
  if (at.size() < 2 || at.size() > kFew || at.front() <= 0) return false;
  const double whole = std::log(at.back() / at.front());
  for (std::size_t i = 1; i < at.size(); ++i)
    if (std::log(at[i] / at[i - 1]) < kRoom * whole) return false;
  return true;
}

/// Beyond so many decades 2 and 5 have no labels; a column is narrower.
constexpr double kDigitsUpTo = 2.6, kDigitsInAColumnUpTo = 1.6;

std::string log_ticks_of(std::string_view axis, double left, double right, Text text, double digits_up_to) {
  constexpr double kMostLabels = 8;  // decades
  const double decades = std::log10(right / left);
  const double stride = std::max(1.0, std::ceil(decades / kMostLabels));
  std::vector<double> labelled, small;
  for (double k = std::floor(std::log10(left)); std::pow(10, k) <= right; ++k)
    for (int digit = 1; digit < 10; ++digit) {
      const double at = digit * std::pow(10, k);
      if (at < left * (1 - 1e-12) || at > right * (1 + 1e-12)) continue;
      const bool power = digit == 1 && std::remainder(k, stride) == 0;
      const bool round = digit == 1 || digit == 2 || digit == 5;
      if (decades <= digits_up_to ? round : power)
        labelled.push_back(at);
      else if (stride == 1 || digit == 1)
        small.push_back(at);
    }
  constexpr std::size_t kTooFew = 3;
  if (labelled.size() < kTooFew && decades < 1) {
    constexpr double kSteps = 5;
    const double step = nice_step(left, right, kSteps);
    labelled.clear();
    small.clear();
    for (double at = std::ceil(left / step) * step; at <= right * (1 + 1e-12); at += step)
      labelled.push_back(at);
  }
  return tick_list(axis, labelled, small, text);
}

/// With a mark at N = d and, for equal parameters, a second axis of those.
std::string log_axis(const Frame& frame, Text text_of) {
  const Extent x = extent(frame, &Point::x);
  if (!std::isfinite(x.positive)) return "set logscale x\n";
  const double mark = frame.mark.value_or(x.positive);
  const double left = std::min(x.positive, mark) / 1.12;
  const double right = std::max(x.most, frame.mark ? 1.01 * mark : 0.0) * 1.12;
  std::string text = fmt::format("set logscale x\nset xrange [{:.6g}:{:.6g}]\n", left, right);
  if (frame.mark)
    text += fmt::format(
        "set arrow from {0}, graph 0 to {0}, graph 1 nohead dt 3 lw 1.3 lc rgb '#777777' back\n", mark);
  // Where points stand at a few places, these are the ticks.
  const std::vector<double> few = places(frame);
  text += frame.joined && have_room(few)
              ? tick_list("xtics", few, {}, text_of)
              : log_ticks_of("xtics", left, right, text_of,
                             frame.size == "column" ? kDigitsInAColumnUpTo : kDigitsUpTo);
  if (frame.equal_parameters && frame.d > 0) {
    const double parameters = static_cast<double>(frame.d + 1);
    text +=
        fmt::format("set logscale x2\nset x2range [{:.6g}:{:.6g}]\n", parameters * left, parameters * right);
    text += log_ticks("x2tics", parameters * left, parameters * right, text_of);
  }
  return text;
}

std::string linear_axis(const Frame& frame, Text text_of) {
  const Extent x = extent(frame, &Point::x);
  if (!std::isfinite(x.least)) return {};
  const double width = x.most - x.least;
  const double margin = width > 0 ? 0.03 * width : std::max(0.03 * std::abs(x.most), 1e-9);
  const double left = frame.along_training ? 0 : x.least - margin;
  const double right = frame.along_training ? 1.02 * std::max(x.most, 1e-9) : x.most + margin;
  std::string text = fmt::format("set xrange [{:.6g}:{:.6g}]\n", left, right);
  if (frame.x.words.empty()) return text + linear_ticks("xtics", left, right);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < frame.x.words.size(); ++i)
    words.push_back(fmt::format("{} {}", text_of(enhanced_text(frame.x.words[i])), i));
  return text + fmt::format("set xtics ({}) {}\n", fmt::join(words, ", "), kTickStyle);
}

std::string ratio_axis(const Frame& frame, Text text_of) {
  const auto [bottom, top] = ends_of_ratio(frame);
  return fmt::format(
      "{}set yrange [{:.6g}:{:.6g}]\n{}", frame.y.log ? "set logscale y\n" : "", bottom, top,
      frame.y.log ? log_ticks("ytics", bottom, top, text_of) : linear_ticks("ytics", bottom, top));
}

}  // namespace

std::string linear_ticks(std::string_view axis, double left, double right) {
  constexpr double kMostSteps = 8;
  return fmt::format("set {} {:.6g} {}\n", axis, nice_step(left, right, kMostSteps), kTickStyle);
}

std::string log_ticks(std::string_view axis, double left, double right, Text text) {
  return log_ticks_of(axis, left, right, text, kDigitsUpTo);
}

Ends ends_of_ratio(const Frame& frame) {
  const Extent y = extent(frame, &Point::ratio);
  if (frame.y.log && std::isfinite(y.positive)) return {y.positive / 1.3, std::max(1.05, 1.3 * y.most)};
  if (frame.y.log) return {0.1, 1.05};
  // The start of training can lie far above R0; the curve of interest lies below.
  const bool is_risk = frame.what == Frame().what;
  const double most = frame.along_training && is_risk ? std::min(1.05 * y.most, 1.5) : 1.05 * y.most;
  // Where nothing comes near R0, the whole way up to it would leave nothing to be seen.
  constexpr double kNear = 0.3;
  const double top = most > kNear || most <= 0 ? std::max(1.05, most) : most;
  return {-0.03 * top, top};
}

std::string axes_script(const Frame& frame, Text text) {
  const bool log = frame.x.log && !frame.along_training;
  return (log ? log_axis(frame, text) : linear_axis(frame, text)) + ratio_axis(frame, text);
}

}  // namespace lazygap::report
