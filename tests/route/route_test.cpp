#include "lazygap/route/route.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "lazygap/core/processor.h"
#include "lazygap/exact/nn.h"
#include "lazygap/limit/limit.h"
#include "support/contains.h"
#include "support/small_plan.h"

namespace lazygap::route {
namespace {

using namespace test;

TEST(Routes, FillsTheResult) {
  const Plan plan = small_plan();
  const Problem problem = question::make_instance(plan.at(Method::exact, Regime::nn, 0)).problem;
  for (const Cell& cell : make_cells(plan)) {
    const store::Result result = compute_cell(plan, cell);
    SCOPED_TRACE(result.parameters);
    EXPECT_EQ(result.key, cell_key(plan, cell));
    EXPECT_EQ(result.status, Status::ok) << result.message;
    EXPECT_EQ(result.model, "qf");
    EXPECT_EQ(result.d, 12);
    EXPECT_EQ(result.N, neurons(plan, cell));
    EXPECT_EQ(result.rho, static_cast<double>(neurons(plan, cell)) / 12);
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

TEST(Routes, RoutesAgreeWithTheLibrary) {
  const Plan plan = small_plan();
  const Problem problem = question::make_instance(plan.at(Method::exact, Regime::nn, 0)).problem;
  const auto ratio = [&](Method method, Regime regime) {
    return compute_cell(plan, cell_at(plan, method, regime, 6)).ratio;
  };
  EXPECT_EQ(ratio(Method::limit, Regime::nn), limit::nn_ratio(problem, 6, SecondLayerSign::positive));
  EXPECT_EQ(ratio(Method::limit, Regime::nt), limit::nt_ratio(problem, 0.5));
  EXPECT_EQ(ratio(Method::exact, Regime::nn),
            exact::nn(problem, 6, SecondLayerSign::one_sign).risk / null_risk(problem));
}

TEST(Routes, AFixedSecondLayerFitsItsSignOnly) {
  // B = diag(3, 2, -1): one neuron with a > 0 removes 3, one with a < 0 removes -1.
  const auto ratio = [](const char* value) {
    const Plan plan = small_plan({{"problem.eigenvalues", "[3, 2, -1]"},
                                  {"problem.d", "3"},
                                  {"sweep.regimes", "[NN]"},
                                  {"sweep.neurons", "[1]"},
                                  {"sweep.methods", "[exact]"},
                                  {"train.second_layer", "fixed"},
                                  {"train.second_layer_value", value}});
    return compute_cell(plan, cell_at(plan, Method::exact, Regime::nn, 1)).ratio;
  };
  EXPECT_NEAR(ratio("2.5"), 5.0 / 14, 1e-15);
  EXPECT_NEAR(ratio("-2.5"), 13.0 / 14, 1e-15);
}

TEST(Routes, AreFoundByNameAndMethod) {
  std::set<std::string_view> names;
  for (const Route& route : routes()) {
    EXPECT_EQ(route.name, to_string(route.method));
    EXPECT_EQ(&route_of(route.method), &route);
    EXPECT_EQ(find_route(route.name), &route);
    EXPECT_TRUE(names.insert(route.name).second);
  }
  EXPECT_EQ(find_route("limits"), nullptr);
}

TEST(Routes, AFailureSaysWhichQuestionItWas) {
  const Plan plan = small_plan();
  const Question question = question_of(plan, cell_at(plan, Method::train, Regime::nn, 6, 2, 0.01));
  const store::Result result = failed_result(question, question::make_instance(question), "no memory");
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.message, "no memory");
  EXPECT_EQ(result.step_size, 0.01);
  EXPECT_EQ(result.draw, 2);
  EXPECT_EQ(result.parameters, name(question));
}

std::string path_of(const Plan& plan, const Cell& cell) {
  const Question question = question_of(plan, cell);
  return route_of(question.method).path(question, question::make_instance(question));
}

TEST(Routes, SayHowTheyWork) {
  const Plan plan = small_plan(), bf16 = small_plan({{"train.precision", "bf16"}}),
             fp64 = small_plan({{"fit.precision", "fp64"}});
  const auto train = [&](Regime regime) { return cell_at(plan, Method::train, regime, 6, 2, 0.01); };
  EXPECT_EQ(path_of(bf16, train(Regime::nn)),
            has_bf16_products() ? "direct, AVX-512 bf16" : "bf16, which this processor does not have");
  EXPECT_EQ(path_of(bf16, train(Regime::nt)), path_of(plan, train(Regime::nt)));
  const Cell fit = cell_at(plan, Method::fit, Regime::rf_isotropic, 6),
             exact = cell_at(plan, Method::exact, Regime::rf_isotropic, 6);
  EXPECT_EQ(path_of(plan, fit), "one Gram matrix for all widths");
  EXPECT_EQ(path_of(fp64, fit), "one Gram matrix for all widths, fp64");
  EXPECT_EQ(path_of(fp64, exact), "one Gram matrix for all widths");
}

}  // namespace
}  // namespace lazygap::route
