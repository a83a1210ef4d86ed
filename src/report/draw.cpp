#include "lazygap/report/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string_view>

#include "lazygap/core/error.h"
#include "lazygap/core/ordinary_file.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/escape.h"
#include "lazygap/report/files.h"
#include "lazygap/report/gnuplot.h"

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;

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
constexpr std::array<std::string_view, 5> kLayers{"limit", "exact", "fit", "train", "flow"};

bool has_method(const Frame& frame, std::string_view method) {
  return std::any_of(frame.series.begin(), frame.series.end(),
                     [&](const Series& s) { return s.method == method && s.regime != "Bayes"; });
}

bool has_errors(const Series& series) {
  return std::any_of(series.points.begin(), series.points.end(),
                     [](const Point& p) { return p.se.has_value(); });
}

double largest(const Frame& frame, double Point::*member) {
  double value = 0;
  for (const Series& series : frame.series)
    for (const Point& point : series.points)
      if (std::isfinite(point.*member)) value = std::max(value, point.*member);
  return value;
}

double smallest_width(const Frame& frame) {
  double value = std::numeric_limits<double>::infinity();
  for (const Series& series : frame.series)
    for (const Point& point : series.points) value = std::min(value, point.x);
  return value;
}

/// Widths of the right frame, in increasing order: the position picks the tint.
std::vector<std::int64_t> widths(const Frame& frame) {
  std::set<std::int64_t> found;
  for (const Series& series : frame.series) found.insert(series.N);
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

std::string axes(const Frame& frame) {
  std::string text;
  const double top = std::max(1.05, 1.05 * largest(frame, &Point::ratio));
  if (frame.along_training) {
    // The first steps can shoot far above R0; the curve of interest lies below.
    text += fmt::format(
        "set xlabel 'samples per dimension, {{/:Italic n}} / {{/:Italic d}}'\n"
        "set xrange [0:{:.6g}]\nset yrange [-0.03:{:.6g}]\nset format x '%.0f'\n",
        1.02 * std::max(1.0, largest(frame, &Point::x)), std::min(top, 1.5));
  } else {
    const double right = std::max(largest(frame, &Point::x), 1.01 * static_cast<double>(frame.d));
    const double left = std::min(smallest_width(frame), static_cast<double>(frame.d));
    text += fmt::format(
        "set xlabel 'number of neurons, {{/:Italic N}}'\n"
        "set logscale x\nset xrange [{:.6g}:{:.6g}]\nset yrange [-0.03:{:.6g}]\n"
        "set arrow from {}, graph 0 to {}, graph 1 nohead dt 3 lw 1.3 lc rgb '#777777' back\n"
        "set label '{{/:Italic N}} = {{/:Italic d}}' at {}, graph 0.97 offset 0.5,0 tc rgb '#555555'\n",
        left / 1.12, right * 1.12, top, frame.d, frame.d, frame.d);
    text += log_tics("xtics", left / 1.12, right * 1.12);
    if (frame.equal_parameters) {
      const double parameters = static_cast<double>(frame.d + 1);
      text += fmt::format(
          "set xlabel 'number of neurons of NT and NN, {{/:Italic N}}'\n"
          "set x2label 'parameters, {{/:Italic N}}({{/:Italic d}}+1) = number of neurons of RF' offset "
          "0,-0.6\n"
          "set logscale x2\nset x2range [{:.6g}:{:.6g}]\n",
          parameters * left / 1.12, parameters * right * 1.12);
      text += log_tics("x2tics", parameters * left / 1.12, parameters * right * 1.12);
    }
  }
  return text;
}

/// A fit of a regime that was trained, too: drawn as a cross.
bool is_second_simulation(const Frame& frame, const Series& series) {
  return series.method == "fit" &&
         std::any_of(frame.series.begin(), frame.series.end(),
                     [&](const Series& s) { return s.regime == series.regime && s.method == "train"; });
}
constexpr int kCross = 2;  // gnuplot's point type

/// The part of gnuplot's plot command that draws a series.
std::string curve(const Frame& frame, const Series& series, std::string_view colour) {
  const Style& style = style_of(series.regime);
  const std::string name = gnuplot_string(series.name);
  std::string look;
  bool marked = false;
  if (series.regime == "Bayes") {
    look = fmt::format("lines dt 3 lw 2 lc rgb '{}'", colour);
  } else if (series.method == "limit") {
    look = fmt::format("lines {} lc rgb '{}'", frame.along_training ? "dt 2 lw 1.6" : "lw 2.4", colour);
  } else if (series.method == "flow") {
    look = "lines dt 3 lw 2 lc rgb '#000000'";
  } else if (frame.along_training && series.method == "train") {
    look = fmt::format("lines lw 2.4 lc rgb '{}'", colour);
  } else {
    marked = true;
    const bool exact = series.method == "exact";
    const int type = exact ? style.open : is_second_simulation(frame, series) ? kCross : style.filled;
    look = fmt::format("points pt {} ps {}*size lw {} lc rgb '{}'", type, exact ? "1.5" : "0.62",
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

std::string key_entries(const Frame& frame) {
  std::string text;
  const std::vector<std::int64_t> all_widths = widths(frame);
  for (const Style& style : kStyles)
    for (std::size_t k = 0; k < all_widths.size(); ++k) {
      const bool shown = std::any_of(frame.series.begin(), frame.series.end(), [&](const Series& s) {
        return s.regime == style.regime && s.N == all_widths[k];
      });
      if (!shown) continue;
      const std::string_view colour = style.tints[k % style.tints.size()];
      if (style.regime == "Bayes")
        text += fmt::format(", \\\n  keyentry with lines dt 3 lw 2 lc rgb '{}' title 'Bayes risk'", colour);
      else if (frame.along_training)
        text += fmt::format(", \\\n  keyentry with lines lw 2.4 lc rgb '{}' title '{}, N = {}'", colour,
                            style.label, all_widths[k]);
      else
        text +=
            fmt::format(", \\\n  keyentry with linespoints pt {} ps 0.9*size lw 2.4 lc rgb '{}' title '{}'",
                        style.filled, colour, style.label);
    }
  const auto add = [&](bool shown, std::string_view look, std::string_view title) {
    if (shown) text += fmt::format(", \\\n  keyentry with {} lc rgb '#555555' title '{}'", look, title);
  };
  const std::string exact = "exact, n = ∞";
  if (frame.along_training) {
    add(has_method(frame, "train"), "lines lw 2.4", "SGD");
    if (has_method(frame, "flow"))
      text += ", \\\n  keyentry with lines dt 3 lw 2 lc rgb '#000000' title 'gradient flow'";
    add(has_method(frame, "limit"), "lines dt 2 lw 1.6", "limit, n → ∞");
    add(has_method(frame, "exact"), "points pt 6 ps 1.5*size lw 1.4", exact);
  } else {
    add(has_method(frame, "limit"), "lines lw 2.4", "limit, N, d → ∞");
    add(has_method(frame, "exact"), "points pt 6 ps 1.5*size lw 1.4", exact);
    add(has_method(frame, "train") || has_method(frame, "fit"), "points pt 7 ps 0.62*size lw 1.2",
        "simulated");
    add(std::any_of(frame.series.begin(), frame.series.end(),
                    [&](const Series& s) { return is_second_simulation(frame, s); }),
        fmt::format("points pt {} ps 0.62*size lw 1.2", kCross), "fitted");
  }
  return text;
}

constexpr std::array<std::string_view, 3> kPictures{"svg", "pdf", "png"};

/// Why `content` is not a whole picture of this kind, from its first and last bytes; empty where it is one.
std::string_view flaw(std::string_view kind, std::string_view content) {
  using namespace std::string_view_literals;
  if (content.empty()) return "is empty";
  const std::string_view begin = kind == "svg"   ? "<?xml"sv
                                 : kind == "pdf" ? "%PDF-"sv
                                                 : "\x89PNG\r\n\x1a\n"sv;
  const std::string_view end = kind == "svg"   ? "</svg>"sv
                               : kind == "pdf" ? "%%EOF"sv
                                               : "IEND\xae\x42\x60\x82"sv;
  if (!content.starts_with(begin)) return "does not begin as such a picture does";
  if (kind != "png") content = content.substr(0, content.find_last_not_of("\r\n") + 1);
  return content.ends_with(end) ? "" : "is cut short";
}

/// Lets gnuplot draw the frame in `folder`, a scratch folder, and looks at what it has made.
void draw_pictures(const Frame& frame, const fs::path& folder, const std::function<bool()>& stop,
                   Drawing& drawing) {
  using End = GnuplotRun::End;
  using Pictures = Drawing::Pictures;
  const GnuplotRun run =
      run_gnuplot({"-d", fmt::format("./{}.gp", frame.name)}, folder, kGnuplotTimeLimit, stop);
  drawing.problem = run.problem;
  if (run.end != End::done) {
    drawing.pictures = run.end == End::absent   ? Pictures::no_gnuplot
                       : run.end == End::failed ? Pictures::failed
                                                : Pictures::stopped;
    return;
  }
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
  for (const std::string_view kind : kPictures) {
    const std::string name = fmt::format("{}.{}", frame.name, kind);
    std::string content;
    std::string_view why;
    try {
      content = read_ordinary_file(folder / name, kMostBytes);
      why = flaw(kind, content);
    } catch (const FileError&) {
      why = "is missing";
    }
    if (!why.empty() && drawing.problem.empty()) {
      drawing.pictures = Pictures::cut;
      drawing.problem =
          fmt::format("gnuplot ended well, but its {} {}; the disk may be full", printable(name), why);
    }
    if (why.empty() && kind == "svg") drawing.svg = std::move(content);
  }
}

/// The sentence that says what is not there, why, and what to do.
std::string sentence(const Frame& frame, const fs::path& folder, const Drawing& drawing) {
  const std::string name = printable(frame.name);
  std::string text =
      fmt::format("{1}, so {0}.svg, {0}.pdf and {0}.png were not drawn", name, drawing.problem);
  if (drawing.pictures == Drawing::Pictures::no_gnuplot)
    text += fmt::format("; install the package gnuplot-nox and repeat the command, or run \"gnuplot {}\"",
                        shell_word(frame.name + ".gp"));
  return fmt::format("{} in {}", text, printable(folder.string()));
}

}  // namespace

std::string to_csv(const Frame& frame) {
  std::string text = "series,regime,method,d,N,rho,n,draws,x,ratio,se\n";
  for (const Series& series : frame.series)
    for (const Point& p : series.points)
      text += fmt::format(
          "{},{},{},{},{},{},{},{},{},{},{}\n", csv_text(series.name), csv_text(series.regime),
          csv_text(series.method), frame.d, p.N, static_cast<double>(p.N) / static_cast<double>(frame.d),
          p.n ? fmt::format("{}", *p.n) : "", p.draws, p.x, p.ratio, p.se ? fmt::format("{}", *p.se) : "");
  return text;
}

std::string gnuplot_script(const Frame& frame) {
  const std::vector<std::int64_t> all_widths = widths(frame);
  std::vector<std::string> curves;
  for (const std::string_view layer : kLayers)
    for (const Series& series : frame.series) {
      if (series.method != layer || series.points.empty()) continue;
      const auto position = std::find(all_widths.begin(), all_widths.end(), series.N) - all_widths.begin();
      const Style& style = style_of(series.regime);
      curves.push_back(
          curve(frame, series, style.tints[static_cast<std::size_t>(position) % style.tints.size()]));
    }
  std::string plot = fmt::format("{}{}", fmt::join(curves, ", \\\n  "), key_entries(frame));
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
{3}set ylabel '{{/:Italic R}} / {{/:Italic R}}_0'
set border 3
set tics out nomirror scale 0.6
set tmargin {8}
set xlabel offset 0,0.3
set ytics 0.2
set grid ytics lt 1 lw 0.6 lc rgb '#DDDDDD'
set key outside below center horizontal Left reverse samplen 2 spacing 1.3 width -2 maxcols 4 font ',12.5'

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
                     gnuplot_file(frame.name + ".png"), frame.equal_parameters ? "5.2" : "2.6");
}

Drawing draw(const Frame& frame, const fs::path& folder, const std::function<bool()>& stop) {
  Drawing drawing;
  const std::string csv = to_csv(frame), script = gnuplot_script(frame);
  const auto file = [&](std::string_view ending) {
    return folder / fmt::format("{}.{}", frame.name, ending);
  };
  write_file(file("csv"), csv);
  write_file(file("gp"), script);
  drawing.files = {file("csv"), file("gp")};

  // gnuplot writes piece by piece, so it works in a folder of its own and finished files are moved out.
  const ScratchFolder scratch(folder);
  write_file(scratch.path() / (frame.name + ".csv"), csv);
  write_file(scratch.path() / (frame.name + ".gp"), script);
  draw_pictures(frame, scratch.path(), stop, drawing);
  if (drawing.pictures != Drawing::Pictures::drawn) {
    drawing.problem = sentence(frame, folder, drawing);
    return drawing;
  }
  for (const std::string_view kind : kPictures) {
    move_into_place(scratch.path() / fmt::format("{}.{}", frame.name, kind), file(kind));
    drawing.files.push_back(file(kind));
  }
  return drawing;
}

}  // namespace lazygap::report
