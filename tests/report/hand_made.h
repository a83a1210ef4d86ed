#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/report/frame.h"
#include "lazygap/report/summary.h"
#include "lazygap/route/route.h"

/// Small plans and results whose numbers are easy to recognise.
namespace lazygap::report::hand_made {

inline plan::Plan plan(const std::string& frame = "left", const std::string& model = "qf",
                       const plan::Overrides& more = {}) {
  const bool qf = model == "qf", left = frame == "left";
  const std::string text = "name = \"hand-made-" + frame + "\"\n[problem]\nmodel = \"" + model +
                           "\"\nd = 8\nspectrum = { law = \"identity\", scale = " + (qf ? "1" : "0.25") +
                           " }\n[sweep]\nregimes = [\"NN\", \"NT\"" +
                           (!left ? ""
                            : qf  ? ", \"RF(I)\", \"RF(Gamma*)\""
                                  : ", \"RF(I)\", \"Bayes\"") +
                           "]\nneurons = " + (left ? "[2, 8, 32]" : "[2, 4]") +
                           "\nmethods = [\"limit\", \"exact\", \"train\"" +
                           (left ? ", \"fit\""
                            : qf ? ", \"flow\""
                                 : "") +
                           "]\n[train]\nsteps = 400\nbatch = 10\ndraws = 2\n[fit]\nsamples = 1000\n" +
                           "[figure]\nframe = \"" + frame + "\"\n";
  return plan::plan_from_text(text, "hand-made.toml", more);
}

/// Ten points along training; the risk of draw k at point i is (10 - i + k % 2) / 16, R0 = 2.
inline store::Result along_training(const plan::Plan& plan, Regime regime, Index N, int draw) {
  store::Result result;
  result.regime = to_string(regime);
  result.N = N;
  result.d = plan.base.problem.d;
  result.draw = draw;
  result.null_risk = 2;
  result.status = Status::ok;
  result.n = 4000;
  for (int i = 0; i < 10; ++i) result.trajectory.push_back({40 * i, 400.0 * i, (10.0 - i + draw % 2) / 16.0});
  return result;
}

inline Summary simulation(const plan::Plan& plan, Regime regime, Index N, double limit) {
  Summary summary;
  summary.risk = {.draws = 2, .ratio = limit + 0.03125, .se = 0.0078125};
  summary.test_ratio = limit + 0.04;
  summary.test_se = 0.011;
  summary.exact_ratio = limit + 0.0125;
  summary.exact_se = 0.0075;
  summary.excess = 0.01875;
  summary.excess_se = 0.005;
  for (int draw = 0; draw < 2; ++draw) {
    summary.results.push_back(along_training(plan, regime, N, draw));
    if (is_rf(regime)) summary.results.back().n = 1000;
  }
  if (!is_rf(regime)) summary.step_size = 0.02;
  return summary;
}

/// Risks fall with N: limit 1 / (1 + N), exact a little above, simulations above that.
inline std::vector<Row> rows(const plan::Plan& plan) {
  std::vector<Row> rows;
  for (const Regime regime : plan.regimes) {
    const bool bayes = regime == Regime::bayes;
    for (std::size_t point = 0; point < (bayes ? 1 : plan.points()); ++point) {
      const question::Question question = plan.at(Method::limit, regime, point);
      Row row{.regime = regime,
              .point = point,
              .N = question.neurons(),
              .d = question.problem.d,
              .summaries = {}};
      row.rho = static_cast<double>(row.N) / static_cast<double>(row.d);
      const double limit = 1.0 / (1.0 + static_cast<double>(row.N)) - 0.3 * bayes;
      const auto is_known = [&](Method method) {
        return !route::route_of(method).refuses(plan.at(method, regime, point),
                                                *plan.instances->of(question));
      };
      if (is_known(Method::limit)) row.summaries[Method::limit].risk = {.draws = 1, .ratio = limit, .se = {}};
      if (is_known(Method::exact)) {
        Average& exact = row.summaries[Method::exact].risk;
        exact.draws = bayes || regime == Regime::nn ? 1 : 3;
        exact.ratio = limit + 0.0125;
        if (exact.draws > 1) exact.se = 0.004;
      }
      if (!bayes)
        row.summaries[is_rf(regime) ? Method::fit : Method::train] = simulation(plan, regime, row.N, limit);
      if (plan.asks(Method::flow) && !bayes) {
        Summary& flow = row.summaries[Method::flow];
        flow.results = {along_training(plan, regime, row.N, 0)};
        flow.risk = {.draws = 1, .ratio = 1.0 / 32, .se = {}};
      }
      for (const Method method : {Method::curve, Method::lazy_rich, Method::dynamics})
        if (plan.asks(method) && !bayes) {
          row.summaries[method].results = {along_training(plan, regime, row.N, 0)};
          row.summaries[method].risk = {.draws = 3, .ratio = limit + 0.02, .se = 0.003};
        }
      if (!bayes && !is_rf(regime))
        for (const double step_size : {0.01, 0.02, 0.04})
          row.summaries[Method::train].by_step_size[step_size] = {
              .draws = 2, .ratio = limit + step_size, .se = 0.002};
      for (auto& [method, summary] : row.summaries) summary.point = point;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

inline const Series& series_named(const Frame& frame, const std::string& name) {
  const auto found =
      std::find_if(frame.series.begin(), frame.series.end(), [&](const Series& s) { return s.name == name; });
  if (found == frame.series.end()) throw std::runtime_error("no series " + name);
  return *found;
}

}  // namespace lazygap::report::hand_made
