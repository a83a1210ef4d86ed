#include "report/look.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

#include "report/hand_made.h"

namespace lazygap::report {
namespace {

Frame frame_of(const plan::Overrides& more, const std::string& side = "left") {
  const plan::Plan plan = hand_made::plan(side, "qf", more);
  return make_frames(plan, hand_made::rows(plan)).at(0);
}

/// The looks of all that has an entry in the legend, without their colours.
std::set<std::tuple<int, int, std::string>> shapes(const Frame& frame) {
  std::set<std::tuple<int, int, std::string>> found;
  for (const Series& series : frame.series) {
    const Look look = look_of(frame, series);
    found.insert({look.open, look.filled, std::string(look.dash)});
  }
  return found;
}

TEST(Look, RegimesDifferInShapeAndDash) {
  EXPECT_EQ(shapes(frame_of({})).size(), 4u);
  EXPECT_EQ(shapes(frame_of({}, "right")).size(), 4u) << "NN and NT, two widths each";
}

TEST(Look, LabelsOfOneRegimeDifferInColour) {
  const Frame frame = frame_of({{"sweep.regimes", "[NT]"},
                                {"sweep.methods", "[exact, train]"},
                                {"axes.activation.name", "[relu, quadratic, tanh]"}});
  std::set<std::string_view> colours;
  for (const Series& series : frame.series) colours.insert(look_of(frame, series).colour);
  EXPECT_EQ(colours.size(), 3u);
  EXPECT_EQ(shapes(frame).size(), 3u);
}

TEST(Look, ALimitIsThinWhereAnotherLineIsTheSubject) {
  Frame frame = frame_of({});
  EXPECT_EQ(line_width(frame, "limit"), "2.4");
  frame.series.push_back(frame.series[0]);
  frame.series.back().method = "curve";
  EXPECT_EQ(line_width(frame, "limit"), "1.0");
  EXPECT_EQ(line_width(frame, "curve"), "2.4");
}

TEST(Look, AFitBesideATrainingIsACross) {
  Frame frame = frame_of({});
  Series fit = frame.series[0];
  fit.method = "fit";
  EXPECT_TRUE(is_second_simulation(frame, fit)) << "NN is trained, too";
  fit.regime = "RF(I)";
  EXPECT_FALSE(is_second_simulation(frame, fit));
}

TEST(Look, CurvesAlongTrainingHaveAFewMarkers) {
  Series series;
  EXPECT_EQ(marker_interval(series), 1u);
  series.points.resize(200);
  EXPECT_EQ(marker_interval(series), 25u);
}

}  // namespace
}  // namespace lazygap::report
