#include "lazygap/route/train.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "route/asked.h"

namespace lazygap::route {
namespace {

using asked::question;

TEST(TrainRoute, OptionsHaveWhatOtherTablesOfThePlanSay) {
  Question asked =
      question(Method::train, Regime::nt,
               {{"activation.name", "relu"}, {"activation.biases", "0.5"}, {"problem.label_noise", "0.25"}});
  asked.draw = 3;
  const train::Options options = train_options(asked, question::make_instance(asked));
  EXPECT_EQ(options.activation.name, "relu");
  EXPECT_EQ(options.bias_scale, 0.5);
  EXPECT_EQ(options.label_noise, 0.25);
  EXPECT_EQ(options.seed, 7u);
  EXPECT_EQ(options.draw, 3u);
  EXPECT_EQ(options.steps, 300);
}

TEST(TrainRoute, DefaultStepSizesIncrease) {
  for (const Regime regime : {Regime::nt, Regime::nn}) {
    const Question asked = question(Method::train, regime);
    const std::vector<double> grid = default_step_sizes(asked, question::make_instance(asked));
    ASSERT_GE(grid.size(), 2u);
    EXPECT_GT(grid.front(), 0);
    EXPECT_TRUE(std::is_sorted(grid.begin(), grid.end()));
  }
}

TEST(TrainRoute, WhatHalvingHasEndedHasANameOfItsOwn) {
  const Question asked = question(Method::train, Regime::nn);
  const std::string own = elimination_name(asked, 1, {0.1, 0.2});
  EXPECT_NE(own, name(asked));
  EXPECT_NE(own, elimination_name(asked, 2, {0.1, 0.2}));
  EXPECT_NE(own, elimination_name(asked, 1, {0.1, 0.4}));
}

}  // namespace
}  // namespace lazygap::route
