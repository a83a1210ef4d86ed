#include "report/heat_map.h"

#include <gtest/gtest.h>

#include <string>

#include "lazygap/report/draw.h"
#include "support/temporary_folder.h"

namespace lazygap::report {
namespace {

Frame two_maps() {
  Frame frame;
  frame.name = "maps";
  frame.title = "Two maps, d = 4";
  frame.d = 4;
  frame.maps = {{"NN, start", Matrix{{0.25, 0.75}, {0.75, 0.25}}}, {"NN, end", Matrix{{1, 0}, {0, 1}}}};
  return frame;
}

TEST(HeatMap, NumbersAreARowForEachPair) {
  EXPECT_EQ(to_csv(two_maps()),
            "i,j,\"NN, start\",\"NN, end\"\n1,1,0.25,1\n1,2,0.75,0\n2,1,0.75,0\n2,2,0.25,1\n");
}

TEST(HeatMap, ScriptNamesEveryMapAndTheTitle) {
  const std::string script = gnuplot_script(two_maps());
  for (const char* part :
       {"'NN, start'", "'NN, end'", "'Two maps, d = 4'", "column(3)", "column(4)", "set xrange [0:4]"})
    EXPECT_NE(script.find(part), std::string::npos) << part << "\n" << script;
}

TEST(HeatMap, IsDrawn) {
  const test::TemporaryFolder folder;
  const Drawing drawing = draw(two_maps(), folder / "pictures");
  if (drawing.pictures == Drawing::Pictures::no_gnuplot) GTEST_SKIP() << drawing.problem;
  EXPECT_EQ(drawing.pictures, Drawing::Pictures::drawn) << drawing.problem;
  EXPECT_EQ(drawing.files.size(), 5u);
  for (const char* text : {"NN, start", "NN, end", "Two maps, d = 4", "direction of the target"})
    EXPECT_NE(drawing.svg.find(text), std::string::npos) << text;
}

}  // namespace
}  // namespace lazygap::report
