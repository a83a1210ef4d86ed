#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "lazygap/report/table.h"

namespace lazygap::report {
namespace {

const Table kTable{.header = {"name", "value", "ρ"}, .lines = {{"a", "1.5", "-"}, {"long name", "-10", "2"}}};
/// What each of the languages gives a meaning.
const Table kHostile{.header = {"a_b", "c"}, .lines = {{"x,\"y\"\n|z", "50 % & {$#_^~\\}"}}};

TEST(Align, PutsTextLeftAndNumbersRight) {
  EXPECT_EQ(align(kTable),
            "name       value  ρ\n"
            "a            1.5  -\n"
            "long name    -10  2\n");
  EXPECT_EQ(align({}), "\n");
}

TEST(ToCsv, QuotesWhatNeedsIt) {
  EXPECT_EQ(to_csv(kTable), "name,value,ρ\na,1.5,-\nlong name,-10,2\n");
  EXPECT_EQ(to_csv(kHostile), "a_b,c\n\"x,\"\"y\"\"\n|z\",50 % & {$#_^~\\}\n");
}

TEST(ToMarkdown, AlignsByColumnAndEscapesBars) {
  EXPECT_EQ(to_markdown(kTable),
            "| name | value | ρ |\n|:---|---:|---:|\n| a | 1.5 | - |\n| long name | -10 | 2 |\n");
  EXPECT_NE(to_markdown(kHostile).find("\\|z"), std::string::npos);
}

TEST(ToLatex, HasRulesAndEscapes) {
  EXPECT_EQ(to_latex(kTable),
            "\\begin{tabular}{lrr}\n\\toprule\nname & value & ρ \\\\\n\\midrule\na & 1.5 & -- \\\\\n"
            "long name & -10 & 2 \\\\\n\\bottomrule\n\\end{tabular}\n");
  EXPECT_NE(to_latex(kHostile).find("50 \\% \\& \\{\\$\\#\\_\\textasciicircum{}\\textasciitilde{}"
                                    "\\textbackslash{}\\}"),
            std::string::npos)
      << to_latex(kHostile);
}

TEST(ToJsonLines, NumbersAreNumbersAndEmptyCellsNull) {
  const Table table{.header = {"a", "b", "c", "d"},
                    .lines = {{"1.5", "", "x", "nan"}, {"7", "-", "\"", "1e-5"}}};
  std::istringstream stream(to_json_lines(table));
  std::string line;
  ASSERT_TRUE(std::getline(stream, line));
  const auto first = nlohmann::json::parse(line);
  EXPECT_EQ(first["a"], 1.5);
  EXPECT_TRUE(first["b"].is_null());
  EXPECT_EQ(first["c"], "x");
  EXPECT_EQ(first["d"], "nan") << "JSON has no such number";
  ASSERT_TRUE(std::getline(stream, line));
  EXPECT_EQ(nlohmann::json::parse(line)["d"], 1e-5);
  EXPECT_FALSE(std::getline(stream, line));
}

}  // namespace
}  // namespace lazygap::report
