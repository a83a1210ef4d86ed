#include "report/look.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace lazygap::report {
namespace {

// Okabe and Ito's palette, whose colours stay distinct under the common forms of colour blindness. The first
// tint of a regime is its colour everywhere; the others serve further widths on a right frame.
struct Style {
  std::string_view regime;
  std::string_view label;  // gnuplot's enhanced text
  std::array<std::string_view, 4> tints;
  std::size_t place;  // of its shape and dash
};

constexpr std::array<Style, 6> kStyles{{
    {"NN", "NN", {"#0072B2", "#56B4E9", "#003D66", "#8899CC"}, 0},
    {"NT", "NT", {"#D55E00", "#E69F00", "#7A3300", "#C9A27A"}, 1},
    {"RF(I)", "RF(I)", {"#009E73", "#66C9AD", "#00543D", "#8FB8A8"}, 2},
    {"RF(Gamma*)", "RF(Γ*)", {"#CC79A7", "#E3B5CD", "#7D3A60", "#B79AA9"}, 3},
    {"RF", "RF", {"#E69F00", "#F0C860", "#8A5F00", "#C9B27A"}, 4},
    {"Bayes", "Bayes", {"#000000", "#000000", "#000000", "#000000"}, 0},
}};

// Where there is one regime only, its labels have the colours.
constexpr std::array<std::string_view, 6> kColours{"#0072B2", "#D55E00", "#009E73",
                                                   "#CC79A7", "#E69F00", "#56B4E9"};

struct Shape {
  int open, filled;
  std::string_view dash;
};
// The first is solid and lies below the others, so that lines that coincide are seen through the gaps.
constexpr std::array<Shape, 6> kShapes{{{6, 7, ""},
                                        {4, 5, " dt (14,6)"},
                                        {8, 9, " dt (6,4)"},
                                        {12, 13, " dt (12,3,2,3)"},
                                        {10, 11, " dt (3,3)"},
                                        {14, 15, " dt (12,3,2,3,2,3)"}}};

const Style& style_of(std::string_view regime) {
  const auto found =
      std::find_if(kStyles.begin(), kStyles.end(), [&](const Style& s) { return s.regime == regime; });
  return found == kStyles.end() ? kStyles.back() : *found;
}

/// The series that have a legend entry of their own, in the order of the frame.
using Identity = std::pair<std::string_view, std::string_view>;
std::vector<Identity> identities(const Frame& frame) {
  std::vector<Identity> found;
  for (const Series& series : frame.series) {
    const Identity own{series.regime, series.label};
    if (series.regime != "Bayes" && series.tint >= 0 &&
        std::find(found.begin(), found.end(), own) == found.end())
      found.push_back(own);
  }
  return found;
}

/// Whether all series are of one regime, so that colours are free to tell labels apart.
bool is_of_one_regime(const Frame& frame) {
  std::set<std::string_view> regimes;
  for (const Series& series : frame.series)
    if (series.regime != "Bayes") regimes.insert(series.regime);
  return regimes.size() == 1;
}

}  // namespace

bool shares_regimes(const Frame& frame) {
  return !is_of_one_regime(frame) &&
         std::any_of(frame.series.begin(), frame.series.end(),
                     [](const Series& s) { return s.tint < 0 && s.regime != "Bayes"; });
}

std::string_view regime_label(std::string_view regime) { return style_of(regime).label; }

Look look_of(const Frame& frame, const Series& series) {
  const Style& style = style_of(series.regime);
  if (series.tint < 0 && shares_regimes(frame)) {
    const Shape& shape = kShapes[style.place];
    return {style.tints.back(), shape.open, shape.filled};
  }
  if (series.tint < 0) return {"#555555", 6, 7};
  if (series.regime == "Bayes") return {style.tints[0], 6, 7, " dt 3"};
  const auto tint = static_cast<std::size_t>(series.tint);
  const std::vector<Identity> all = identities(frame);
  std::set<std::string_view> labels;
  for (const auto& [regime, label] : all) labels.insert(label);
  // A regime alone has the shape that it has everywhere.
  const std::size_t place =
      labels.size() < 2
          ? style.place
          : static_cast<std::size_t>(
                std::find(all.begin(), all.end(), Identity(series.regime, series.label)) - all.begin());
  const Shape& shape = kShapes[place % kShapes.size()];
  const bool free_colours = is_of_one_regime(frame) && labels.size() > 1 && !frame.along_training;
  return {free_colours ? kColours[tint % kColours.size()] : style.tints[tint % style.tints.size()],
          shape.open, shape.filled, shape.dash};
}

bool is_flat(const Series& series) {
  return series.method != "train" && series.method != "fit" && series.points.size() == 2 &&
         series.points[0].draws == 0 && !series.points[0].se &&
         series.points[0].ratio == series.points[1].ratio;
}

bool is_line(const Series& series) {
  return series.method == "limit" || series.method == "curve" || series.method == "lazy_rich" ||
         series.method == "dynamics" || series.method == "state_evolution";
}

bool is_joined(const Frame& frame, const Series& series) {
  return frame.joined && std::none_of(frame.series.begin(), frame.series.end(), [&](const Series& other) {
           const bool same = other.regime == series.regime && other.label == series.label;
           return same && (is_line(other) || (other.method == "exact" && series.method != "exact"));
         });
}

bool is_second_simulation(const Frame& frame, const Series& series) {
  return series.method == "fit" &&
         std::any_of(frame.series.begin(), frame.series.end(),
                     [&](const Series& s) { return s.regime == series.regime && s.method == "train"; });
}

bool has_method(const Frame& frame, std::string_view method) {
  return std::any_of(frame.series.begin(), frame.series.end(),
                     [&](const Series& s) { return s.method == method && s.regime != "Bayes"; });
}

std::string_view line_width(const Frame& frame, std::string_view method) {
  if (frame.along_training) return method == "train" ? "2.4" : method == "limit" ? "1.4" : "1.8";
  const bool other_lines =
      has_method(frame, "curve") || has_method(frame, "lazy_rich") || has_method(frame, "dynamics");
  return method == "limit" && other_lines ? "1.0" : "2.4";
}

std::size_t marker_interval(const Series& series) {
  constexpr std::size_t kMarkers = 8;
  return std::max<std::size_t>(1, series.points.size() / kMarkers);
}

}  // namespace lazygap::report
