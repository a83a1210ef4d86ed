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
#include "report/parsed_script.h"

namespace lazygap::report {
namespace {

using parsed::all_matches;
using parsed::legend;
using parsed::ticks;

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
      const std::vector<std::string> drawn = parsed::drawn(gnuplot_script(frame));
      const std::set<std::string> distinct(drawn.begin(), drawn.end());
      std::set<std::string> wanted;
      for (const Series& series : frame.series) wanted.insert(series.name);
      EXPECT_EQ(distinct, wanted);
      EXPECT_EQ(drawn.size(), frame.series.size());
    }
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

TEST(Script, TwoSeriesOfAFrameNeverLookAlike) {
  for (const char* side : {"left", "right"}) {
    const plan::Plan plan = hand_made::plan(side);
    std::set<std::string> looks;
    const std::vector<std::string> entries =
        all_matches(gnuplot_script(make_frames(plan, hand_made::rows(plan)).at(0)),
                    "keyentry with ([^\n]*) title '[^ ']");
    for (const std::string& entry : entries)
      EXPECT_TRUE(looks.insert(std::regex_replace(entry, std::regex("lc rgb '[^']*'"), "")).second)
          << entry << " differs from another one in its colour only";
  }
}

TEST(Script, LinesThatCoincideAreBothSeen) {
  // From N = d on, NN and NT are 0: the later one is dashed, and the earlier one is seen through its gaps.
  const plan::Plan plan = hand_made::plan();
  const std::string script = gnuplot_script(make_frames(plan, hand_made::rows(plan)).at(0));
  const std::size_t nn = script.find("pick('NN limit','ratio')) with lines lw 2.4");
  const std::size_t nt = script.find("pick('NT limit','ratio')) with lines dt (14,6) lw 2.4");
  EXPECT_LT(nn, nt) << script;
  EXPECT_NE(nt, std::string::npos) << script;
}

TEST(Script, ErrorBarsAreThereWhereTheyCanBeSeen) {
  const plan::Plan plan = hand_made::plan();
  const Frame frame = make_frames(plan, hand_made::rows(plan)).at(0);
  const std::string script = gnuplot_script(frame);
  // A marker is a part of the axis, which goes from -0.03 x 1.05 to 1.05.
  EXPECT_NE(script.find("seen(ratio, se, marker) = se > 1.0815*marker\n"), std::string::npos) << script;
  EXPECT_EQ(all_matches(script, "low\\('(NN exact)',[^)]*\\)\\):").size(), 0u) << "it has none";
  EXPECT_EQ(all_matches(script, "low\\('(NT exact)',0.025\\)\\):").size(), 1u) << script;
  EXPECT_EQ(all_matches(script, "low\\('(NT train)',0.012\\)\\):").size(), 1u) << script;
}

TEST(Script, FlowsCarryTheMarkersOfTheirSeries) {
  const plan::Plan plan = hand_made::plan("right");
  const std::string script = gnuplot_script(make_frames(plan, hand_made::rows(plan)).at(0));
  const std::vector<std::string> markers =
      all_matches(script, " flow [^\n]*\\(0\\) with (points pt [0-9]+) ");
  EXPECT_EQ(std::set<std::string>(markers.begin(), markers.end()).size(), 4u) << script;
}

TEST(Script, SizesArePrintedAsThePlanSays) {
  for (const auto& [size, pdf] : std::vector<std::pair<std::string, std::string>>{
           {"column", "size 3.4in,3.25in"}, {"page", "size 6.5in,5in"}, {"slide", "size 10in,5.625in"}}) {
    const plan::Plan plan = hand_made::plan("left", "qf", {{"figure.size", size}});
    EXPECT_NE(gnuplot_script(make_frames(plan, hand_made::rows(plan)).at(0)).find("pdfcairo " + pdf),
              std::string::npos)
        << size;
  }
}

TEST(Script, ForLatexTheWordsAreLatex) {
  const plan::Plan plain = hand_made::plan(),
                   plan = hand_made::plan("left", "qf", {{"figure.latex", "true"}});
  EXPECT_EQ(gnuplot_script(make_frames(plain, hand_made::rows(plain)).at(0)).find("cairolatex"),
            std::string::npos);
  const std::string script = gnuplot_script(make_frames(plan, hand_made::rows(plan)).at(0));
  const std::string latex = script.substr(script.find("set terminal cairolatex pdf size 6.5in,5in"));
  for (const char* text :
       {"set title 'Quadratic function, d = 8'", "set xlabel 'number of neurons, $N$'",
        "set ylabel '$R$ / $R$$_{0}$'", "title 'RF($\\Gamma$*)'", "title 'limit, N, d $\\to$ $\\infty$'"})
    EXPECT_NE(latex.find(text), std::string::npos) << text << "\n" << latex;
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
