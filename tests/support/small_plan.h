#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "lazygap/plan/cells.h"
#include "lazygap/plan/plan.h"
#include "lazygap/route/route.h"

/// A plan with every method and a few dozen cells of milliseconds, and what tests ask of it.
namespace lazygap::test {

using plan::Cell;
using plan::Overrides;
using plan::Plan;
using question::Method;
using question::Question;

inline constexpr const char* kSmallPlan = R"plan(name = "small"
[problem]
model = "qf"
d = 12
spectrum = { law = "exponential" }
[sweep]
regimes = ["RF(I)", "RF(Gamma*)", "NT", "NN"]
neurons = [3, 6, 24]
methods = ["limit", "exact", "train", "fit"]
draws = 3
seed = 7
[train]
steps = 300
batch = 10
step_sizes = [0.003, 0.01]
records = 5
test_samples = 100
[fit]
samples = 500
test_samples = 100
)plan";

inline Plan small_plan(const Overrides& overrides = {}) {
  return plan::plan_from_text(kSmallPlan, "plan.toml", overrides);
}

inline Overrides with(Overrides base, const Overrides& more) {
  base.insert(base.end(), more.begin(), more.end());
  return base;
}

/// The point of the plan with N neurons; the plan's only axis is that of the widths.
inline std::size_t point_of_width(const Plan& plan, Index N) {
  for (std::size_t point = 0; point < plan.points(); ++point)
    if (plan.at(Method::limit, Regime::nt, point).network.width == N) return point;
  throw std::runtime_error("no such width in the plan");
}

/// A cell of a plan whose only axis is that of the widths.
inline Cell cell_at(const Plan& plan, Method method, Regime regime, Index N, Index draw = 0,
                    double step_size = 0) {
  return {.method = method,
          .regime = regime,
          .point = point_of_width(plan, N),
          .draw = draw,
          .step_size = step_size};
}

inline Index neurons(const Plan& plan, const Cell& cell) { return question_of(plan, cell).neurons(); }

/// The answer to one question.
inline store::Result answer(const Question& question) {
  store::Result result;
  const question::Instance instance = question::make_instance(question);
  route::route_of(question.method)
      .answer(instance, {&question, 1},
              {.finished = [&](std::size_t, store::Result found) { result = std::move(found); }});
  return result;
}
inline store::Result compute_cell(const Plan& plan, const Cell& cell) {
  return answer(question_of(plan, cell));
}

}  // namespace lazygap::test
