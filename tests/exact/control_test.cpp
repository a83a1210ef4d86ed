#include "lazygap/core/control.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "exact/problems.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "lazygap/network/first_layer.h"

namespace lazygap {
namespace {

const std::array<Index, 2> kWidths{300, 600};

using Compute = std::function<std::vector<Answer>(const Problem&, const Control&)>;

/// Every way that exact has, on d = 30 and up to 600 neurons: several panels.
std::vector<Compute> computations() {
  const auto network = [](const Problem& problem, const char* name, Index N) {
    return Network{.activation = activation_from_name(name),
                   .W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0)};
  };
  std::vector<Compute> all;
  for (const char* name : {"quadratic", "relu"}) {
    all.push_back([=](const Problem& problem, const Control& control) {
      return exact::rf(problem, network(problem, name, 600), kWidths, control);
    });
    all.push_back([=](const Problem& problem, const Control& control) {
      return std::vector{exact::nt(problem, network(problem, name, 20), control)};
    });
  }
  return all;
}

TEST(ExactControl, ProgressRisesFromZeroToOneAndChangesNothing) {
  for (const Problem& problem : {Problem(test::polynomial_target(30)), Problem(test::mixture(30))})
    for (const Compute& compute : computations()) {
      std::vector<double> fractions;
      const auto answers = compute(problem, {.progress = [&](double f) { fractions.push_back(f); }});
      ASSERT_GT(fractions.size(), 1);
      EXPECT_EQ(fractions.front(), 0);
      EXPECT_EQ(fractions.back(), 1);
      for (std::size_t i = 1; i < fractions.size(); ++i) EXPECT_GE(fractions[i], fractions[i - 1]) << i;
      const auto alone = compute(problem, {});
      for (std::size_t k = 0; k < answers.size(); ++k) EXPECT_EQ(answers[k].risk, alone[k].risk);
    }
}

TEST(ExactControl, StoppedAtAnyPointTheAnswersAreEmpty) {
  for (const Problem& problem : {Problem(test::polynomial_target(30)), Problem(test::mixture(30))})
    for (const Compute& compute : computations()) {
      int asked = 0;
      const std::size_t count = compute(problem, {.stop = [&] { return ++asked < 0; }}).size();
      const int all = asked;
      for (const int last : {1, all / 2, all}) {
        asked = 0;
        const auto answers = compute(problem, {.stop = [&] { return ++asked >= last; }});
        EXPECT_EQ(asked, last);
        ASSERT_EQ(answers.size(), count);
        for (const Answer& answer : answers) {
          EXPECT_EQ(answer.status, Status::none);
          EXPECT_TRUE(std::isnan(answer.risk));
        }
      }
    }
}

}  // namespace
}  // namespace lazygap
