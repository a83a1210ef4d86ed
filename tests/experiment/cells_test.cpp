#include "lazygap/experiment/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "experiment/small_plan.h"
#include "lazygap/core/processor.h"
#include "lazygap/exact/nn.h"
#include "lazygap/limit/limit.h"

namespace lazygap::experiment {
namespace {

std::size_t count(const std::vector<Cell>& cells, Method method, Regime regime) {
  return static_cast<std::size_t>(std::count_if(cells.begin(), cells.end(), [&](const Cell& cell) {
    return cell.method == method && cell.regime == regime;
  }));
}

TEST(Cells, FollowThePlan) {
  const std::vector<Cell> cells = make_cells(small_plan());
  // 3 widths; draws of W only where W is drawn; 2 step sizes.
  for (const Regime regime : {Regime::rf_isotropic, Regime::rf_aligned, Regime::nt, Regime::nn})
    EXPECT_EQ(count(cells, Method::limit, regime), 3u);
  for (const Regime regime : {Regime::rf_isotropic, Regime::rf_aligned}) {
    EXPECT_EQ(count(cells, Method::exact, regime), 9u);
    EXPECT_EQ(count(cells, Method::fit, regime), 9u);
    EXPECT_EQ(count(cells, Method::train, regime), 0u);
  }
  EXPECT_EQ(count(cells, Method::exact, Regime::nt), 9u);
  EXPECT_EQ(count(cells, Method::exact, Regime::nn), 3u);
  for (const Regime regime : {Regime::nt, Regime::nn}) {
    EXPECT_EQ(count(cells, Method::train, regime), 6u);
    EXPECT_EQ(count(cells, Method::fit, regime), 0u);
  }
  EXPECT_EQ(cells.size(), 12u + 27 + 3 + 12 + 18);
}

TEST(Cells, BayesHasOneCellWithoutAWidth) {
  const Plan plan =
      small_plan({{"problem.model", "mg"},
                  {"problem.spectrum", "{law = choice, values = [1, 1.5, 2], scale = 1/sqrt(d)}"},
                  {"sweep.regimes", "[Bayes, NN]"},
                  {"sweep.methods", "[limit, exact]"}});
  const std::vector<Cell> cells = make_cells(plan);
  EXPECT_EQ(count(cells, Method::limit, Regime::bayes), 1u);
  EXPECT_EQ(count(cells, Method::exact, Regime::bayes), 1u);
  EXPECT_EQ(cells.front().N, 0);
}

TEST(Cells, UnknownLimitsHaveNoCell) {
  const Plan plan =
      small_plan({{"problem.eigenvalues", "[1, -1]"}, {"problem.d", "2"}, {"sweep.regimes", "[RF(I), NN]"}});
  const std::vector<Cell> cells = make_cells(plan);
  EXPECT_EQ(count(cells, Method::limit, Regime::nn), 0u);
  EXPECT_EQ(count(cells, Method::limit, Regime::rf_isotropic), 3u);
  EXPECT_EQ(count(cells, Method::exact, Regime::nn), 3u);
}

std::set<std::string> keys(const Plan& plan) {
  std::set<std::string> all;
  for (const Cell& cell : make_cells(plan)) all.insert(cell_key(plan, cell));
  return all;
}

std::set<std::string> keys(const Plan& plan, Method method) {
  std::set<std::string> all;
  for (const Cell& cell : make_cells(plan))
    if (cell.method == method) all.insert(cell_key(plan, cell));
  return all;
}

bool disjoint(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::none_of(a.begin(), a.end(), [&](const std::string& key) { return b.contains(key); });
}

TEST(CellKeys, AreUniqueWithinAPlan) {
  const Plan plan = small_plan();
  EXPECT_EQ(keys(plan).size(), make_cells(plan).size());
}

TEST(CellKeys, NeverChangeWithoutANewTaskVersion) {
  // By Python's uuid.uuid5(NAMESPACE_URL, "lazygap:" + parameters). A change here throws away every store in
  // the world: raise the version of the task instead.
  const Plan plan = small_plan();
  const Cell cell{.method = Method::train, .regime = Regime::nn, .N = 6, .draw = 2, .step_size = 0.01};
  EXPECT_EQ(
      cell_parameters(plan, cell),
      R"({"N":6,"activation":"quadratic","alpha":1.0,"batch":10,"beta":1.0,"draw":2,)"
      R"("parameterisation":"mean-field","precision":"fp32","problem":{"d":12,"model":"qf","spectrum":)"
      R"({"law":"exponential","scale":1.0,"scale_by_inverse_sqrt_d":false,"seed":7}},"records":5,)"
      R"("reduction":"automatic","regime":"NN","schedule":"tail-drop","second_layer":"shared","seed":7,)"
      R"("step_size":0.01,"steps":300,"task":"train","test_samples":100,"version":1})");
  EXPECT_EQ(cell_key(plan, cell), "1a98e75c-895d-555b-a99e-345f00382340");
}

TEST(CellKeys, DoNotDependOnWhatDoesNotChangeTheNumbers) {
  const std::set<std::string> before = keys(small_plan());
  EXPECT_EQ(keys(small_plan({{"name", "other"}, {"figure.title", "other"}, {"figure.frame", "right"}})),
            before);
  // A larger sweep contains the smaller one.
  const std::set<std::string> larger =
      keys(small_plan({{"sweep.draws", "5"}, {"sweep.neurons", "[2, 3, 6, 24]"}, {"train.draws", "2"}}));
  EXPECT_TRUE(std::includes(larger.begin(), larger.end(), before.begin(), before.end()));
  // Options of another method, or that the regime does not read.
  for (const Method method : {Method::limit, Method::exact, Method::fit})
    EXPECT_EQ(keys(small_plan({{"train.steps", "77"}, {"train.records", "9"}}), method),
              keys(small_plan(), method));
  for (const Method method : {Method::limit, Method::exact, Method::train})
    EXPECT_EQ(keys(small_plan({{"fit.ridge", "0.5"}, {"fit.samples", "77"}}), method),
              keys(small_plan(), method));
  const Overrides only_nt{{"sweep.regimes", "[NT]"}, {"sweep.methods", "[train]"}};
  Overrides fixed = only_nt;
  fixed.push_back({"train.second_layer", "fixed"});
  EXPECT_EQ(keys(small_plan(fixed)), keys(small_plan(only_nt)));
  // The seed does not enter a limit whose spectrum is not drawn.
  const auto limits = [](const char* seed) {
    return keys(small_plan({{"problem.spectrum", "{law = identity}"}, {"sweep.seed", seed}}), Method::limit);
  };
  EXPECT_EQ(limits("1"), limits("2"));
}

TEST(CellKeys, DependOnEverythingThatChangesTheNumbers) {
  const Overrides changes[] = {{{"problem.d", "13"}},
                               {{"problem.spectrum.scale", "2"}},
                               {{"problem.spectrum", "{law = identity}"}},
                               {{"sweep.seed", "8"}}};
  for (const Overrides& change : changes) {
    SCOPED_TRACE(change[0].first);
    EXPECT_TRUE(disjoint(keys(small_plan(change)), keys(small_plan())));
  }
  const Overrides train_changes[] = {{{"train.steps", "301"}},         {{"train.batch", "11"}},
                                     {{"train.schedule", "constant"}}, {{"train.parameterisation", "unit"}},
                                     {{"train.alpha", "2"}},           {{"train.beta", "2"}},
                                     {{"train.precision", "fp64"}},    {{"train.reduction", "none"}},
                                     {{"train.records", "6"}},         {{"train.test_samples", "0"}},
                                     {{"train.step_sizes", "[0.005]"}}};
  for (const Overrides& change : train_changes) {
    SCOPED_TRACE(change[0].first);
    EXPECT_TRUE(disjoint(keys(small_plan(change), Method::train), keys(small_plan(), Method::train)));
  }
  for (const Overrides& change : {Overrides{{"fit.samples", "501"}}, Overrides{{"fit.ridge", "0.5"}},
                                  Overrides{{"fit.test_samples", "0"}}})
    EXPECT_TRUE(disjoint(keys(small_plan(change), Method::fit), keys(small_plan(), Method::fit)));
  // What NN can fit depends on the signs of its second layer.
  const auto nn = [](const Overrides& change) {
    Overrides all{{"sweep.regimes", "[NN]"}, {"sweep.methods", "[exact]"}};
    all.insert(all.end(), change.begin(), change.end());
    return keys(small_plan(all));
  };
  EXPECT_TRUE(disjoint(nn({}), nn({{"train.second_layer", "fixed"}})));
  EXPECT_TRUE(disjoint(nn({{"train.second_layer", "fixed"}, {"train.second_layer_value", "-1"}}),
                       nn({{"train.second_layer", "fixed"}})));
}

TEST(CellKeys, Bf16EntersThoseOfNnOnly) {
  const auto cell = [](Regime regime) {
    return Cell{.method = Method::train, .regime = regime, .N = 6, .draw = 2, .step_size = 0.01};
  };
  const Plan plan = small_plan(), bf16 = small_plan({{"train.precision", "bf16"}});
  EXPECT_NE(cell_key(bf16, cell(Regime::nn)), cell_key(plan, cell(Regime::nn)));
  EXPECT_EQ(cell_key(bf16, cell(Regime::nt)), cell_key(plan, cell(Regime::nt)));
  EXPECT_TRUE(cell_parameters(bf16, cell(Regime::nn)).find(R"("precision":"bf16")") != std::string::npos);
  const Setting setting = make_setting(plan);
  EXPECT_EQ(path_of(bf16, setting, cell(Regime::nn)),
            has_bf16_products() ? "direct, AVX-512 bf16" : "bf16, which this processor does not have");
  EXPECT_EQ(path_of(bf16, setting, cell(Regime::nt)), path_of(plan, setting, cell(Regime::nt)));
}

TEST(CellKeys, Fp64EntersThoseOfFitsOfRfOnly) {
  const auto plan = [](const Overrides& precision) {
    Overrides all{{"fit.regimes", "[RF(I), RF(Gamma*), NT]"}};
    all.insert(all.end(), precision.begin(), precision.end());
    return small_plan(all);
  };
  const auto cell = [](Method method, Regime regime) {
    return Cell{.method = method, .regime = regime, .N = 6, .draw = 2};
  };
  const Plan usual = plan({}), fp32 = plan({{"fit.precision", "fp32"}}),
             fp64 = plan({{"fit.precision", "fp64"}});
  const Cell fit = cell(Method::fit, Regime::rf_isotropic);
  // Older than the option: see NeverChangeWithoutANewTaskVersion.
  EXPECT_EQ(cell_parameters(usual, fit),
            R"_({"N":6,"activation":"quadratic","draw":2,"problem":{"d":12,"model":"qf","spectrum":)_"
            R"_({"law":"exponential","scale":1.0,"scale_by_inverse_sqrt_d":false,"seed":7}},)_"
            R"_("regime":"RF(I)","ridge":0.0,"samples":500,"seed":7,"task":"fit","test_samples":100,)_"
            R"_("version":2})_");
  EXPECT_EQ(cell_key(usual, fit), "b258b32b-c414-5e9c-8043-9d11ac10fe34");
  EXPECT_EQ(cell_key(fp32, fit), cell_key(usual, fit));
  EXPECT_NE(cell_key(fp64, fit), cell_key(usual, fit));
  EXPECT_NE(cell_parameters(fp64, fit).find(R"("precision":"fp64")"), std::string::npos);
  for (const Cell& other : {cell(Method::fit, Regime::nt), cell(Method::exact, Regime::rf_isotropic)})
    EXPECT_EQ(cell_key(fp64, other), cell_key(usual, other));

  const Setting setting = make_setting(usual);
  const Cell exact = cell(Method::exact, Regime::rf_isotropic);
  EXPECT_EQ(path_of(usual, setting, fit), "one Gram matrix for all widths");
  EXPECT_EQ(path_of(fp64, setting, fit), "one Gram matrix for all widths, fp64");
  EXPECT_EQ(path_of(fp64, setting, exact), "one Gram matrix for all widths");
  EXPECT_GT(group_cost(fp64, {&fit, 1}).operations, 1.5 * group_cost(usual, {&fit, 1}).operations);
  EXPECT_GT(group_cost(fp64, {&fit, 1}).bytes, 1.5 * group_cost(usual, {&fit, 1}).bytes);
}

TEST(CellKeys, GivenGammaEntersRf) {
  const auto rf = [](const char* gamma) {
    return keys(small_plan({{"problem.spectrum", "{law = identity}"},
                            {"problem.d", "2"},
                            {"problem.gamma", gamma},
                            {"sweep.regimes", "[RF, RF(I)]"},
                            {"sweep.methods", "[limit]"}}));
  };
  const std::set<std::string> a = rf("[1, 2]"), b = rf("[1, 3]");
  std::set<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  EXPECT_EQ(both.size(), 3u);  // RF(I) at three widths
}

TEST(ComputeCell, FillsTheResult) {
  const Plan plan = small_plan();
  const Setting setting = make_setting(plan);
  const Problem& problem = setting.problem;
  for (const Cell& cell : make_cells(plan)) {
    const store::Result result = compute_cell(plan, setting, cell);
    SCOPED_TRACE(result.parameters);
    EXPECT_EQ(result.key, cell_key(plan, cell));
    EXPECT_EQ(result.status, Status::ok) << result.message;
    EXPECT_EQ(result.model, "qf");
    EXPECT_EQ(result.d, 12);
    EXPECT_EQ(result.N, cell.N);
    EXPECT_EQ(result.rho, static_cast<double>(cell.N) / 12);
    EXPECT_EQ(result.null_risk, null_risk(problem));
    // Training may end above the null risk, but not far above it.
    EXPECT_GE(result.ratio, 0);
    EXPECT_LE(result.ratio, 2);
    EXPECT_NEAR(result.risk, result.ratio * result.null_risk, 1e-12 * result.null_risk);
    EXPECT_EQ(result.n.has_value(), cell.method == Method::train || cell.method == Method::fit);
    EXPECT_EQ(result.step_size.has_value(), cell.method == Method::train);
    EXPECT_EQ(result.test_ratio.has_value(), cell.method == Method::train || cell.method == Method::fit);
    EXPECT_EQ(!result.trajectory.empty(), cell.method == Method::train);
  }
}

TEST(ComputeCell, RoutesAgreeWithTheLibrary) {
  const Plan plan = small_plan();
  const Setting setting = make_setting(plan);
  const Problem& problem = setting.problem;
  const auto ratio = [&](Method method, Regime regime) {
    return compute_cell(plan, setting, {.method = method, .regime = regime, .N = 6}).ratio;
  };
  EXPECT_EQ(ratio(Method::limit, Regime::nn), limit::nn_ratio(problem, 6, SecondLayerSign::positive));
  EXPECT_EQ(ratio(Method::limit, Regime::nt), limit::nt_ratio(problem, 0.5));
  EXPECT_EQ(ratio(Method::exact, Regime::nn),
            exact::nn(problem, 6, SecondLayerSign::one_sign).risk / null_risk(problem));
}

TEST(ComputeCell, AFixedSecondLayerFitsItsSignOnly) {
  // B = diag(3, 2, -1): one neuron with a > 0 removes 3, one with a < 0 removes -1.
  const auto ratio = [](const char* value) {
    const Plan plan = small_plan({{"problem.eigenvalues", "[3, 2, -1]"},
                                  {"problem.d", "3"},
                                  {"sweep.regimes", "[NN]"},
                                  {"sweep.methods", "[exact]"},
                                  {"train.second_layer", "fixed"},
                                  {"train.second_layer_value", value}});
    return compute_cell(plan, make_setting(plan), {.method = Method::exact, .regime = Regime::nn, .N = 1})
        .ratio;
  };
  EXPECT_NEAR(ratio("2.5"), 5.0 / 14, 1e-15);
  EXPECT_NEAR(ratio("-2.5"), 13.0 / 14, 1e-15);
}

TEST(CellCost, GrowsWithTheSizeAndCountsTheReduction) {
  const Plan plan = small_plan();
  for (const Cell& cell : make_cells(plan)) {
    const Cost cost = group_cost(plan, {&cell, 1});
    EXPECT_GT(cost.operations, 0);
    EXPECT_GT(cost.bytes, 0);
  }
  const Cell wide{.method = Method::train, .regime = Regime::nn, .N = 2400, .step_size = 0.01};
  const Plan without = small_plan({{"train.reduction", "none"}});
  EXPECT_GT(group_cost(without, {&wide, 1}).operations, 10 * group_cost(plan, {&wide, 1}).operations);
}

Cost cost_of_training(const Overrides& overrides, const Cell& cell) {
  Overrides all{{"problem.spectrum", "{law = choice, values = [1, 1.5, 2], scale = 1/sqrt(d)}"}};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return group_cost(small_plan(all), {&cell, 1});
}

/// NT has no second layer and needs no reduction: its step is that of a d x d form whatever the plan says of
/// NN.
TEST(CellCost, OfNtDoesNotDependOnWhatConcernsNnOnly) {
  const Cell cell{.method = Method::train, .regime = Regime::nt, .N = 2400, .step_size = 0.01};
  const Overrides only_nn{{"train.second_layer", "free"}, {"train.reduction", "none"}};
  for (const char* model : {"qf", "mg"}) {
    const Cost cost = cost_of_training({{"problem.model", model}}, cell);
    for (const auto& setting : only_nn) {
      const Cost other = cost_of_training({{"problem.model", model}, setting}, cell);
      EXPECT_EQ(other.operations, cost.operations) << model << ": " << setting.first;
      EXPECT_EQ(other.bytes, cost.bytes) << model << ": " << setting.first;
    }
  }
}

TEST(CellCost, CountsTheRotationsOfTheSamples) {
  const auto operations = [](const char* model, const char* rotation, Regime regime, Index N = 5) {
    const Cell cell{.method = Method::train, .regime = regime, .N = N, .step_size = 0.01};
    return cost_of_training({{"problem.model", model}, {"problem.rotation", rotation}}, cell).operations;
  };
  EXPECT_GT(operations("mg", "haar", Regime::nn), operations("mg", "none", Regime::nn));
  EXPECT_EQ(operations("qf", "haar", Regime::nn), operations("qf", "none", Regime::nn));
  // The rotation of NT takes N reflections, and no more than a whole matrix.
  const auto rotation = [&](Index N) {
    return operations("mg", "none", Regime::nt, N) - operations("qf", "none", Regime::nt, N);
  };
  EXPECT_GT(rotation(1), 0);
  EXPECT_NEAR(rotation(2), 2 * rotation(1), 1e-6 * rotation(1));
  EXPECT_NEAR(rotation(1000), rotation(999), 1e-6 * rotation(1));
}

}  // namespace
}  // namespace lazygap::experiment
