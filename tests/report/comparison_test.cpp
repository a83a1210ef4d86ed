#include "lazygap/report/comparison.h"

#include <gtest/gtest.h>

#include "support/contains.h"

namespace lazygap::report {
namespace {

using compare::Model;
using compare::Score;
using test::expect_contains;

/// Two splits of a table with two features, one with a name that HTML has to escape.
compare::Comparison hand_made() {
  compare::Comparison c{.status = Status::ok, .samples = 100, .dimension = 2, .splits = 2};
  c.table.features = {"a<b", "x2"};
  c.table.target = std::string("y");
  c.test_over_train = 0.5;
  for (std::size_t split = 0; split < 2; ++split) {
    const double shift = split == 0 ? -0.01 : 0.01;
    c.scores.push_back({.model = Model::linear, .split = split, .samples = 66, .ratio = 0.9 + shift});
    for (const Model model : {Model::rf, Model::nt, Model::nn})
      c.scores.push_back({.model = model, .neurons = 8, .split = split, .samples = 66, .ratio = 0.5 + shift});
    c.learning.push_back(
        {.model = Model::nn, .neurons = 8, .split = split, .samples = 33, .ratio = 0.7 + shift});
  }
  c.decision = compare::decide({{0.9, 0.9}, {0.5, 0.5}, {0.5, 0.5}, {0.2, 0.2}}, 0.5, 0.02, 0.95);
  c.learnt = {.neurons = 8,
              .eigenvalues = Vector{{4, 0.9}},
              .edge = 2.25,
              .directions = (Matrix(2, 2) << 0.8, -0.6, 0.6, 0.8).finished()};
  c.remarks = {"There are few samples & many features."};
  return c;
}

TEST(ComparisonReport, TableHasMeansWithErrors) {
  const Table table = comparison_table(hand_made());
  ASSERT_EQ(table.lines.size(), 4U);
  EXPECT_EQ(table.lines[0], (std::vector<std::string>{"linear", "-", "0.900(14)"}));
  EXPECT_EQ(table.lines[3], (std::vector<std::string>{"NN", "8", "0.500(14)"}));
  EXPECT_EQ(score_table(hand_made()).lines.size(), 10U);
}

TEST(ComparisonReport, DirectionsAreNamedByColumn) {
  EXPECT_EQ(direction_lines(hand_made()), (std::vector<std::string>{"eigenvalue 4.00: 0.80 a<b + 0.60 x2"}));
  compare::Comparison none = hand_made();
  none.learnt.eigenvalues = Vector{{1.1, 0.9}};
  EXPECT_TRUE(direction_lines(none).empty());
}

TEST(ComparisonReport, PicturesHaveTheirNumbers) {
  const std::vector<Picture> pictures = comparison_pictures(hand_made());
  ASSERT_EQ(pictures.size(), 3U);
  EXPECT_EQ(pictures[0].name, "compare-width");
  expect_contains(pictures[0].csv, "NN,8,0.5,");
  expect_contains(pictures[1].csv, "NN,33,0.7,");
  expect_contains(pictures[1].csv, "NN,66,0.5,");
  expect_contains(pictures[2].csv, "learnt,1,4,");
  expect_contains(pictures[2].script, "2.25 with lines");
}

TEST(ComparisonReport, PageSaysTheVerdictAndEscapes) {
  const std::string html = comparison_html(hand_made(), "t", "lazygap compare t.csv", {});
  expect_contains(html, "Feature learning helps: NN 0.200");
  expect_contains(html, "a&lt;b");
  expect_contains(html, "few samples &amp; many features");
  EXPECT_EQ(html.find("a<b"), std::string::npos);
}

}  // namespace
}  // namespace lazygap::report
