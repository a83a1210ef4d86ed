#include <gtest/gtest.h>

#include "lazygap/report/escape.h"

namespace lazygap::report {
namespace {

TEST(Latex, MarkupBecomesMathematics) {
  EXPECT_EQ(latex_text("number of neurons, {/:Italic N}"), "number of neurons, $N$");
  EXPECT_EQ(latex_text("{/:Italic R} / {/:Italic R}_0"), "$R$ / $R$$_{0}$");
  EXPECT_EQ(latex_text("10^{-3}"), "10$^{-3}$");
  EXPECT_EQ(latex_text("ridge, {/Symbol l}"), "ridge, $\\lambda$");
  EXPECT_EQ(latex_text("limit, N, d → ∞"), "limit, N, d $\\to$ $\\infty$");
}

TEST(Latex, TextOfAPlanMeansNothing) {
  EXPECT_EQ(latex_text(enhanced_text("50 % of a_b & {c} #1 $x$ ~ ^ \\input")),
            "50 \\% of a\\_b \\& \\{c\\} \\#1 \\$x\\$ \\textasciitilde{} \\textasciicircum{} "
            "\\textbackslash{}input");
  EXPECT_EQ(latex_text("Müller"), "Müller");
  EXPECT_EQ(latex_text("{unfinished"), "unfinished");
  EXPECT_EQ(latex_text("_"), "$_{}$");
  EXPECT_EQ(latex_text(""), "");
}

}  // namespace
}  // namespace lazygap::report
