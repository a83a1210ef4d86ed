#include "lazygap/plan/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "support/contains.h"
#include "support/message.h"
#include "support/small_plan.h"

namespace lazygap::plan {
namespace {

using namespace test;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr double kMostSeconds = 20;  // sanitizers take ten times as long
#else
constexpr double kMostSeconds = 2;  // what somebody waits for without a question
#endif

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
  EXPECT_EQ(neurons(plan, cells.front()), 0);
}

TEST(Cells, UnknownLimitsHaveNoCell) {
  const Plan plan = small_plan({{"activation.name", "relu"}, {"sweep.regimes", "[RF(I), NN]"}});
  const std::vector<Cell> cells = make_cells(plan);
  EXPECT_EQ(count(cells, Method::limit, Regime::nn), 0u);
  EXPECT_EQ(count(cells, Method::limit, Regime::rf_isotropic), 3u);
  EXPECT_EQ(count(cells, Method::train, Regime::nn), 6u);
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
  const Cell cell = cell_at(plan, Method::train, Regime::nn, 6, 2, 0.01);
  EXPECT_EQ(
      cell_name(plan, cell),
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
  const Plan plan = small_plan(), bf16 = small_plan({{"train.precision", "bf16"}});
  const auto cell = [&](Regime regime) { return cell_at(plan, Method::train, regime, 6, 2, 0.01); };
  EXPECT_NE(cell_key(bf16, cell(Regime::nn)), cell_key(plan, cell(Regime::nn)));
  EXPECT_EQ(cell_key(bf16, cell(Regime::nt)), cell_key(plan, cell(Regime::nt)));
  EXPECT_TRUE(cell_name(bf16, cell(Regime::nn)).find(R"("precision":"bf16")") != std::string::npos);
}

TEST(CellKeys, Fp64EntersThoseOfFitsOfRfOnly) {
  const auto plan = [](const Overrides& precision) {
    Overrides all{{"fit.regimes", "[RF(I), RF(Gamma*), NT]"}};
    all.insert(all.end(), precision.begin(), precision.end());
    return small_plan(all);
  };
  const Plan usual = plan({}), fp32 = plan({{"fit.precision", "fp32"}}),
             fp64 = plan({{"fit.precision", "fp64"}});
  const auto cell = [&](Method method, Regime regime) { return cell_at(usual, method, regime, 6, 2); };
  const Cell fit = cell(Method::fit, Regime::rf_isotropic);
  // Older than the option: see NeverChangeWithoutANewTaskVersion.
  EXPECT_EQ(cell_name(usual, fit),
            R"_({"N":6,"activation":"quadratic","draw":2,"problem":{"d":12,"model":"qf","spectrum":)_"
            R"_({"law":"exponential","scale":1.0,"scale_by_inverse_sqrt_d":false,"seed":7}},)_"
            R"_("regime":"RF(I)","ridge":0.0,"samples":500,"seed":7,"task":"fit","test_samples":100,)_"
            R"_("version":2})_");
  EXPECT_EQ(cell_key(usual, fit), "b258b32b-c414-5e9c-8043-9d11ac10fe34");
  EXPECT_EQ(cell_key(fp32, fit), cell_key(usual, fit));
  EXPECT_NE(cell_key(fp64, fit), cell_key(usual, fit));
  EXPECT_NE(cell_name(fp64, fit).find(R"("precision":"fp64")"), std::string::npos);
  for (const Cell& other : {cell(Method::fit, Regime::nt), cell(Method::exact, Regime::rf_isotropic)})
    EXPECT_EQ(cell_key(fp64, other), cell_key(usual, other));
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

std::vector<Index> widths_of(const Plan& plan, Regime regime) {
  std::vector<Index> widths;
  for (std::size_t point = 0; point < plan.points(); ++point)
    widths.push_back(plan.at(Method::exact, regime, point).neurons());
  return widths;
}

TEST(EqualParameters, WidenRandomFeatures) {
  const Plan plan = small_plan({{"sweep.equal_parameters", "true"}, {"sweep.methods", "[exact]"}});
  EXPECT_EQ(widths_of(plan, Regime::nt), (std::vector<Index>{3, 6, 24}));
  EXPECT_EQ(widths_of(plan, Regime::rf_isotropic), (std::vector<Index>{39, 78, 312}));
  // With d (d + 3) / 2 neurons or more RF spans all quadratic functions.
  EXPECT_NEAR(compute_cell(plan, cell_at(plan, Method::exact, Regime::rf_isotropic, 24)).ratio, 0, 1e-8);
}

TEST(Rho, IsTheWidthOverD) {
  // 0.5 * 12 and 12 / 12; the least width is 1.
  const Plan plan = small_plan({{"axes.network.rho", "[0.01, 0.5, 1]"}, {"sweep.methods", "[exact]"}});
  ASSERT_EQ(plan.points(), 9u);  // times sweep.neurons, which is not read
  const std::vector<Index> widths = widths_of(plan, Regime::nt);
  EXPECT_EQ(std::set<Index>(widths.begin(), widths.end()), (std::set<Index>{1, 6, 12}));
  // The points of one rho are one question, and that of the width it stands for.
  const std::set<std::string> of_rho = keys(plan),
                              of_width = keys(small_plan(
                                  {{"sweep.neurons", "[1, 6, 12]"}, {"sweep.methods", "[exact]"}}));
  EXPECT_EQ(of_rho, of_width);
}

/// Two draws, five step sizes, of which halving ends some early.
Plan searching(const Overrides& more = {}) {
  Overrides overrides{{"sweep.methods", "[train]"}, {"sweep.regimes", "[NT, NN]"},
                      {"sweep.neurons", "[2, 5]"},  {"train.steps", "1600"},
                      {"train.draws", "2"},         {"train.step_sizes", "[1e-5, 1e-4, 1e-3, 3e-3, 0.01]"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return small_plan(overrides);
}
const Overrides kHalving{{"train.search", "halving"}};

/// `count` groups of `size` cells each.
using Sizes = std::vector<std::size_t>;
Sizes equal_sizes(std::size_t count, std::size_t size) { return Sizes(count, size); }
Sizes sizes(const std::vector<std::vector<std::size_t>>& groups) {
  Sizes all;
  for (const auto& group : groups) all.push_back(group.size());
  return all;
}

TEST(Groups, FollowWhatIsShared) {
  const auto groups = [](const Plan& plan) { return make_groups(plan, make_cells(plan)); };
  // Regimes x widths x draws groups of the five step sizes.
  EXPECT_EQ(sizes(groups(searching())), equal_sizes(8, 5));
  EXPECT_EQ(sizes(groups(searching({{"train.share_samples", "widths"}}))), equal_sizes(4, 10));
  EXPECT_EQ(sizes(groups(searching(kHalving))), equal_sizes(4, 10));
  EXPECT_EQ(sizes(groups(searching({{"train.search", "halving"}, {"train.share_samples", "widths"}}))),
            equal_sizes(2, 20));
  // RF: the three widths of a draw; the draws differ.
  const Plan rf = small_plan({{"sweep.methods", "[exact, fit]"}, {"sweep.regimes", "[RF(I), NN]"}});
  for (const auto& group : groups(rf)) {
    const std::vector<Cell> cells = make_cells(rf);
    EXPECT_EQ(group.size(), cells[group.front()].regime == Regime::nn ? 1u : 3u);
    for (const std::size_t i : group) EXPECT_EQ(cells[i].draw, cells[group.front()].draw);
  }
}

TEST(Groups, KeepOtherAxesApart) {
  const Plan plan = small_plan({{"sweep.methods", "[exact]"},
                                {"sweep.regimes", "[RF(I)]"},
                                {"axes.activation.name", "[quadratic, relu]"}});
  const std::vector<Cell> cells = make_cells(plan);
  EXPECT_EQ(cells.size(), 2u * 3u * 3u);
  for (const auto& group : make_groups(plan, cells)) {
    EXPECT_EQ(group.size(), 3u);
    for (const std::size_t i : group)
      EXPECT_EQ(question_of(plan, cells[i]).network.activation,
                question_of(plan, cells[group.front()]).network.activation);
  }
}

TEST(MakeCells, AsksOnceForQuestionsThatDifferInWhatIsNotRead) {
  const Plan plan = small_plan({{"axes.fit.samples", "[100, 200]"}});
  const std::vector<Cell> one = make_cells(small_plan()), two = make_cells(plan);
  for (const Regime regime : {Regime::rf_isotropic, Regime::nt}) {
    EXPECT_EQ(count(two, Method::exact, regime), count(one, Method::exact, regime));
    EXPECT_EQ(count(two, Method::train, regime), count(one, Method::train, regime));
    EXPECT_EQ(count(two, Method::fit, regime), 2 * count(one, Method::fit, regime));
  }
}

TEST(MakeCells, RefusesMoreThanAnyMachineCanKeep) {
  std::string sizes;
  for (int i = 1; i <= 201; ++i) sizes += (i > 1 ? ", " : "") + std::to_string(i);
  const Plan plan = small_plan({{"sweep.regimes", "[NN]"},
                                {"sweep.methods", "[train]"},
                                {"train.step_sizes", "[" + sizes + "]"},
                                {"train.draws", "10000"}});
  expect_contains(message([&] { return make_cells(plan); }), "more than 2000000 cells");
}

TEST(MakeCells, PlansAHundredThousandCellsInNoTime) {
  std::string widths, sizes;
  for (int i = 1; i <= 100; ++i) widths += (i > 1 ? ", " : "") + std::to_string(i);
  for (int i = 1; i <= 10; ++i) sizes += (i > 1 ? ", " : "") + std::to_string(1e-3 * i);
  const Plan plan = small_plan({{"sweep.regimes", "[NN]"},
                                {"sweep.methods", "[train]"},
                                {"sweep.neurons", "[" + widths + "]"},
                                {"train.step_sizes", "[" + sizes + "]"},
                                {"train.draws", "100"}});
  const std::clock_t start = std::clock();  // of the processor: the machine may be busy
  const std::vector<Cell> cells = make_cells(plan);
  const std::size_t groups = make_groups(plan, cells).size();
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_EQ(cells.size(), 100000u);
  EXPECT_EQ(groups, 100u * 100u);
  EXPECT_LT(seconds, kMostSeconds);
}

/// Not every point may look at the machine, name its problem, or look for an answer among all others.
TEST(Cells, ManyPointsArePlannedInNoTime) {
  std::string widths = "1", ridges = "0.0";
  for (int i = 2; i <= 50; ++i) widths += ", " + std::to_string(i);
  for (int i = 1; i < 100; ++i) ridges += ", " + std::to_string(i) + ".0";
  const std::clock_t start = std::clock();
  const Plan plan = small_plan({{"sweep.methods", "[exact, fit]"},
                                {"sweep.regimes", "[RF(I), NN]"},
                                {"sweep.draws", "1"},
                                {"activation.name", "relu"},
                                {"sweep.neurons", "[" + widths + "]"},
                                {"axes.fit.ridge", "[" + ridges + "]"}});
  // exact NN has no answer with relu at any point; exact RF does not read the ridge.
  EXPECT_EQ(remarks(plan).size(), 1u);
  EXPECT_EQ(make_cells(plan).size(), 50u + 5000);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, kMostSeconds);
}

}  // namespace
}  // namespace lazygap::plan
