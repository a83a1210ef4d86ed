#include "lazygap/report/table.h"

#include <gtest/gtest.h>

#include "report/hand_made.h"

namespace lazygap::report {
namespace {

TEST(Table, AlignsTextLeftAndNumbersRight) {
  EXPECT_EQ(align({{"name", "value", "ρ"}, {"a", "1.5", "-"}, {"long name", "-10", "2"}}),
            "name       value  ρ\n"
            "a            1.5  -\n"
            "long name    -10  2\n");
  EXPECT_EQ(align({}), "");
}

TEST(Table, ShowsAllRoutes) {
  experiment::Plan plan = hand_made::plan();
  plan.sweep.regimes = {Regime::nt, Regime::rf_isotropic};
  plan.sweep.neurons = {4};
  std::vector<experiment::Row> rows = hand_made::rows(plan);
  EXPECT_EQ(text_table(plan, rows),
            "regime  N  rho    limit    exact       se  simulated       se  diff/se  step size\n"
            "NT      4  0.5  0.20000  0.21250  4.0e-03    0.23125  7.8e-03     +1.8       0.02\n"
            "RF(I)   4  0.5  0.20000  0.21250  4.0e-03    0.23125  7.8e-03     +1.8          -\n");
  plan.sweep.methods = {experiment::Method::limit};
  EXPECT_EQ(text_table(plan, rows),
            "regime  N  rho    limit\n"
            "NT      4  0.5  0.20000\n"
            "RF(I)   4  0.5  0.20000\n");
}

TEST(Table, UnknownNumbersAreDashes) {
  experiment::Plan plan = hand_made::plan();
  experiment::Row row;
  row.regime = Regime::nt;
  row.N = 4;
  row.rho = 0.5;
  row.missing = 3;
  EXPECT_EQ(text_table(plan, {row}),
            "regime  N  rho  limit  exact  se  simulated  se  diff/se  step size  remark\n"
            "NT      4  0.5      -      -   -          -   -        -          -  3 not computed yet\n");
}

TEST(Table, TroubleIsAMissingAnswerNotADivergedStepSize) {
  const experiment::Plan plan = hand_made::plan();
  experiment::Row row = hand_made::rows(plan).front();
  EXPECT_FALSE(is_troubled(plan, row));
  row.diverged = 2;
  EXPECT_FALSE(is_troubled(plan, row));
  EXPECT_EQ(remark(row), "2 diverged");
  row.step_size.reset();
  EXPECT_TRUE(is_troubled(plan, row)) << "every step size diverged";
  row.step_size = 0.01;
  row.not_converged = 1;
  EXPECT_TRUE(is_troubled(plan, row));
  row.not_converged = 0;
  row.failed = 1;
  row.step_size_at_edge = true;
  EXPECT_TRUE(is_troubled(plan, row));
  EXPECT_EQ(remark(row), "best step size at the edge of the grid, 2 diverged, 1 failed");
}

}  // namespace
}  // namespace lazygap::report
