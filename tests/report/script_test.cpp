// The gnuplot script as its reader sees it: what the legend explains, how many ticks an axis has.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "lazygap/report/draw.h"
#include "report/hand_made.h"

namespace lazygap::report {
namespace {

std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it)
    found.push_back((*it)[1]);
  return found;
}

std::set<std::string> legend(const std::string& script) {
  const std::vector<std::string> entries = all_matches(script, "keyentry [^\n]* title '([^']*)'");
  const std::set<std::string> distinct(entries.begin(), entries.end());
  EXPECT_EQ(distinct.size(), entries.size()) << "an entry is there twice";
  return distinct;
}

TEST(Script, TheTitleIsThatOfTheFrame) {
  Frame frame = make_frames(hand_made::plan(), hand_made::rows(hand_made::plan())).at(0);
  EXPECT_EQ(all_matches(gnuplot_script(frame), "set title '([^']*)'"),
            std::vector<std::string>{"Quadratic function, d = 8"});
  const plan::Plan relu = hand_made::plan("left", "qf", {{"activation.name", "relu"}});
  frame = make_frames(relu, hand_made::rows(relu)).at(0);
  EXPECT_EQ(all_matches(gnuplot_script(frame), "set title '([^']*)'"),
            std::vector<std::string>{"Quadratic function, d = 8, relu"});
}

TEST(Script, TheLegendExplainsWhatIsDrawnAndNothingElse) {
  const plan::Plan plan = hand_made::plan();
  std::vector<Row> rows = hand_made::rows(plan);
  EXPECT_EQ(
      legend(gnuplot_script(make_frames(plan, rows).at(0))),
      (std::set<std::string>{"NN", "NT", "RF(I)", "RF(Γ*)", "limit, N, d → ∞", "exact, n = ∞", "simulated"}));
  // Without simulations, and without one of the regimes.
  std::erase_if(rows, [](const Row& row) { return row.regime == Regime::nt; });
  for (Row& row : rows) std::erase_if(row.summaries, [](const auto& s) { return s.first != Method::exact; });
  EXPECT_EQ(legend(gnuplot_script(make_frames(plan, rows).at(0))),
            (std::set<std::string>{"NN", "RF(I)", "RF(Γ*)", "exact, n = ∞"}));
  EXPECT_TRUE(legend(gnuplot_script(make_frames(plan, {}).at(0))).empty());
}

TEST(Script, AlongTrainingTheLegendNamesEveryWidth) {
  const plan::Plan plan = hand_made::plan("right");
  EXPECT_EQ(legend(gnuplot_script(make_frames(plan, hand_made::rows(plan)).at(0))),
            (std::set<std::string>{"NN, N = 2", "NN, N = 4", "NT, N = 2", "NT, N = 4", "SGD", "gradient flow",
                                   "limit, n → ∞", "exact, n = ∞"}));
}

TEST(Script, EverySeriesIsDrawnOnce) {
  for (const char* side : {"left", "right"})
    for (const char* model : {"qf", "mg"}) {
      const plan::Plan plan = hand_made::plan(side, model);
      const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
      const std::vector<std::string> drawn = all_matches(
          gnuplot_script(frame), "\\(pick\\('([^']*)','x'\\)\\):\\(pick\\('[^']*','ratio'\\)\\) with");
      const std::set<std::string> distinct(drawn.begin(), drawn.end());
      std::set<std::string> wanted;
      for (const Series& series : frame.series) wanted.insert(series.name);
      EXPECT_EQ(distinct, wanted);
      EXPECT_EQ(drawn.size(), frame.series.size());
    }
}

/// Where the script sets ticks itself, their number; where gnuplot chooses them, it takes about ten.
std::size_t ticks(const std::string& script, const std::string& axis) {
  constexpr std::size_t kChosenByGnuplot = 10;
  const std::vector<std::string> lists = all_matches(script, "set " + axis + "tics \\(([^)]*)\\)");
  if (!lists.empty()) return static_cast<std::size_t>(std::count(lists[0].begin(), lists[0].end(), ',')) + 1;
  const std::vector<std::string> steps = all_matches(script, "set " + axis + "tics ([0-9.]+)\n");
  if (steps.empty()) return kChosenByGnuplot;
  const std::regex range("set " + axis + "range \\[([^:]*):([^\\]]*)\\]");
  std::smatch match;
  EXPECT_TRUE(std::regex_search(script, match, range));
  return static_cast<std::size_t>((std::stod(match[2]) - std::stod(match[1])) / std::stod(steps[0])) + 1;
}

TEST(Script, NoAxisHasFifteenTicks) {
  constexpr std::size_t kMostTicks = 15;  // more run into one another at the size of the picture
  const plan::Plan plan = hand_made::plan();
  for (const double height : {0.01, 0.5, 1.0, 1.9, 3.0, 50.0, 1e4})
    for (const bool log : {false, true})
      for (const double width : {2.0, 30.0, 250.0, 1e5}) {
        Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
        for (Series& series : frame.series)
          for (Point& point : series.points) {
            point.ratio *= height;
            point.x = std::pow(point.x / 2, std::log(width) / std::log(16.0));
          }
        frame.mark.reset();
        frame.y.log = log;
        const std::string script = gnuplot_script(frame);
        EXPECT_LT(ticks(script, "x"), kMostTicks) << width << "\n" << script;
        EXPECT_LT(ticks(script, "y"), kMostTicks) << height << "\n" << script;
      }
}

TEST(Script, AKeyAlongTheAxisHasItsName) {
  const plan::Plan plan = hand_made::plan("left", "qf",
                                          {{"sweep.neurons", "[4]"},
                                           {"axes.fit.samples", "[100, 1000, 10000]"},
                                           {"sweep.regimes", "[RF(I)]"},
                                           {"sweep.methods", "[exact, fit]"},
                                           {"figure.frame", "axes"},
                                           {"figure.x", "fit.samples"}});
  const std::vector<Frame> frames = make_frames(plan, hand_made::rows(plan));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_TRUE(frames[0].x.log);
  const std::string script = gnuplot_script(frames[0]);
  EXPECT_NE(script.find("set xlabel 'number of samples"), std::string::npos) << script;
  // The exact risk does not depend on the number of samples: a line, not points.
  for (const Series& series : frames[0].series)
    EXPECT_EQ(series.points.size(), series.method == "exact" ? 2u : 3u) << series.name;
}

}  // namespace
}  // namespace lazygap::report
