#include "report/heat_map.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "lazygap/core/quote.h"
#include "lazygap/report/escape.h"

namespace lazygap::report {

std::string heat_map_csv(const Frame& frame) {
  std::string text = "i,j";
  for (const HeatMap& map : frame.maps) text += fmt::format(",{}", csv_text(map.title));
  text += "\n";
  if (frame.maps.empty()) return text;
  const Matrix& first = frame.maps.front().shares;
  for (Index i = 0; i < first.rows(); ++i)
    for (Index j = 0; j < first.cols(); ++j) {
      text += fmt::format("{},{}", i + 1, j + 1);
      for (const HeatMap& map : frame.maps) text += fmt::format(",{}", map.shares(i, j));
      text += "\n";
    }
  return text;
}

std::string heat_map_script(const Frame& frame) {
  const Index m = frame.maps.front().shares.rows();
  std::string panels;
  for (std::size_t k = 0; k < frame.maps.size(); ++k)
    panels += fmt::format(
        "{} colorbox\n  set title {} offset 0,-0.5 noenhanced\n  plot data skip 1 using "
        "(place($2)):(place($1)):(share(column({}))) with image "
        "notitle\n"
        "  unset ylabel; set format y ''\n  ",
        k + 1 < frame.maps.size() ? "unset" : "set", gnuplot_string(frame.maps[k].title), k + 3);
  const double width = 3.1 * static_cast<double>(frame.maps.size()) + 1.1;
  return fmt::format(R"(# Draws {0}.svg, {0}.pdf and {0}.png from the numbers in {0}.csv:  gnuplot {0}.gp
set encoding utf8
set datafile separator comma
data = {1}
# Colours are logarithmic, from a thousandth to all.
share(x) = x > 1e-3 ? x : 1e-3
set palette defined (0 '#FFFFFF', 1 '#C6DBEF', 2 '#6BAED6', 3 '#2171B5', 4 '#08306B')
set logscale cb
set cbrange [1e-3:1]
set format cb '10^{{%T}}'
set cblabel 'share of {{/:Italic e}}_j in {{/:Italic u}}_i'
# Middles of the blocks of directions.
place(block) = (block - 0.5) * {3} / {12}.0
set xrange [0:{3}]
set yrange [{3}:0]
set size square
set border lc rgb '#555555'
set tics out nomirror scale 0.4
do for [kind in "svg pdf png"] {{
  if (kind eq 'svg') {{ set terminal svg size {4:.0f},430 dynamic enhanced font 'sans-serif,14' background rgb 'white'; set output {5} }}
  if (kind eq 'pdf') {{ set terminal pdfcairo size {7:.1f}in,4.3in enhanced font 'Sans,14' background rgb 'white'; set output {6} }}
  if (kind eq 'png') {{ set terminal pngcairo size {8:.0f},860 enhanced font 'Sans,14' fontscale 2 linewidth 2 background rgb 'white'; set output {9} }}
  set multiplot layout 1,{10} title {2} noenhanced margins 0.085,0.89,0.19,0.80 spacing 0.045,0
  set xlabel 'direction of the target, {{/:Italic j}}'
  set ylabel 'eigenvector of W W^T, {{/:Italic i}}'
  set format y '%.0f'
  {11}  unset multiplot
}}
unset output
)",
                     printable(frame.name), gnuplot_file(frame.name + ".csv"), gnuplot_string(frame.title),
                     frame.d, 100 * width, gnuplot_file(frame.name + ".svg"),
                     gnuplot_file(frame.name + ".pdf"), width, 200 * width, gnuplot_file(frame.name + ".png"),
                     frame.maps.size(), panels, m);
}

}  // namespace lazygap::report
