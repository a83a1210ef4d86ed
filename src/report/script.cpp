#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>
#include <vector>

#include "lazygap/core/quote.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/escape.h"
#include "report/axes.h"
#include "report/heat_map.h"
#include "report/look.h"
#include "report/titles.h"

/// The gnuplot script of a frame.
namespace lazygap::report {
namespace {

// Drawn in this order: what comes later lies on top.
constexpr std::array<std::string_view, 9> kLayers{"limit", "state_evolution", "curve", "lazy_rich", "exact",
                                                  "fit",   "train",           "flow",  "dynamics"};

/// A picture as it is printed. `font` in points.
struct Size {
  std::string_view name;
  double width, height, font;  // inches, inches, points
};
constexpr std::array<Size, 3> kSizes{
    {{"column", 3.4, 3.25, 8}, {"page", 6.5, 5, 10}, {"slide", 10, 5.625, 16}}};

/// The script is written for text of 15 points: everything else follows from the size.
constexpr double kFont = 15;
/// Of the rows of the legend, in heights of its text.
constexpr double kSpacing = 1.3;

const Size& size_of(const Frame& frame) {
  const auto found =
      std::find_if(kSizes.begin(), kSizes.end(), [&](const Size& size) { return size.name == frame.size; });
  return found == kSizes.end() ? kSizes[1] : *found;
}

/// A length in points of a picture whose text has kFont.
double points(const Frame& frame, double inches) { return inches * 72 * kFont / size_of(frame).font; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool has_errors(const Series& series) {
  return std::any_of(series.points.begin(), series.points.end(),
                     [](const Point& p) { return p.se.has_value(); });
}

/// How a series is drawn, but for its colour.
std::string style_of(const Frame& frame, const Series& series, const Look& look) {
  const std::string_view width = line_width(frame, series.method);
  if (series.regime == "Bayes") return "lines dt 3 lw 2";
  if (is_flat(series) && series.method == "exact")
    return fmt::format("linespoints pt {} ps 1.5*size{} lw 1.2", look.open, look.dash);
  if (frame.along_training && series.method == "train")
    return fmt::format("linespoints pt {} ps 0.62*size pi {} lw {}", look.filled, marker_interval(series),
                       width);
  // Where training with an output scale ends: a point at the end of its curve.
  const bool is_end = frame.along_training && series.method == "lazy_rich";
  if (!is_end && (is_line(series) || is_flat(series))) return fmt::format("lines{} lw {}", look.dash, width);
  const bool exact = is_end || series.method == "exact";
  const int type = exact ? look.open : is_second_simulation(frame, series) ? kCross : look.filled;
  const std::string joined = is_joined(frame, series) ? "linespoints" + std::string(look.dash) : "points";
  return fmt::format("{} pt {} ps {}*size lw {}", joined, type, exact ? "1.5" : "0.62",
                     exact ? "1.4" : "1.2");
}

/// Curves that follow SGD lie upon it: black, with the markers of the series that they belong to.
std::string follower(const Series& series, const Look& look) {
  const std::string name = gnuplot_string(series.name);
  const std::string_view dash = series.method == "flow" ? "dt 3 lw 2" : "dt (6,3) lw 1.8";
  return fmt::format(
      "data using (pick({0},'x')):(pick({0},'ratio')) with lines {1} lc rgb '#000000' notitle, \\\n  "
      "data every {3} using (pick({0},'x')):(pick({0},'ratio')):(0) with points pt {2} ps 1.1*size lw "
      "1.4 "
      "lc rgb '{4}' notitle",
      name, dash, look.open, marker_interval(series), look.colour);
}

/// Half of the height of the markers of exact risks and of simulations, as a part of the axis of R/R0.
constexpr double kOpenMarker = 0.025, kFilledMarker = 0.012;

/// gnuplot puts the texts of the pointer between quotes, which it does not escape.
std::string without_quotes(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\'' || c == '"'; }, ' ');
  return text;
}

/// The part of gnuplot's plot command that draws a series: error bars, line and markers, and texts that the
/// pointer shows in the SVG.
std::string curve(const Frame& frame, const Series& series) {
  const Look look = look_of(frame, series);
  const std::string name = gnuplot_string(series.name);
  if (frame.along_training && (series.method == "flow" || series.method == "dynamics"))
    return follower(series, look);
  const std::string style = style_of(frame, series, look);
  std::string text =
      fmt::format("data using (pick({0},'x')):(pick({0},'ratio')) with {1} lc rgb '{2}' notitle", name, style,
                  look.colour);
  if (style.find(" pt ") == std::string::npos) return text;
  // gnuplot's own error bars wipe out what lies around them, the markers of other series above all.
  if (has_errors(series) && !frame.along_training)
    text = fmt::format(
        "data using (pick({0},'x')):(low({0},{3})):(0):(high({0},{3})-low({0},{3})) with vectors nohead lw "
        "1.2 "
        "lc rgb '{1}' notitle, \\\n  {2}",
        name, look.colour, text, series.method == "exact" ? kOpenMarker : kFilledMarker);
  return text +
         fmt::format(
             ", \\\n  data every {1} using (tips ? pick({0},'x') : NaN):(pick({0},'ratio')):(tip({0})) with "
             "labels hypertext point pt 7 ps size lc rgb 0xff000000 notitle",
             name, frame.along_training ? marker_interval(series) : 1,
             gnuplot_string(without_quotes(series.name)));
}

/// The line and markers in the legend are those that are drawn: filled ones for simulations, open ones for
/// exact risks.
std::string legend_line(const Frame& frame, const Series& series, const Look& look) {
  const auto drawn = [&](auto is_kind) {
    return std::any_of(frame.series.begin(), frame.series.end(), [&](const Series& other) {
      return other.regime == series.regime && other.label == series.label && is_kind(other);
    });
  };
  if (frame.along_training) return fmt::format("linespoints pt {} ps 0.9*size lw 2.4", look.filled);
  const bool simulated = drawn([](const Series& s) { return s.method == "train" || s.method == "fit"; });
  const bool exact = drawn([](const Series& s) { return s.method == "exact"; });
  const bool lines = drawn([&](const Series& s) { return is_line(s) || is_flat(s) || is_joined(frame, s); });
  const std::string line = fmt::format("{} lw 2.4", look.dash);
  if (!simulated && !exact) return "lines" + line;
  return fmt::format("{} pt {} ps {}*size{}", lines ? "linespoints" : "points",
                     simulated ? look.filled : look.open, simulated ? "0.9" : "1.2",
                     lines ? line : " lw 1.4");
}

/// An entry of the legend: how it is drawn, and its words in enhanced text.
struct Entry {
  std::string look, words;
};

/// One entry for each colour that is drawn: the regime and, where series of one regime differ, the label.
std::vector<Entry> colour_entries(const Frame& frame) {
  std::set<std::string> labels, seen;
  std::vector<std::string_view> regimes;
  for (const Series& series : frame.series) {
    if (series.regime != "Bayes" && series.tint >= 0) labels.insert(series.label);
    if (std::find(regimes.begin(), regimes.end(), series.regime) == regimes.end())
      regimes.push_back(series.regime);
  }
  const bool labelled = frame.along_training || labels.size() > 1;
  std::vector<Entry> entries;
  for (const std::string_view regime : regimes)
    for (const Series& series : frame.series) {
      if (series.tint < 0 && !shares_regimes(frame)) continue;  // the entry of its style says what it is
      if (series.regime != regime || !seen.insert(series.regime + "\n" + series.label).second) continue;
      const bool bayes = series.regime == "Bayes";
      const Look own = look_of(frame, series);
      std::string words = bayes ? "Bayes risk" : std::string(regime_label(regime));
      if (labelled && !series.label.empty()) words += ", " + enhanced_text(series.label);
      entries.push_back({fmt::format("{} lc rgb '{}'",
                                     bayes ? "lines dt 3 lw 2" : legend_line(frame, series, own), own.colour),
                         words});
    }
  return entries;
}

/// One entry for each style that is drawn: the route.
std::vector<Entry> style_entries(const Frame& frame) {
  std::vector<Entry> entries;
  const auto add = [&](bool shown, std::string_view look, std::string_view words,
                       std::string_view colour = "#555555") {
    if (shown) entries.push_back({fmt::format("{} lc rgb '{}'", look, colour), std::string(words)});
  };
  const auto line = [&](std::string_view method) {
    return fmt::format("lines lw {}", line_width(frame, method));
  };
  constexpr std::string_view kExact = "exact, n = ∞", kOpen = "points pt 6 ps 1.5*size lw 1.4";
  if (frame.along_training) {
    add(has_method(frame, "train"), line("train"), "SGD");
    add(has_method(frame, "flow"), "lines dt 3 lw 2", "gradient flow", "#000000");
    add(has_method(frame, "dynamics"), "lines dt (6,3) lw 1.8", "mean of SGD", "#000000");
    add(has_method(frame, "limit"), line("limit"), "limit, n → ∞");
    add(has_method(frame, "exact"), kOpen, kExact);
    add(has_method(frame, "lazy_rich"), kOpen, "end of training, n = ∞");
    return entries;
  }
  add(has_method(frame, "limit"), line("limit"), "limit, N, d → ∞");
  add(has_method(frame, "curve"), line("curve"), "predicted");
  add(has_method(frame, "lazy_rich"), line("lazy_rich"), "output scale α");
  add(has_method(frame, "state_evolution"), line("state_evolution"), "asymptotic, n, d → ∞");
  add(has_method(frame, "dynamics"), line("dynamics"), "mean of SGD");
  add(has_method(frame, "exact"), kOpen, kExact);
  add(has_method(frame, "train") || has_method(frame, "fit"), "points pt 7 ps 0.62*size lw 1.2", "simulated");
  add(std::any_of(frame.series.begin(), frame.series.end(),
                  [&](const Series& s) { return is_second_simulation(frame, s); }),
      fmt::format("points pt {} ps 0.62*size lw 1.2", kCross), "fitted");
  return entries;
}

/// Of a narrow picture it is smaller than the other text.
double legend_font(const Frame& frame) { return frame.size == "column" ? 12.5 : kFont; }

/// Rows of the legend, which gnuplot fills column by column: as few as leave room for every column, with
/// colours and styles in columns of their own.
std::size_t legend_rows(const Frame& frame, const std::vector<Entry>& colours,
                        const std::vector<Entry>& styles) {
  // As gnuplot's cairo terminals set them, in heights of the text.
  constexpr double kCharacter = 0.64, kSymbol = 8;
  std::size_t longest = 0;
  for (const auto* entries : {&colours, &styles})
    for (const Entry& entry : *entries) longest = std::max(longest, characters(entry.words));
  const double room = points(frame, size_of(frame).width) /
                      ((kCharacter * static_cast<double>(longest) + kSymbol) * legend_font(frame));
  const auto columns = std::max<std::size_t>(1, static_cast<std::size_t>(room));
  const auto columns_of = [](const std::vector<Entry>& entries, std::size_t rows) {
    return (entries.size() + rows - 1) / rows;
  };
  for (std::size_t rows = 1; rows < colours.size() + styles.size(); ++rows)
    if (columns_of(colours, rows) + columns_of(styles, rows) <= columns) return rows;
  return colours.size() + styles.size();
}

/// Inches: a legend of many rows makes the picture taller, not the frame lower.
double height_of(const Frame& frame) {
  constexpr std::size_t kUsual = 4;  // rows
  const std::size_t rows = legend_rows(frame, colour_entries(frame), style_entries(frame));
  const double more = rows > kUsual ? static_cast<double>(rows - kUsual) * kSpacing * kFont : 0;
  return size_of(frame).height + more * size_of(frame).font / kFont / 72;
}

/// Two blocks: colours, then styles, which begin with a column of their own where there are several.
std::string legend(const std::vector<Entry>& colours, const std::vector<Entry>& styles, std::size_t rows,
                   Text text) {
  std::string script;
  const auto add = [&](const Entry& entry) {
    script += fmt::format(", \\\n  keyentry with {} title {}", entry.look, text(entry.words));
  };
  for (const Entry& entry : colours) add(entry);
  if (!styles.empty() && rows < colours.size() + styles.size())
    for (std::size_t n = colours.size(); n % rows != 0; ++n)
      script += ", \\\n  keyentry with points pt 0 ps 0 lc rgb 0xff000000 title ' '";
  for (const Entry& entry : styles) add(entry);
  return script;
}

/// Everything that has words: labels of the axes, the legend, the plot command.
std::string words_and_curves(const Frame& frame, Text text) {
  const std::vector<Entry> colours = colour_entries(frame), styles = style_entries(frame);
  const std::size_t rows = legend_rows(frame, colours, styles);
  std::vector<std::string> curves;
  for (const std::string_view layer : kLayers)
    for (const Series& series : frame.series)
      if (series.method == layer && !series.points.empty()) curves.push_back(curve(frame, series));
  // A second, empty line of the label keeps the legend below clear of it.
  const bool two_axes = frame.equal_parameters && frame.d > 0;
  std::string script = fmt::format(
      "set xlabel {}.\"\\n \"\nset ylabel {}\n",
      text(two_axes ? "number of neurons of NT and NN, {/:Italic N}" : frame.x.label), text(frame.y.label));
  if (two_axes)
    script += fmt::format("set x2label {} offset 0,-0.6\n",
                          text("parameters, {/:Italic N}({/:Italic d}+1) = number of neurons of RF"));
  if (frame.mark && frame.x.log)
    script += fmt::format("set label 1 {} at {}, graph 0.97 offset 0.5,0 tc rgb '#555555'\n",
                          text("{/:Italic N} = {/:Italic d}"), *frame.mark);
  script += fmt::format(
      "set key outside below center vertical Left reverse samplen 3 spacing {} width 1 maxrows {} font "
      "',{}'\n",
      kSpacing, std::max<std::size_t>(1, rows), legend_font(frame));
  // gnuplot refuses to draw a frame of which nothing is known; an empty one is at least not an error.
  return script + (curves.empty() ? "plot NaN notitle\n"
                                  : fmt::format("plot \\\n  {}{}\n", fmt::join(curves, ", \\\n  "),
                                                legend(colours, styles, rows, text)));
}

std::string latex_string(std::string_view enhanced) { return gnuplot_string(latex_text(enhanced)); }

/// The functions of the plot command.
std::string functions(const Frame& frame) {
  const auto [bottom, top] = ends_of_ratio(frame);
  const std::string label = plain_label(frame);
  const std::size_t comma = label.rfind(", ");
  return fmt::format(
      "# The value of a column where the row belongs to the series, nothing elsewhere.\n"
      "pick(series, name) = stringcolumn(1) eq series ? column(name) : NaN\n"
      "# The ends of the error bar, where it is longer than its marker, a part of the axis.\n"
      "se(series) = strlen(stringcolumn('se')) > 0 ? pick(series,'se') : NaN\n"
      "seen(ratio, se, marker) = {}\n"
      "low(series, marker) = seen(column('ratio'), se(series), marker) ? {} : NaN\n"
      "high(series, marker) = seen(column('ratio'), se(series), marker) ? column('ratio')+se(series) : NaN\n"
      "# What the pointer shows in the SVG.\n"
      "tip(series) = series.{}.sprintf('%.6g, {} = %.5g', column('x'), column('ratio'))"
      ".(strlen(stringcolumn('se')) > 0 && column('se') > 0 ? sprintf(' ± %.1g', column('se')) : '')\n",
      frame.y.log ? fmt::format("log10(1 + se/ratio) > {:.6g}*marker", std::log10(top / bottom))
                  : fmt::format("se > {:.6g}*marker", top - bottom),
      frame.y.log
          ? fmt::format("(column('ratio') - se(series) > {0:.6g} ? column('ratio')-se(series) : {0:.6g})",
                        bottom)
          : "column('ratio')-se(series)",
      gnuplot_string(fmt::format(": {} = ", comma == std::string::npos ? label : label.substr(comma + 2))),
      frame.what == Frame().what ? "R/R0" : "value");
}

/// One picture for each terminal; the SVG draws its markers larger than the other two.
std::string terminals(const Frame& frame) {
  const Size& size = size_of(frame);
  const double scale = size.font / kFont;
  const double width = points(frame, size.width), height = points(frame, height_of(frame));
  return fmt::format(
      "set terminal pdfcairo size {1:.4g}in,{2:.4g}in enhanced font 'Sans,15' fontscale {3:.4g} linewidth "
      "{3:.4g} "
      "pointscale "
      "{3:.4g} background rgb 'white'\nset output {0}\nsize = 1.25\ntips = 0\nreplot\n"
      "set terminal pngcairo size {5:.0f},{6:.0f} enhanced font 'Sans,15' fontscale 2 linewidth 2 pointscale "
      "2 "
      "background rgb 'white'\nset output {4}\nreplot\nunset output\n",
      gnuplot_file(frame.name + ".pdf"), size.width, height_of(frame), scale,
      gnuplot_file(frame.name + ".png"), 2 * width, 2 * height);
}

/// The text of this one is set by LaTeX, in the fonts of the document.
std::string latex_terminal(const Frame& frame) {
  const Size& size = size_of(frame);
  return fmt::format(
      "\n# For LaTeX: \\input{{{0}-latex}}, with \\usepackage{{graphicx,color}}\n"
      "set terminal cairolatex pdf size {1:.4g}in,{2:.4g}in font ',{3}' linewidth {4:.4g} pointscale "
      "{4:.4g}\n"
      "set output {5}\nset title {6}\n{7}{8}unset output\n",
      printable(frame.name), size.width, height_of(frame), size.font, size.font / kFont,
      gnuplot_file(frame.name + "-latex.tex"), latex_string(enhanced_text(frame.title)),
      axes_script(frame, latex_string), words_and_curves(frame, latex_string));
}

}  // namespace

std::string gnuplot_script(const Frame& frame) {
  if (!frame.maps.empty()) return heat_map_script(frame);
  const Size& size = size_of(frame);
  return fmt::format(
      "# Draws {0}.svg, {0}.pdf and {0}.png from the numbers in {0}.csv:  gnuplot {0}.gp\n"
      "set encoding utf8\nset datafile separator comma\ndata = {1}\n{2}\n"
      "set title {3} noenhanced\nset border 3\nset tics out nomirror scale 0.6,0.3\nset tmargin {4}\n"
      "set xlabel offset 0,0.4\nset grid ytics lt 1 lw 0.6 lc rgb '#DDDDDD'\n{5}\n"
      "set terminal svg size {6:.0f},{7:.0f} dynamic enhanced font 'sans-serif,15' background rgb 'white'\n"
      "set output {8}\nsize = 0.6\ntips = 1\n{9}{10}{11}",
      printable(frame.name), gnuplot_file(frame.name + ".csv"), functions(frame), gnuplot_string(frame.title),
      frame.equal_parameters ? "5.2" : "2.6", axes_script(frame, gnuplot_string), points(frame, size.width),
      points(frame, height_of(frame)), gnuplot_file(frame.name + ".svg"),
      words_and_curves(frame, gnuplot_string), terminals(frame), frame.latex ? latex_terminal(frame) : "");
}

}  // namespace lazygap::report
