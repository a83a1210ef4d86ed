#include "lazygap/report/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "lazygap/core/quote.h"
#include "lazygap/report/escape.h"
#include "report/page.h"

namespace lazygap::report {
namespace {

using compare::Comparison;
using compare::Mean;
using compare::Model;
using compare::Score;

constexpr std::array<Model, 4> kModels{Model::linear, Model::rf, Model::nt, Model::nn};

struct Look {
  std::string_view colour;
  int point;
};
Look look_of(Model model) {
  switch (model) {
    case Model::linear:
      return {"#555555", 1};
    case Model::rf:
      return {"#009E73", 9};
    case Model::nt:
      return {"#D55E00", 5};
    case Model::nn:
      break;
  }
  return {"#0072B2", 7};
}

std::vector<Index> widths_of(const Comparison& comparison, Model model) {
  std::set<Index> widths;
  for (const Score& score : comparison.scores)
    if (score.model == model) widths.insert(score.neurons);
  return {widths.begin(), widths.end()};
}

Mean mean_of(const Comparison& comparison, Model model, Index neurons, double Score::*value) {
  return compare::mean_score(comparison, comparison.scores, model, neurons, 0, value);
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string shown(const Mean& mean) {
  if (!std::isfinite(mean.value)) return "-";
  return with_error(mean.value, std::isfinite(mean.se) ? std::optional(mean.se) : std::nullopt);
}

/// A line of a picture: points with error bars.
struct Curve {
  Model model;
  std::vector<std::array<double, 3>> points;  // x, y, se
};

std::string csv_of(const std::vector<Curve>& curves) {
  std::string text = "series,x,y,se\n";
  for (const Curve& curve : curves)
    for (const auto& [x, y, se] : curve.points)
      text += fmt::format("{},{},{},{}\n", to_string(curve.model), x, y, number(se));
  return text;
}

/// The frame of a script around `commands` and `plot`.
std::string script_of(const std::string& name, const std::string& title, const std::string& commands,
                      const std::string& plot) {
  return fmt::format(R"(# Draws {0}.svg, {0}.pdf and {0}.png from the numbers in {0}.csv:  gnuplot {0}.gp
set encoding utf8
set datafile separator comma
data = {1}
pick(series, name) = stringcolumn(1) eq series ? column(name) : NaN
bar(series) = stringcolumn(1) eq series && strlen(stringcolumn('se')) > 0 ? column('se') : 0
set title {2} noenhanced
{3}set border 3
set tics out nomirror scale 0.6
set grid ytics lt 1 lw 0.6 lc rgb '#DDDDDD'
set key outside below center horizontal Left reverse samplen 2 spacing 1.3
set terminal svg size 700,480 dynamic enhanced font 'sans-serif,15' background rgb 'white'
set output {4}
size = 0.6
plot {5}
set terminal pdfcairo size 7.6in,5in enhanced font 'Sans,15' background rgb 'white'
set output {6}
size = 1
replot
set terminal pngcairo size 1520,1000 enhanced font 'Sans,15' fontscale 2 linewidth 2 pointscale 2 background rgb 'white'
set output {7}
replot
unset output
)",
                     name, gnuplot_file(name + ".csv"), gnuplot_string(title), commands,
                     gnuplot_file(name + ".svg"), plot, gnuplot_file(name + ".pdf"),
                     gnuplot_file(name + ".png"));
}

/// Curves of R/R0 over a logarithmic axis; linear regression, which has no width, is a level.
Picture risk_picture(const std::string& name, const std::string& title, const std::string& x_label,
                     const std::vector<Curve>& curves, const std::string& description) {
  std::set<double> places;
  double most = 1;
  for (const Curve& curve : curves)
    for (const auto& [x, y, se] : curve.points) {
      if (x > 0) places.insert(x);
      most = std::max(most, std::min(y, 1.5));
    }
  std::string ticks;
  for (const double place : places) ticks += fmt::format("{}{}", ticks.empty() ? "" : ", ", place);
  const std::string commands = fmt::format(
      "set logscale x\nset xrange [{:.6g}:{:.6g}]\nset xtics ({})\nset yrange [0:{:.4g}]\n"
      "set xlabel {}.\"\\n \"\nset ylabel '{{/:Italic R}} / {{/:Italic R}}_0'\n",
      places.empty() ? 1 : *places.begin() / 1.3, places.empty() ? 10 : *places.rbegin() * 1.3, ticks,
      1.05 * most, gnuplot_string(x_label));
  std::string plot;
  for (const Curve& curve : curves) {
    if (curve.points.empty()) continue;
    if (!plot.empty()) plot += ", \\\n  ";
    const Look look = look_of(curve.model);
    const std::string series(to_string(curve.model));
    if (curve.points.size() == 1 && curve.points[0][0] == 0)
      plot += fmt::format("{} with lines dt 3 lw 2 lc rgb '{}' title '{}'", curve.points[0][1], look.colour,
                          series);
    else
      plot += fmt::format(
          "data using (pick('{0}', 'x')):(pick('{0}', 'y')):(bar('{0}')) with yerrorlines pt {1} ps size lw "
          "1.6 "
          "lc rgb '{2}' title '{0}'",
          series, look.point, look.colour);
  }
  return {.name = name,
          .csv = csv_of(curves),
          .script = script_of(name, title, commands, plot),
          .title = title,
          .description = description};
}

Picture width_picture(const Comparison& comparison) {
  std::vector<Curve> curves;
  for (const Model model : kModels) {
    Curve curve{model, {}};
    for (const Index N : widths_of(comparison, model)) {
      const Mean mean = mean_of(comparison, model, N, &Score::ratio);
      if (std::isfinite(mean.value)) curve.points.push_back({static_cast<double>(N), mean.value, mean.se});
    }
    curves.push_back(std::move(curve));
  }
  return risk_picture(
      "compare-width", fmt::format("Risk against width, {} splits", comparison.splits),
      "number of neurons, {/:Italic N}", curves,
      "R/R0 on the test parts against the number of neurons for RF, NT and NN, with standard errors "
      "over splits; linear regression as a level. Every number is in compare-width.csv.");
}

Picture samples_picture(const Comparison& comparison) {
  std::vector<Curve> curves;
  for (const Model model : kModels) {
    const std::vector<Index> widths = widths_of(comparison, model);
    if (widths.empty()) continue;
    // The width of the learning curves: the widest that NN has.
    const Index N = model == Model::linear ? 0 : widths_of(comparison, Model::nn).back();
    Curve curve{model, {}};
    std::set<Index> sizes;
    for (const Score& score : comparison.learning)
      if (score.model == model) sizes.insert(score.samples);
    // Sizes of different folds differ by a sample or two.
    for (auto at = sizes.begin(); at != sizes.end();) {
      const Index size = *at;
      while (at != sizes.end() && *at <= size + 2 + size / 20) ++at;
      const Mean mean = compare::mean_score(comparison, comparison.learning, model, N, size, &Score::ratio);
      if (std::isfinite(mean.value)) curve.points.push_back({static_cast<double>(size), mean.value, mean.se});
    }
    const Mean all = mean_of(comparison, model, N, &Score::ratio);
    if (std::isfinite(all.value) && !comparison.scores.empty())
      curve.points.push_back({static_cast<double>(comparison.scores.front().samples), all.value, all.se});
    curves.push_back(std::move(curve));
  }
  return risk_picture(
      "compare-samples", "Learning curves on nested subsets", "training samples, {/:Italic n}", curves,
      "R/R0 against the number of training samples at the width of the widest network; every number "
      "is in compare-samples.csv.");
}

Picture spectrum_picture(const Comparison& comparison) {
  const compare::Learnt& learnt = comparison.learnt;
  std::string csv = "series,x,y,se\n";
  for (Index i = 0; i < learnt.eigenvalues.size(); ++i)
    csv += fmt::format("learnt,{},{},\n", i + 1, learnt.eigenvalues[i]);
  const std::string title = fmt::format("Eigenvalues of (d/N) W Wᵀ after training, N = {}", learnt.neurons);
  const std::string commands = fmt::format(
      "set xlabel \"rank\\n \"\nset ylabel 'eigenvalue'\nset xrange [0.5:{}.5]\nset yrange [0:{:.4g}]\n",
      std::max<Index>(2, learnt.eigenvalues.size()),
      1.1 * std::max(learnt.edge, learnt.eigenvalues.size() > 0 ? learnt.eigenvalues[0] : 1));
  const std::string plot = fmt::format(
      "data using (pick('learnt', 'x')):(pick('learnt', 'y')) with points pt 7 ps size lc rgb '#0072B2' "
      "title "
      "'learnt', \\\n  {:.6g} with lines dt 3 lw 2 lc rgb '#555555' title 'largest before training'",
      learnt.edge);
  return {.name = "compare-spectrum",
          .csv = csv,
          .script = script_of("compare-spectrum", title, commands, plot),
          .title = title,
          .description =
              "Eigenvalues of the learnt first layer by rank; those above the dashed line are directions "
              "that training has found."};
}

/// What gnuplot drew, or why there is nothing.
std::string figures(const std::vector<Picture>& pictures, const std::vector<Drawing>& drawings) {
  std::string text = "<div class=\"frames\">\n";
  for (std::size_t i = 0; i < pictures.size() && i < drawings.size(); ++i)
    text += fmt::format("<figure>\n<div class=\"card\">{}</div>\n<figcaption>{}</figcaption>\n</figure>\n",
                        drawings[i].svg.empty()
                            ? fmt::format("<p>{}</p>", xml_text(drawings[i].problem))
                            : inline_svg(drawings[i].svg, pictures[i].title, pictures[i].description, i + 1),
                        xml_text(pictures[i].description));
  return text + "</div>\n";
}

}  // namespace

Table comparison_table(const Comparison& comparison) {
  const bool classes = !comparison.table.classes.empty();
  Table table{.header = {"model", "N", "R/R0"}, .lines = {}};
  if (classes) table.header.insert(table.header.end(), {"accuracy", "AUC"});
  for (const Model model : kModels)
    for (const Index N : widths_of(comparison, model)) {
      std::vector<std::string> line{std::string(to_string(model)), N == 0 ? "-" : fmt::format("{}", N),
                                    shown(mean_of(comparison, model, N, &Score::ratio))};
      if (classes) {
        line.push_back(shown(mean_of(comparison, model, N, &Score::accuracy)));
        line.push_back(shown(mean_of(comparison, model, N, &Score::auc)));
      }
      table.lines.push_back(std::move(line));
    }
  return table;
}

Table score_table(const Comparison& comparison) {
  Table table{.header = {"model", "N", "split", "samples", "ratio", "accuracy", "auc", "criterion", "status"},
              .lines = {}};
  for (const auto* scores : {&comparison.scores, &comparison.learning})
    for (const Score& score : *scores)
      table.lines.push_back({std::string(to_string(score.model)), fmt::format("{}", score.neurons),
                             fmt::format("{}", score.split + 1), fmt::format("{}", score.samples),
                             number(score.ratio), number(score.accuracy), number(score.auc),
                             number(score.criterion), std::string(lazygap::to_string(score.status))});
  return table;
}

std::vector<std::string> direction_lines(const Comparison& comparison) {
  constexpr Index kMost = 3, kNamed = 5;
  constexpr double kSmall = 0.15;
  const compare::Learnt& learnt = comparison.learnt;
  std::vector<std::string> lines;
  for (Index k = 0; k < std::min(kMost, learnt.eigenvalues.size()); ++k) {
    if (learnt.eigenvalues[k] <= learnt.edge) break;
    const Vector direction = learnt.directions.col(k);
    std::vector<Index> order(static_cast<std::size_t>(direction.size()));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return std::abs(direction[a]) > std::abs(direction[b]); });
    std::string text;
    Index named = 0;
    for (const Index i : order) {
      if (named == kNamed || (named > 0 && std::abs(direction[i]) < kSmall)) break;
      const double value = direction[i];
      text += fmt::format("{}{:.2f} {}",
                          named == 0  ? (value < 0 ? "-" : "")
                          : value < 0 ? " - "
                                      : " + ",
                          std::abs(value), printable(comparison.table.features[static_cast<std::size_t>(i)]));
      ++named;
    }
    if (named < direction.size()) text += " + ...";
    lines.push_back(fmt::format("eigenvalue {:.2f}: {}", learnt.eigenvalues[k], text));
  }
  return lines;
}

std::vector<Picture> comparison_pictures(const Comparison& comparison) {
  std::vector<Picture> pictures{width_picture(comparison)};
  if (!comparison.learning.empty()) pictures.push_back(samples_picture(comparison));
  if (comparison.learnt.eigenvalues.size() > 0) pictures.push_back(spectrum_picture(comparison));
  return pictures;
}

std::string html_table(const Table& table, const std::string& caption) {
  std::string text = fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
      "aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n"
      "<thead><tr>",
      xml_text(caption));
  for (const std::string& name : table.header)
    text += fmt::format("<th scope=\"col\">{}</th>", xml_text(name));
  text += "</tr></thead>\n<tbody>\n";
  for (const auto& line : table.lines) {
    text += "<tr>";
    for (const std::string& cell : line) text += fmt::format("<td>{}</td>", xml_text(cell));
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table>\n</div>\n";
}

std::string comparison_html(const Comparison& comparison, const std::string& title,
                            const std::string& command, const std::vector<Drawing>& drawings,
                            const std::string& extra) {
  const compare::Decision& d = comparison.decision;
  std::string body = fmt::format(
      "<p><strong>{}</strong></p>\n<p>{} samples, {} features, target {}; {} splits. R is the mean squared "
      "error on "
      "the test part, R<sub>0</sub> that of the mean of the training part. Made by <code>{}</code>.</p>\n",
      xml_text(d.sentence), comparison.samples, comparison.dimension, xml_text(comparison.table.target),
      comparison.splits, xml_text(command));
  for (const std::string& remark : comparison.remarks)
    body += fmt::format("<p class=\"note warn\">⚠ {}</p>\n", xml_text(remark));
  body += figures(comparison_pictures(comparison), drawings) + extra;
  body += html_table(
      comparison_table(comparison),
      "Means over splits. The digits in brackets are the standard error of the corrected resampled t "
      "test, in units of the last decimal.");
  Table gains{.header = {"gain in R/R0", "mean", "standard error", "lower bound", "upper bound"},
              .lines = {}};
  for (const auto& [name, mean] : {std::pair{"best model over the mean of y", d.over_mean},
                                   {"kernel over linear", d.kernel_over_linear},
                                   {"NN over linear", d.nn_over_linear},
                                   {"NN over kernel, same widths", d.nn_over_kernel},
                                   {"NN over kernel, any width", d.nn_over_wide}})
    gains.lines.push_back({name, fmt::format("{:.4f}", mean.value), fmt::format("{:.4f}", mean.se),
                           fmt::format("{:.4f}", mean.lower), fmt::format("{:.4f}", mean.upper)});
  body += html_table(gains, "What the verdict compares, paired over the splits; each bound is one-sided.");
  const std::vector<std::string> directions = direction_lines(comparison);
  body += "<h2>Directions that NN has found</h2>\n";
  if (directions.empty())
    body += "<p>None: no eigenvalue of the learnt W Wᵀ lies beyond those of the start.</p>\n";
  for (const std::string& line : directions) body += fmt::format("<p>{}</p>\n", xml_text(line));
  return page(title, body);
}

}  // namespace lazygap::report
