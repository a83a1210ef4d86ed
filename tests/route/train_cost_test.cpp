#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "lazygap/route/route.h"
#include "support/small_plan.h"

namespace lazygap::route {
namespace {

using namespace test;

Cost cost(const std::vector<Question>& questions) {
  return route_of(questions.front().method).cost(questions);
}
Cost cost(const Plan& plan, const std::vector<Cell>& cells) {
  std::vector<Question> questions;
  for (const Cell& cell : cells) questions.push_back(question_of(plan, cell));
  return cost(questions);
}

Question training(const Overrides& overrides, Regime regime, Index N, double step_size = 0.01) {
  Question question = small_plan(overrides).at(Method::train, regime, 0);
  question.network.width = N;
  question.train.options.step_size = step_size;
  return question;
}

TEST(Cost, GrowsWithTheSizeAndCountsTheReduction) {
  const Plan plan = small_plan();
  for (const Cell& cell : make_cells(plan)) {
    const Cost found = cost(plan, {cell});
    EXPECT_GT(found.operations, 0);
    EXPECT_GT(found.bytes, 0);
  }
  constexpr Index kWide = 2400;
  EXPECT_GT(cost({training({{"train.reduction", "none"}}, Regime::nn, kWide)}).operations,
            10 * cost({training({}, Regime::nn, kWide)}).operations);
}

Cost cost_of_training(const Overrides& overrides, Regime regime, Index N) {
  return cost({training(
      with({{"problem.spectrum", "{law = choice, values = [1, 1.5, 2], scale = 1/sqrt(d)}"}}, overrides),
      regime, N)});
}

/// NT has no second layer and needs no reduction: its step is that of a d x d form whatever the plan says of
/// NN.
TEST(Cost, OfNtDoesNotDependOnWhatConcernsNnOnly) {
  const Overrides only_nn{{"train.second_layer", "free"}, {"train.reduction", "none"}};
  for (const char* model : {"qf", "mg"}) {
    const Cost usual = cost_of_training({{"problem.model", model}}, Regime::nt, 2400);
    for (const auto& setting : only_nn) {
      const Cost other = cost_of_training({{"problem.model", model}, setting}, Regime::nt, 2400);
      EXPECT_EQ(other.operations, usual.operations) << model << ": " << setting.first;
      EXPECT_EQ(other.bytes, usual.bytes) << model << ": " << setting.first;
    }
  }
}

TEST(Cost, CountsTheRotationsOfTheSamples) {
  const auto operations = [](const char* model, const char* rotation, Regime regime, Index N = 5) {
    return cost_of_training({{"problem.model", model}, {"problem.rotation", rotation}}, regime, N).operations;
  };
  EXPECT_GT(operations("mg", "haar", Regime::nn), operations("mg", "none", Regime::nn));
  EXPECT_EQ(operations("qf", "haar", Regime::nn), operations("qf", "none", Regime::nn));
  // The rotation of NT takes N reflections, and no more than a whole matrix.
  const auto rotation = [&](Index N) {
    return operations("mg", "none", Regime::nt, N) - operations("qf", "none", Regime::nt, N);
  };
  // Differences of large numbers of operations.
  constexpr double kRounding = 1e-6;
  EXPECT_GT(rotation(1), 0);
  EXPECT_NEAR(rotation(2), 2 * rotation(1), kRounding * rotation(1));
  EXPECT_NEAR(rotation(1000), rotation(999), kRounding * rotation(1));
}

TEST(Cost, OfFitsOfRfIsLargerInFp64) {
  const Plan usual = small_plan(), fp64 = small_plan({{"fit.precision", "fp64"}});
  const Cell fit = cell_at(usual, Method::fit, Regime::rf_isotropic, 6, 2);
  EXPECT_GT(cost(fp64, {fit}).operations, 1.5 * cost(usual, {fit}).operations);
  EXPECT_GT(cost(fp64, {fit}).bytes, 1.5 * cost(usual, {fit}).bytes);
}

TEST(Cost, OfAGroupIsLessThanTheSumOfItsCells) {
  const Plan plan = small_plan();
  const std::vector<Cell> cells = make_cells(plan);
  for (const auto& group : make_groups(plan, cells)) {
    std::vector<Cell> members;
    double operations = 0, bytes = 0;
    for (const std::size_t i : group) {
      members.push_back(cells[i]);
      operations += cost(plan, {cells[i]}).operations;
      bytes = std::max(bytes, cost(plan, {cells[i]}).bytes);
    }
    const Cost of_all = cost(plan, members);
    EXPECT_GE(of_all.bytes, bytes);
    EXPECT_GT(of_all.operations, 0);
    if (group.size() > 1) {
      EXPECT_LT(of_all.operations, operations);
    }
  }
}

TEST(Cost, DrawsShareNothing) {
  // Sums in another order.
  constexpr double kRounding = 1e-12;
  for (const char* activation : {"relu", "quadratic"})
    for (const char* model : {"qf", "mg"}) {
      const Plan plan = small_plan({{"sweep.methods", "[train]"},
                                    {"sweep.regimes", "[NT, NN]"},
                                    {"train.draws", "2"},
                                    {"activation.name", activation},
                                    {"problem.model", model},
                                    {"problem.spectrum", "{law = identity, scale = 0.5}"},
                                    {"train.search", "halving"},
                                    {"train.share_samples", "widths"}});
      const std::vector<Cell> cells = make_cells(plan);
      for (const auto& group : make_groups(plan, cells)) {
        std::vector<Cell> both, one;
        for (const std::size_t i : group) {
          both.push_back(cells[i]);
          if (cells[i].draw == 0) one.push_back(cells[i]);
        }
        const Cost of_both = cost(plan, both), of_one = cost(plan, one);
        EXPECT_NEAR(of_both.operations / of_one.operations, 2, kRounding);
        EXPECT_NEAR(of_both.bytes / of_one.bytes, 2, kRounding);
      }
    }
}

TEST(Cost, StepSizesShareTheMomentsOfNt) {
  const Overrides relu{{"activation.name", "relu"}, {"train.share_samples", "widths"}};
  const auto bytes = [](const std::vector<Question>& questions) { return cost(questions).bytes; };
  const Question a = training(relu, Regime::nt, 1000, 0.001), b = training(relu, Regime::nt, 1000, 0.01),
                 wider = training(relu, Regime::nt, 1001, 0.001);
  const double moments = sizeof(double) * 3 * 1000.0 * 1000.0;
  EXPECT_LT(bytes({a, b}), 2 * bytes({a}) - 0.99 * moments);
  EXPECT_EQ(bytes({a, wider}), bytes({a}) + bytes({wider}));
  EXPECT_LT(bytes({a, b, wider}), bytes({a}) + bytes({b}) + bytes({wider}) - 0.99 * moments);
}

}  // namespace
}  // namespace lazygap::route
