#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

#include "lazygap/core/quote.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/escape.h"
#include "report/heat_map.h"

/// The gnuplot script of a frame.
namespace lazygap::report {
namespace {

// Okabe and Ito's palette, whose colours stay distinct under the common forms of colour blindness. The first
// tint of a regime is its colour everywhere; the others serve further widths on a right frame.
struct Style {
  std::string_view regime;
  std::string_view label;  // gnuplot's enhanced text
  std::array<std::string_view, 4> tints;
  int open;  // gnuplot point types: the regime has a shape as well as a colour
  int filled;
};

constexpr std::array<Style, 6> kStyles{{
    {"NN", "NN", {"#0072B2", "#56B4E9", "#003D66", "#8899CC"}, 6, 7},
    {"NT", "NT", {"#D55E00", "#E69F00", "#7A3300", "#C9A27A"}, 4, 5},
    {"RF(I)", "RF(I)", {"#009E73", "#66C9AD", "#00543D", "#8FB8A8"}, 8, 9},
    {"RF(Gamma*)", "RF(Γ*)", {"#CC79A7", "#E3B5CD", "#7D3A60", "#B79AA9"}, 12, 13},
    {"RF", "RF", {"#E69F00", "#F0C860", "#8A5F00", "#C9B27A"}, 10, 11},
    {"Bayes", "Bayes", {"#000000", "#000000", "#000000", "#000000"}, 6, 7},
}};

const Style& style_of(std::string_view regime) {
  const auto found =
      std::find_if(kStyles.begin(), kStyles.end(), [&](const Style& s) { return s.regime == regime; });
  return found == kStyles.end() ? kStyles.back() : *found;
}

// Drawn in this order: what comes later lies on top.
constexpr std::array<std::string_view, 8> kLayers{"limit", "curve", "lazy_rich", "exact",
                                                  "fit",   "train", "flow",      "dynamics"};

bool has_method(const Frame& frame, std::string_view method) {
  return std::any_of(frame.series.begin(), frame.series.end(),
                     [&](const Series& s) { return s.method == method && s.regime != "Bayes"; });
}

bool has_errors(const Series& series) {
  return std::any_of(series.points.begin(), series.points.end(),
                     [](const Point& p) { return p.se.has_value(); });
}

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

/// How a series looks: a colour and a shape.
struct Look {
  std::string_view colour;
  int open = 6, filled = 7;
};

/// Whether all series are of one regime, so that colours and shapes are free to tell labels apart.
bool is_of_one_regime(const Frame& frame) {
  std::set<std::string> regimes;
  for (const Series& series : frame.series)
    if (series.regime != "Bayes") regimes.insert(series.regime);
  return regimes.size() == 1;
}

/// Its regime's colour, in a tint of its own where series of one regime differ; where there is one regime
/// only, a colour and a shape for each label.
Look look_of(const Frame& frame, const Series& series) {
  if (series.tint < 0) return {"#555555", 6, 7};
  const auto tint = static_cast<std::size_t>(series.tint);
  if (is_of_one_regime(frame) && series.regime != "Bayes" && !frame.along_training) {
    constexpr std::array<Look, 7> kLooks{{{"#0072B2", 6, 7},
                                          {"#D55E00", 4, 5},
                                          {"#009E73", 8, 9},
                                          {"#CC79A7", 12, 13},
                                          {"#E69F00", 10, 11},
                                          {"#56B4E9", 14, 15},
                                          {"#000000", 6, 7}}};
    return kLooks[tint % kLooks.size()];
  }
  const Style& style = style_of(series.regime);
  return {style.tints[tint % style.tints.size()], style.open, style.filled};
}

/// Places on the axis that have points, in order.
std::vector<double> places(const Frame& frame) {
  std::set<double> found;
  for (const Series& series : frame.series)
    if (series.method != "limit" || frame.joined)
      for (const Point& point : series.points) found.insert(point.x);
  return {found.begin(), found.end()};
}

/// Labels at 1, 2, 5 times the powers of ten where gnuplot would label the powers only, of which there may be
/// one or none.
std::string log_tics(std::string_view axis, double left, double right) {
  constexpr double kDecadesAreEnough = 300;
  if (right / left > kDecadesAreEnough) return {};
  std::string list;
  for (double decade = std::pow(10, std::floor(std::log10(left))); decade <= right; decade *= 10)
    for (const double digit : {1.0, 2.0, 5.0})
      if (const double at = digit * decade; at >= left && at <= right)
        list += fmt::format("{}{:.6g}", list.empty() ? "" : ", ", at);
  return fmt::format("set {} ({}) out nomirror scale 0.6\n", axis, list);
}

/// The x axis along training.
std::string training_axis(const Frame& frame) {
  return fmt::format("set xrange [0:{:.6g}]\nset format x '%.0f'\n",
                     1.02 * std::max(1.0, extent(frame, &Point::x).most));
}

/// Logarithmic in x; with a mark at N = d and, for equal parameters, a second axis of those.
std::string log_axis(const Frame& frame) {
  const Extent x = extent(frame, &Point::x);
  if (!std::isfinite(x.positive)) return "set logscale x\n";
  const double mark = frame.mark.value_or(x.positive);
  const double left = std::min(x.positive, mark) / 1.12;
  const double right = std::max(x.most, frame.mark ? 1.01 * mark : 0.0) * 1.12;
  std::string text = fmt::format("set logscale x\nset xrange [{:.6g}:{:.6g}]\n", left, right);
  if (frame.mark)
    text += fmt::format(
        "set arrow from {0}, graph 0 to {0}, graph 1 nohead dt 3 lw 1.3 lc rgb '#777777' back\n"
        "set label '{{/:Italic N}} = {{/:Italic d}}' at {0}, graph 0.97 offset 0.5,0 tc rgb '#555555'\n",
        mark);
  // Where points stand at a few places, these are the ticks.
  constexpr std::size_t kFew = 8;
  if (const std::vector<double> few = places(frame); frame.joined && few.size() <= kFew) {
    std::vector<std::string> ticks;
    for (const double x_value : few) ticks.push_back(fmt::format("{:.6g}", x_value));
    text += fmt::format("set xtics ({}) out nomirror scale 0.6\n", fmt::join(ticks, ", "));
  } else {
    text += log_tics("xtics", left, right);
  }
  if (frame.equal_parameters && frame.d > 0) {
    const double parameters = static_cast<double>(frame.d + 1);
    text += fmt::format(
        "set xlabel 'number of neurons of NT and NN, {{/:Italic N}}'.\"\\n \"\n"
        "set x2label 'parameters, {{/:Italic N}}({{/:Italic d}}+1) = number of neurons of RF' offset "
        "0,-0.6\n"
        "set logscale x2\nset x2range [{:.6g}:{:.6g}]\n",
        parameters * left, parameters * right);
    text += log_tics("x2tics", parameters * left, parameters * right);
  }
  return text;
}

std::string linear_axis(const Frame& frame) {
  const Extent x = extent(frame, &Point::x);
  const double margin = 0.03 * std::max(x.most - x.least, 1e-9);
  if (!std::isfinite(x.least)) return {};
  return fmt::format("set xrange [{:.6g}:{:.6g}]\n", x.least - margin, x.most + margin);
}

std::string ratio_axis(const Frame& frame) {
  const Extent y = extent(frame, &Point::ratio);
  if (frame.y.log && std::isfinite(y.positive)) {
    const double bottom = y.positive / 1.3, top = std::max(1.05, 1.3 * y.most);
    return fmt::format("set logscale y\nset yrange [{:.6g}:{:.6g}]\n", bottom, top) +
           log_tics("ytics", bottom, top);
  }
  // The start of training can lie far above R0; the curve of interest lies below.
  const bool is_risk = frame.what == Frame().what;
  const double most = frame.along_training && is_risk ? std::min(1.05 * y.most, 1.5) : 1.05 * y.most;
  const double top = std::max(1.05, most);
  constexpr double kWide = 2;  // beyond it ticks at every 0.2 are too many, and gnuplot chooses them
  return fmt::format("set yrange [{:.6g}:{:.6g}]\n{}", -0.03 * top, top,
                     top > kWide ? "" : "set ytics 0.2\n");
}

/// A second, empty line of the label keeps the legend below clear of it.
constexpr std::string_view kRoomForTheLegend = ".\"\\n \"";

std::string axes(const Frame& frame) {
  std::string text = fmt::format("set xlabel {}{}\nset ylabel {}\n", gnuplot_string(frame.x.label),
                                 kRoomForTheLegend, gnuplot_string(frame.y.label));
  text += frame.along_training ? training_axis(frame) : frame.x.log ? log_axis(frame) : linear_axis(frame);
  return text + ratio_axis(frame);
}

/// A fit of a regime that was trained, too: drawn as a cross.
bool is_second_simulation(const Frame& frame, const Series& series) {
  return series.method == "fit" &&
         std::any_of(frame.series.begin(), frame.series.end(),
                     [&](const Series& s) { return s.regime == series.regime && s.method == "train"; });
}
constexpr int kCross = 2;  // gnuplot's point type

/// A risk that is the same along the whole axis.
bool is_flat(const Series& series) {
  return series.points.size() == 2 && series.points[0].draws == 0 && !series.points[0].se &&
         series.points[0].ratio == series.points[1].ratio;
}

/// Whether a line joins the markers: where none is drawn through them in any case.
bool is_joined(const Frame& frame, const Series& series) {
  return frame.joined && std::none_of(frame.series.begin(), frame.series.end(), [&](const Series& other) {
           const bool same = other.regime == series.regime && other.label == series.label;
           const bool line = other.method == "limit" || other.method == "curve" ||
                             other.method == "lazy_rich" || other.method == "dynamics";
           return same && (line || (other.method == "exact" && series.method != "exact"));
         });
}

/// The part of gnuplot's plot command that draws a series.
std::string curve(const Frame& frame, const Series& series) {
  const Look style = look_of(frame, series);
  const std::string_view colour = style.colour;
  const std::string name = gnuplot_string(series.name);
  std::string look;
  bool marked = false;
  if (series.regime == "Bayes") {
    look = fmt::format("lines dt 3 lw 2 lc rgb '{}'", colour);
  } else if (series.method == "limit") {
    look = fmt::format("lines {} lc rgb '{}'", frame.along_training ? "dt 2 lw 1.6" : "lw 2.4", colour);
  } else if (is_flat(series)) {
    look = fmt::format("lines dt 4 lw 1.6 lc rgb '{}'", colour);
  } else if (series.method == "curve" || series.method == "lazy_rich") {
    look = fmt::format("lines lw 2.4 lc rgb '{}'", colour);
  } else if (series.method == "dynamics") {
    look = fmt::format("lines dt (6,3) lw {} lc rgb '{}'", frame.along_training ? "1.8" : "2.4",
                       frame.along_training ? "#000000" : colour);
  } else if (series.method == "flow") {
    look = "lines dt 3 lw 2 lc rgb '#000000'";
  } else if (frame.along_training && series.method == "train") {
    look = fmt::format("lines lw 2.4 lc rgb '{}'", colour);
  } else {
    marked = true;
    const bool exact = series.method == "exact";
    const int type = exact ? style.open : is_second_simulation(frame, series) ? kCross : style.filled;
    look = fmt::format("{} pt {} ps {}*size lw {} lc rgb '{}'",
                       is_joined(frame, series) ? "linespoints" : "points", type, exact ? "1.5" : "0.62",
                       exact ? "1.4" : "1.2", colour);
  }
  std::string text =
      fmt::format("data using (pick({0},'x')):(pick({0},'ratio')) with {1} notitle", name, look);
  // gnuplot's own error bars wipe out what lies around them, the markers of other series above all.
  if (marked && has_errors(series))
    text = fmt::format(
        "data using (pick({0},'x')):(pick({0},'ratio')-bar({0})):(0):(2*bar({0})) with vectors nohead "
        "lw 1.2 lc rgb '{1}' notitle, \\\n  {2}",
        name, colour, text);
  return text;
}

/// Text in a legend, where gnuplot's enhanced text gives some characters a meaning.
std::string legend_text(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '_' || c == '^' || c == '{' || c == '}' || c == '@' || c == '&' || c == '~') plain += '\\';
    plain += c;
  }
  return plain;
}

/// The markers of a legend entry are those that are drawn: filled ones for simulations, open ones for exact
/// risks.
std::string legend_line(const Frame& frame, const Series& series, const Look& look) {
  const auto drawn = [&](auto is_method) {
    return std::any_of(frame.series.begin(), frame.series.end(), [&](const Series& other) {
      return other.regime == series.regime && other.label == series.label && is_method(other) &&
             !is_flat(other);
    });
  };
  const bool simulated = drawn([](const Series& s) { return s.method == "train" || s.method == "fit"; });
  const bool exact = drawn([](const Series& s) { return s.method == "exact"; });
  if (!simulated && !exact) return "lines lw 2.4";
  return fmt::format("linespoints pt {} ps {}*size lw 2.4", simulated ? look.filled : look.open,
                     simulated ? "0.9" : "1.2");
}

/// One entry for each colour that is drawn: the regime and, where series of one regime differ, the label.
std::string colour_entries(const Frame& frame) {
  std::set<std::string> labels, seen;
  for (const Series& series : frame.series)
    if (series.regime != "Bayes" && series.tint >= 0) labels.insert(series.label);
  const bool labelled = frame.along_training || labels.size() > 1;
  std::string text;
  for (const Style& style : kStyles)
    for (const Series& series : frame.series) {
      if (series.tint < 0) continue;  // the entry of its style says what it is
      if (series.regime != style.regime || !seen.insert(series.regime + "\n" + series.label).second) continue;
      const bool bayes = series.regime == "Bayes";
      const Look own = look_of(frame, series);
      const std::string label =
          labelled && !series.label.empty() ? ", " + legend_text(series.label) : std::string();
      const std::string title = gnuplot_string(bayes ? "Bayes risk" : std::string(style.label) + label);
      const std::string look = bayes                  ? "lines dt 3 lw 2"
                               : frame.along_training ? "lines lw 2.4"
                                                      : legend_line(frame, series, own);
      text += fmt::format(", \\\n  keyentry with {} lc rgb '{}' title {}", look, own.colour, title);
    }
  return text;
}

/// As many columns as the longest entry leaves room for.
int legend_columns(const Frame& frame) {
  constexpr std::size_t kRoom = 88, kSymbol = 7;  // characters
  std::size_t longest = std::string_view("limit, N, d → ∞").size();
  for (const Series& series : frame.series)
    longest = std::max(longest, series.regime.size() + 2 + series.label.size());
  return static_cast<int>(std::clamp<std::size_t>(kRoom / (longest + kSymbol), 1, 4));
}

/// One entry for each style that is drawn: the route.
std::string style_entries(const Frame& frame) {
  std::string text;
  const auto add = [&](bool shown, std::string_view look, std::string_view title) {
    if (shown) text += fmt::format(", \\\n  keyentry with {} lc rgb '#555555' title '{}'", look, title);
  };
  constexpr std::string_view kExact = "exact, n = ∞", kOpen = "points pt 6 ps 1.5*size lw 1.4";
  if (frame.along_training) {
    add(has_method(frame, "train"), "lines lw 2.4", "SGD");
    if (has_method(frame, "flow"))
      text += ", \\\n  keyentry with lines dt 3 lw 2 lc rgb '#000000' title 'gradient flow'";
    if (has_method(frame, "dynamics"))
      text += ", \\\n  keyentry with lines dt (6,3) lw 1.8 lc rgb '#000000' title 'mean of SGD'";
    add(has_method(frame, "limit"), "lines dt 2 lw 1.6", "limit, n → ∞");
    add(has_method(frame, "exact"), kOpen, kExact);
    return text;
  }
  add(has_method(frame, "limit"), "lines lw 2.4", "limit, N, d → ∞");
  add(has_method(frame, "curve"), "lines lw 2.4", "predicted");
  add(has_method(frame, "lazy_rich"), "lines lw 2.4", "output scale α");
  add(has_method(frame, "dynamics"), "lines dt (6,3) lw 2.4", "mean of SGD");
  const bool flat = std::any_of(frame.series.begin(), frame.series.end(), [](const Series& s) {
    return s.method == "exact" && s.regime != "Bayes" && is_flat(s);
  });
  add(has_method(frame, "exact"), flat ? "lines dt 4 lw 1.6" : kOpen, kExact);
  add(has_method(frame, "train") || has_method(frame, "fit"), "points pt 7 ps 0.62*size lw 1.2", "simulated");
  add(std::any_of(frame.series.begin(), frame.series.end(),
                  [&](const Series& s) { return is_second_simulation(frame, s); }),
      fmt::format("points pt {} ps 0.62*size lw 1.2", kCross), "fitted");
  return text;
}

}  // namespace

std::string gnuplot_script(const Frame& frame) {
  if (!frame.maps.empty()) return heat_map_script(frame);
  std::vector<std::string> curves;
  for (const std::string_view layer : kLayers)
    for (const Series& series : frame.series)
      if (series.method == layer && !series.points.empty()) curves.push_back(curve(frame, series));
  std::string plot =
      fmt::format("{}{}{}", fmt::join(curves, ", \\\n  "), colour_entries(frame), style_entries(frame));
  // gnuplot refuses to draw a frame of which nothing is known; an empty one is at least not an error.
  if (curves.empty()) plot = "NaN notitle";

  return fmt::format(R"(# Draws {0}.svg, {0}.pdf and {0}.png from the numbers in {0}.csv:  gnuplot {0}.gp
set encoding utf8
set datafile separator comma
data = {1}
# The value of a column where the row belongs to the series, nothing elsewhere.
pick(series, name) = stringcolumn(1) eq series ? column(name) : NaN
# Half length of the error bar; none where the standard error is not known.
bar(series) = stringcolumn(1) eq series && strlen(stringcolumn('se')) > 0 ? column('se') : 0

set title {2} noenhanced
{3}set border 3
set tics out nomirror scale 0.6
set tmargin {8}
set xlabel offset 0,0.4
set grid ytics lt 1 lw 0.6 lc rgb '#DDDDDD'
set key outside below center horizontal Left reverse samplen 2 spacing 1.3 width 1 maxcols {9} font ',12.5'

set terminal svg size 700,540 dynamic enhanced font 'sans-serif,15' background rgb 'white'
set output {4}
# SVG draws its markers larger than the other two.
size = 0.6
plot \
  {5}
set terminal pdfcairo size 7.6in,5.6in enhanced font 'Sans,15' background rgb 'white'
set output {6}
size = 1.25
replot
set terminal pngcairo size 1520,1120 enhanced font 'Sans,15' fontscale 2 linewidth 2 pointscale 2 background rgb 'white'
set output {7}
replot
unset output
)",
                     printable(frame.name), gnuplot_file(frame.name + ".csv"), gnuplot_string(frame.title),
                     axes(frame), gnuplot_file(frame.name + ".svg"), plot, gnuplot_file(frame.name + ".pdf"),
                     gnuplot_file(frame.name + ".png"), frame.equal_parameters ? "5.2" : "2.6",
                     legend_columns(frame));
}

}  // namespace lazygap::report
