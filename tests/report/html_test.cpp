#include "lazygap/report/html.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "report/hand_made.h"

namespace lazygap::report {
namespace {

/// What gnuplot writes, in miniature.
constexpr const char* kSvg =
    "<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 9 9\"\n xmlns=\"http://www.w3.org/2000/svg\"\n "
    "xmlns:xlink=\"http://www.w3.org/1999/xlink\"\n>\n<title>Gnuplot</title>\n<desc>Produced by "
    "GNUPLOT</desc>\n"
    "<g id=\"canvas\"><circle id='p'/><use xlink:href='#p'/><rect filter=\"url(#p)\"/></g></svg>\n";

Section section(const plan::Plan& plan) {
  Section section;
  section.plan = plan;
  section.rows = hand_made::rows(plan);
  section.frames = make_frames(plan, section.rows);
  section.drawings.resize(1);
  section.drawings[0].svg = kSvg;
  section.drawings[0].files = {"/tmp/" + plan.name + ".csv", "/tmp/" + plan.name + ".svg"};
  store::Result result;
  result.method = "train";
  result.regime = "NN";
  result.status = Status::ok;
  result.message = "LQ, fp32";
  result.provenance = {"abc1234", "GCC 12 <x>", "AVX2", "two cores", 2, 90, "2026-01-02T03:04:05Z"};
  section.results = {result};
  return section;
}

std::size_t matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return static_cast<std::size_t>(std::distance(std::sregex_iterator(text.begin(), text.end(), regex), {}));
}

TEST(Html, RefersToNothingOutside) {
  const std::string page = to_html("Figure 1", "lazygap figure 1",
                                   {section(hand_made::plan("left")), section(hand_made::plan("right"))});
  EXPECT_EQ(page.find("http"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_EQ(page.find("<link"), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
  EXPECT_EQ(page.find("<?xml"), std::string::npos);
  EXPECT_EQ(matches(page, "href=['\"][^#'\"]*[:/]"), 0u) << "files beside the page only";
  EXPECT_EQ(matches(page, "href=['\"]hand-made-left.csv['\"]"), 1u);
  EXPECT_EQ(matches(page, "url\\([^#]"), 0u);
}

TEST(Html, IdentifiersAreUniqueAndResolve) {
  const std::string page = to_html("Figure 1", "lazygap figure 1",
                                   {section(hand_made::plan("left")), section(hand_made::plan("right"))});
  std::set<std::string> ids;
  const std::regex id(" id=['\"]([^'\"]*)['\"]"), reference("(?:href=['\"]|url\\()#([^'\")]*)");
  for (std::sregex_iterator it(page.begin(), page.end(), id), end; it != end; ++it)
    EXPECT_TRUE(ids.insert((*it)[1]).second) << (*it)[1];
  EXPECT_EQ(ids.size(), 2u * 4u);
  std::size_t references = 0;
  for (std::sregex_iterator it(page.begin(), page.end(), reference), end; it != end; ++it, ++references)
    EXPECT_TRUE(ids.count((*it)[1])) << (*it)[1];
  EXPECT_EQ(references, 4u);
}

TEST(Html, HasEveryPointPlanAndSource) {
  const plan::Plan plan = hand_made::plan("left", "mg");
  std::string page = to_html("Figure 2", "lazygap figure 1", {section(plan)});
  EXPECT_EQ(matches(page, "<tr><td class=\"text\">"), hand_made::rows(plan).size());
  EXPECT_NE(
      page.find("<td>8</td><td>1</td><td>0.11111</td><td>0.124(8)</td><td>0.142(8)</td><td>0.019(5)</td>"
                "<td>+15.2 %</td><td>0.02</td>"),
      std::string::npos)
      << page;
  for (const char* text :
       {"abc1234", "GCC 12 &lt;x&gt;", "AVX2", "two cores", "2026-01-02T03:04:05Z", "LQ, fp32", "1.5 min",
        "model = &quot;mg&quot;", "hand-made-left.csv", "Bayes risk at this d, 0.7125"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST(Html, IsAccessible) {
  const std::string page = to_html("A & B", "lazygap figure 1", {section(hand_made::plan())});
  EXPECT_EQ(page.find("<!DOCTYPE html>\n<html lang=\"en\">"), 0u);
  EXPECT_NE(page.find("<title>A &amp; B</title>"), std::string::npos);
  EXPECT_EQ(matches(page, "<h1>"), 1u);
  EXPECT_EQ(matches(page, "<svg role=\"img\" aria-labelledby=\"frame1-title frame1-desc\""), 1u);
  EXPECT_EQ(page.find("Gnuplot"), std::string::npos) << "its title is not what the picture shows";
  EXPECT_EQ(matches(page, "<table>"), matches(page, "<caption>"));
  EXPECT_EQ(matches(page, "<th>"), 0u) << "every header cell has a scope";
  for (const char* tag :
       {"main", "section", "table", "thead", "tbody", "tr", "td", "th", "figure", "details", "dl"})
    EXPECT_EQ(matches(page, std::string("<") + tag + "[ >]"), matches(page, std::string("</") + tag + ">"))
        << tag;
}

TEST(Html, HeadingsStandOverTheirCells) {
  const std::string page = to_html("t", "lazygap figure 1", {section(hand_made::plan())});
  EXPECT_NE(page.find("<th scope=\"col\" class=\"text\">regime</th>"), std::string::npos);
  for (const char* number : {"N", "exact", "simulated", "step size"})
    EXPECT_NE(page.find(std::string("<th scope=\"col\">") + number + "</th>"), std::string::npos) << number;
}

TEST(Html, WarnsWhereAnAnswerIsMissing) {
  const plan::Plan plan = hand_made::plan();
  Section bad = section(plan);
  bad.rows[0].summaries[Method::train].step_size_at_edge = true;
  bad.rows[1].summaries[Method::train].failed = 2;
  const std::string page = to_html("t", "lazygap figure 1", {bad});
  EXPECT_EQ(matches(page, "class=\"note warn\""), 2u);
  EXPECT_NE(page.find("⚠ best step size at the edge of the grid"), std::string::npos);
  EXPECT_NE(page.find("⚠ 2 failed"), std::string::npos);
}

/// The numbers of CSS that make the page readable on a phone, in both colour schemes.
TEST(Html, IsReadableOnAPhone) {
  constexpr double kLeastPixels = 12, kPixelsOfRem = 16, kPicture = 700, kText = 15;
  const std::string page = to_html("t", "lazygap figure 1", {section(hand_made::plan())});
  EXPECT_EQ(matches(page, "<meta name=\"viewport\" content=\"width=device-width"), 1u);
  EXPECT_EQ(matches(page, "prefers-color-scheme: dark"), 2u) << "page and pictures";
  EXPECT_EQ(matches(page, "<table>"), matches(page, "class=\"scroll\""))
      << "tables scroll, the page does not";
  EXPECT_EQ(matches(page, "td:first-child \\{ position: sticky"), 1u);
  // Text of the pictures at their least width, and all other text.
  const std::regex width("svg \\{[^}]*min-width: ([0-9.]+)rem"), size("font-size: ([0-9.]+)rem");
  std::smatch match;
  ASSERT_TRUE(std::regex_search(page, match, width));
  EXPECT_GE(std::stod(match[1]) * kPixelsOfRem / kPicture * kText, kLeastPixels);
  for (std::sregex_iterator it(page.begin(), page.end(), size), end; it != end; ++it)
    EXPECT_GE(std::stod((*it)[1]) * kPixelsOfRem, kLeastPixels) << it->str();
}

TEST(Html, WithoutAPictureItSaysWhy) {
  Section bare = section(hand_made::plan());
  bare.drawings[0].svg.clear();
  bare.drawings[0].problem = "gnuplot is not in PATH";
  EXPECT_NE(to_html("t", "lazygap figure 1", {bare}).find("<p>gnuplot is not in PATH</p>"),
            std::string::npos);
}

}  // namespace
}  // namespace lazygap::report
