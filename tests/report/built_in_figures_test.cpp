// Every figure of every built-in plan, from numbers made by hand: titles, legends and ticks are true whatever
// the numbers are.

#include <expat.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "../src/report/look.h"
#include "lazygap/core/files.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/escape.h"
#include "lazygap/report/gnuplot.h"
#include "report/hand_made.h"
#include "report/parsed_script.h"

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTicks = 14;  // more run into one another at the size of the picture

std::vector<Frame> frames_of(const std::string& name) {
  const plan::Plan plan = plan::load_plan(name);
  return make_frames(plan, hand_made::rows(plan));
}

/// The words that the legend has to have: one for each regime and label, one for each kind of line or marker.
std::set<std::string> expected_legend(const Frame& frame) {
  std::set<std::string> labels, expected;
  for (const Series& series : frame.series)
    if (series.regime != "Bayes" && series.tint >= 0) labels.insert(series.label);
  const bool labelled = frame.along_training || labels.size() > 1;
  bool trained_and_fitted = false;
  for (const Series& series : frame.series) {
    if (series.regime == "Bayes") {
      expected.insert("Bayes risk");
      continue;
    }
    std::string regime = series.regime == "RF(Gamma*)" ? "RF(Γ*)" : series.regime;
    if (labelled && !series.label.empty()) regime += ", " + enhanced_text(series.label);
    if (series.tint >= 0 || shares_regimes(frame)) expected.insert(regime);
    const std::map<std::string, std::string> kinds{
        {"limit", frame.along_training ? "limit, n → ∞" : "limit, N, d → ∞"},
        {"exact", "exact, n = ∞"},
        {"curve", "predicted"},
        {"lazy_rich", frame.along_training ? "end of training, n = ∞" : "output scale α"},
        {"state_evolution", "asymptotic, n, d → ∞"},
        {"dynamics", "mean of SGD"},
        {"flow", "gradient flow"},
        {"train", frame.along_training ? "SGD" : "simulated"},
        {"fit", "simulated"}};
    expected.insert(kinds.at(series.method));
    for (const Series& other : frame.series)
      trained_and_fitted |=
          series.regime == other.regime && series.method == "fit" && other.method == "train";
  }
  if (trained_and_fitted) expected.insert("fitted");
  return expected;
}

TEST(BuiltInFigures, TitlesLegendsAndTicksAreTrue) {
  for (const std::string& name : plan::built_in_plans()) {
    SCOPED_TRACE(name);
    const plan::Plan plan = plan::load_plan(name);
    for (const Frame& frame : frames_of(name)) {
      const std::string script = gnuplot_script(frame);
      EXPECT_FALSE(frame.series.empty());
      ASSERT_EQ(parsed::all_matches(script, "set title '((?:[^']|'')*)' noenhanced").size(), 1u);
      const std::string title = parsed::all_matches(script, "set title '((?:[^']|'')*)' noenhanced")[0];
      EXPECT_EQ(title.empty(), false);
      if (plan.figure.title.empty() && frame.d > 0) {
        EXPECT_NE(title.find("d = " + std::to_string(frame.d)), std::string::npos) << title;
      }
      EXPECT_EQ(parsed::legend(script), expected_legend(frame)) << script;
      for (const char* axis : {"x", "y"}) EXPECT_LE(parsed::ticks(script, axis), kMostTicks) << axis;
      const std::vector<std::string> drawn = parsed::drawn(script);
      std::multiset<std::string> names;
      for (const Series& series : frame.series) names.insert(series.name);
      EXPECT_EQ(std::multiset<std::string>(drawn.begin(), drawn.end()), names);
    }
  }
}

/// What the SVG says: its texts one after the other.
struct Parsed {
  bool well_formed = false;
  std::string texts;
};
Parsed parse(const std::string& svg) {
  Parsed parsed;
  XML_Parser parser = XML_ParserCreate(nullptr);
  XML_SetUserData(parser, &parsed.texts);
  XML_SetCharacterDataHandler(parser, [](void* texts, const XML_Char* text, int length) {
    static_cast<std::string*>(texts)->append(text, static_cast<std::size_t>(length));
  });
  parsed.well_formed = XML_Parse(parser, svg.data(), static_cast<int>(svg.size()), 1) == XML_STATUS_OK;
  XML_ParserFree(parser);
  return parsed;
}

TEST(BuiltInFigures, GnuplotDrawsThemAll) {
  if (gnuplot_version().empty()) GTEST_SKIP() << "gnuplot is not in PATH";
  const ScratchFolder folder(fs::temp_directory_path());
  std::string all;
  struct Drawn {
    std::string name, title, entry;
  };
  std::vector<Drawn> drawn;
  for (const std::string& name : plan::built_in_plans())
    for (const Frame& frame : frames_of(name)) {
      const std::string script = gnuplot_script(frame);
      write_file(folder.path() / (frame.name + ".csv"), to_csv(frame));
      // The SVG alone: the other pictures come from the same commands.
      all += "reset\n" + script.substr(0, script.find("set terminal pdfcairo")) + "unset output\n";
      std::string entry = *parsed::legend(script).begin();
      std::erase(entry, '\\');
      drawn.push_back({frame.name, frame.title, entry});
    }
  write_file(folder.path() / "all.gp", all);
  const GnuplotRun run = run_gnuplot({"-d", "./all.gp"}, folder.path());
  ASSERT_EQ(run.end, GnuplotRun::End::done) << run.problem << run.said;
  EXPECT_EQ(run.said, "");
  for (const auto& [name, title, entry] : drawn) {
    std::ifstream stream(folder.path() / (name + ".svg"), std::ios::binary);
    const Parsed svg = parse({std::istreambuf_iterator<char>(stream), {}});
    EXPECT_TRUE(svg.well_formed) << name;
    EXPECT_NE(svg.texts.find(title), std::string::npos) << name;
    EXPECT_NE(svg.texts.find(entry), std::string::npos) << name << ": " << entry;
  }
}

}  // namespace
}  // namespace lazygap::report
