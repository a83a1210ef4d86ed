#include "lazygap/schedule/prediction.h"

#include <gtest/gtest.h>

#include "lazygap/report/summary.h"
#include "lazygap/schedule/best.h"
#include "lazygap/schedule/run.h"
#include "support/contains.h"
#include "support/message.h"
#include "support/small_plan.h"

namespace lazygap::schedule {
namespace {

using namespace test;

const Overrides kTraining{{"sweep.regimes", "[NT, NN]"},
                          {"sweep.neurons", "[4, 8]"},
                          {"sweep.methods", "[exact, dynamics, train, flow]"},
                          {"train.steps", "2000"},
                          {"train.draws", "2"},
                          {"train.step_sizes", "[0.003, 0.01, 0.03, 0.1]"}};
const Overrides kPredicted = with(kTraining, {{"train.search", "predicted"}});

/// The winner of the full grid, or within so much of R/R0: at d = 12 the noise of two draws decides between
/// step sizes whose means differ by less.
constexpr double kLoss = 0.003;
/// The winner of so short a run of NN is predicted by an approximation, and decided by the noise of two
/// draws.
constexpr double kLossOfNn = 0.01;

TEST(PredictedSearch, TrainsOneStepSizeThatIsAsGoodAsTheGrid) {
  const Plan full = small_plan(kTraining), predicted = small_plan(kPredicted);
  store::Store all = store::Store::in_memory(), some = store::Store::in_memory();
  static_cast<void>(run_plan(full, all));
  const RunReport report = run_plan(predicted, some);
  EXPECT_EQ(report.computed, report.cells);
  const auto rows = report::summarise(full, all), others = report::summarise(predicted, some);
  ASSERT_EQ(rows.size(), others.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const report::Summary *winner = rows[i].find(Method::train), *chosen = others[i].find(Method::train);
    ASSERT_TRUE(winner != nullptr && chosen != nullptr);
    EXPECT_EQ(chosen->by_step_size.size(), 1u);
    EXPECT_EQ(chosen->step_size, others[i].find(Method::dynamics)->step_size);
    EXPECT_EQ(chosen->results.size(), 2u) << "draws";
    EXPECT_LT(chosen->risk.ratio, winner->risk.ratio + (rows[i].regime == Regime::nt ? kLoss : kLossOfNn))
        << rows[i].N;
    EXPECT_EQ(others[i].find(Method::flow)->results.front().step_size, chosen->step_size);
  }
  EXPECT_EQ(run_plan(predicted, some).computed, 0u) << "nothing is left";
}

TEST(PredictedSearch, TrainsTheGridWhereNothingIsPredicted) {
  const Plan plan = small_plan(with(kPredicted, {{"sweep.regimes", "[NT]"},
                                                 {"sweep.neurons", "[4]"},
                                                 {"train.steps", "100"},
                                                 {"axes.activation.name", "[quadratic, relu]"}}));
  store::Store store = store::Store::in_memory();
  EXPECT_EQ(run_plan(plan, store).failed, 0u);
  for (const report::Row& row : report::summarise(plan, store)) {
    const bool is_relu = plan.at(Method::train, row.regime, row.point).network.activation.name == "relu";
    EXPECT_EQ(row.find(Method::train)->by_step_size.size(), is_relu ? 4u : 1u);
  }
}

TEST(PredictedSearch, NeedsThePrediction) {
  expect_contains(message([] {
                    return small_plan({{"sweep.methods", "[train]"}, {"train.search", "predicted"}});
                  }),
                  "but sweep.methods does not contain dynamics");
  const Plan only =
      plan::plan_from_text(kSmallPlan, "plan.toml", {{"train.search", "predicted"}}, Method::train);
  EXPECT_TRUE(only.asks(Method::dynamics)) << "the one method asked brings its prediction";
}

TEST(Prediction, FindsTheStepSizesOfTheRoute) {
  const Plan plan = small_plan(kPredicted);
  const std::vector<Prediction> predictions = predict_training(plan, 1e9);
  ASSERT_EQ(predictions.size(), 4u);
  for (const Prediction& prediction : predictions) {
    EXPECT_EQ(prediction.largest_stable.has_value(), prediction.regime == Regime::nt);
    ASSERT_TRUE(prediction.best_step_size);
    const Question question = plan.at(Method::dynamics, prediction.regime, prediction.point);
    Question best = question;
    best.train.options.step_size = *prediction.best_step_size;
    EXPECT_EQ(answer(best).ratio, prediction.ratio);
    for (const double step_size : {0.003, 0.01, 0.03, 0.1}) {
      best.train.options.step_size = step_size;
      const store::Result other = answer(best);
      if (other.status == Status::ok) {
        EXPECT_GE(other.ratio, prediction.ratio);
      }
    }
  }
  const std::vector<std::string> lines = to_lines(predictions);
  ASSERT_EQ(lines.size(), predictions.size());
  expect_contains(lines[0], "largest stable step size");
  expect_contains(lines[3], "approximate");
}

TEST(Prediction, KeepsToItsTime) {
  const std::vector<Prediction> predictions = predict_training(small_plan(kPredicted), 0);
  for (const Prediction& prediction : predictions) {
    EXPECT_TRUE(prediction.is_too_long);
    EXPECT_FALSE(prediction.best_step_size);
  }
  const std::vector<std::string> lines = to_lines(predictions);
  ASSERT_LT(lines.size(), predictions.size()) << "one line for all widths of a regime";
  for (const std::string& line : lines) expect_contains(line, "takes longer");
  EXPECT_TRUE(predict_training(small_plan({{"activation.name", "relu"}}), 1).empty()) << "not known for relu";
}

}  // namespace
}  // namespace lazygap::schedule
