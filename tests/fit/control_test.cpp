#include "lazygap/core/control.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "lazygap/fit/nt.h"
#include "lazygap/fit/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"

namespace lazygap::fit {
namespace {

const std::array<Index, 2> kWidths{10, 30};

using Compute = std::function<std::vector<Answer>(const Control&)>;

/// RF in both precisions, and the three ways of NT, on several blocks of samples.
std::vector<Compute> computations() {
  const Problem problem = PolynomialTarget(draw_spectrum({}, 10, 1));
  const Network network{.activation = activation_from_name("relu"),
                        .W = FirstLayerLaw::isotropic(problem).sample(30, 1, 0)};
  const auto rf_with = [=](Precision precision) {
    return [=](const Control& control) {
      const Options options{.samples = 1000, .test_samples = 500, .precision = precision, .block = 200};
      return rf(problem, network, kWidths, options, control);
    };
  };
  const auto nt_with = [=](std::int64_t samples, double memory_bytes) {
    return [=](const Control& control) {
      const Options options{
          .samples = samples, .test_samples = 500, .block = 200, .memory_bytes = memory_bytes};
      return std::vector{nt(problem, network, options, control)};
    };
  };
  return {rf_with(Precision::fp32), rf_with(Precision::fp64), nt_with(250, 2e9), nt_with(1000, 2e9),
          nt_with(1000, 0)};
}

TEST(FitControl, ProgressRisesFromZeroToOneAndChangesNothing) {
  for (const Compute& compute : computations()) {
    std::vector<double> fractions;
    const auto answers = compute({.progress = [&](double f) { fractions.push_back(f); }});
    EXPECT_GT(fractions.size(), 10);
    EXPECT_EQ(fractions.front(), 0);
    EXPECT_EQ(fractions.back(), 1);
    for (std::size_t i = 1; i < fractions.size(); ++i) EXPECT_GE(fractions[i], fractions[i - 1]) << i;
    const auto alone = compute({});
    for (std::size_t k = 0; k < answers.size(); ++k) {
      EXPECT_EQ(answers[k].risk, alone[k].risk);
      EXPECT_EQ(answers[k].test->value, alone[k].test->value);
    }
  }
}

TEST(FitControl, StoppedAtAnyPointTheAnswersAreEmpty) {
  for (const Compute& compute : computations()) {
    int asked = 0;
    const std::size_t count = compute({.stop = [&] { return ++asked < 0; }}).size();
    const int all = asked;
    for (const int last : {1, all / 2, all}) {
      asked = 0;
      const auto answers = compute({.stop = [&] { return ++asked >= last; }});
      EXPECT_EQ(asked, last);
      ASSERT_EQ(answers.size(), count);
      for (const Answer& answer : answers) {
        EXPECT_EQ(answer.status, Status::none);
        EXPECT_TRUE(std::isnan(answer.risk));
        EXPECT_FALSE(answer.test.has_value());
      }
    }
  }
}

}  // namespace
}  // namespace lazygap::fit
