#include "../src/report/titles.h"

#include <gtest/gtest.h>

#include "report/hand_made.h"

namespace lazygap::report {
namespace {

const Key& key(const char* path) { return question::key_at(path); }

TEST(Titles, KeysHaveTheSymbolsOfTheField) {
  EXPECT_EQ(short_name(key("fit.samples")), "n");
  EXPECT_EQ(short_name(key("train.records")), "records");
  EXPECT_EQ(axis_label(key("network.width")), "number of neurons, {/:Italic N}");
  EXPECT_EQ(axis_label(key("train.test_samples")), "train.test samples");
}

TEST(Titles, ValuesReadAsInALegend) {
  question::Question question;
  question.fit.samples = 1000;
  EXPECT_EQ(value_label(key("fit.samples"), question), "n = 1000");
  EXPECT_EQ(value_label(key("train.schedule"), question), "tail-drop");
  question.network.activation.name = "tanh";
  question.network.bias_scale = 0.5;
  EXPECT_EQ(value_label(key("activation.name"), question), "tanh with biases, τ = 0.5");
}

std::string title(const plan::Overrides& overrides) {
  const plan::Plan plan = hand_made::plan("left", "qf", overrides);
  return make_frames(plan, hand_made::rows(plan)).at(0).title;
}

TEST(Titles, SayWhatIsInForceWithoutWhatIsSwept) {
  EXPECT_EQ(title({}), "Quadratic function, d = 8");
  EXPECT_EQ(title({{"problem.label_noise", "0.5"}}), "Quadratic function, d = 8, label noise 0.5");
  EXPECT_EQ(title({{"axes.problem.label_noise", "[0.0, 0.5]"}}), "Quadratic function, d = 8");
  EXPECT_EQ(title({{"axes.problem.d", "[4, 8]"}}), "Quadratic function");
  EXPECT_EQ(title({{"axes.activation.name", "[relu, tanh]"}}), "Quadratic function, d = 8");
  EXPECT_EQ(title({{"problem.rotation", "haar"}}), "Quadratic function, B rotated, d = 8");
  EXPECT_EQ(title({{"figure.title", "\"My own\""}}), "My own");
}

TEST(Titles, TheCaptionSaysHowMuchWasComputed) {
  const plan::Plan plan = hand_made::plan();
  EXPECT_EQ(caption_of(plan, hand_made::rows(plan)),
            "exact: mean over 1 to 3 draws of W; SGD: 400 steps of 10 samples, 2 draws; least squares: n = "
            "1000, 2 draws");
  EXPECT_EQ(caption_of(plan, {}), "");
}

}  // namespace
}  // namespace lazygap::report
