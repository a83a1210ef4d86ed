#pragma once

#include <string>
#include <vector>

#include "lazygap/experiment/plan.h"
#include "lazygap/experiment/summary.h"

/// Small plans and results whose numbers are easy to recognise.
namespace lazygap::report::hand_made {

inline experiment::Plan plan(const std::string& frame = "left", const std::string& model = "qf") {
  experiment::Plan plan;
  plan.name = "hand-made-" + frame;
  plan.problem.model = model;
  plan.problem.d = 8;
  plan.problem.spectrum.kind = SpectrumLaw::Kind::identity;
  if (model == "mg") plan.problem.spectrum.scale = 0.25;
  plan.sweep.neurons = {2, 8, 32};
  using enum experiment::Method;
  plan.sweep.methods = {limit, exact, train, fit};
  plan.sweep.regimes = {Regime::nn, Regime::nt, Regime::rf_isotropic};
  if (model == "qf") plan.sweep.regimes.push_back(Regime::rf_aligned);
  if (model == "mg") plan.sweep.regimes.push_back(Regime::bayes);
  plan.train.options.steps = 400;
  plan.train.options.batch = 10;
  plan.train.draws = 2;
  plan.fit.samples = 1000;
  plan.figure.frame = frame;
  if (frame == "right") {
    plan.sweep.neurons = {2, 4};
    plan.sweep.regimes = {Regime::nn, Regime::nt};
    plan.sweep.methods = {limit, exact, train};
    if (model == "qf") plan.sweep.methods.push_back(flow);
  }
  return plan;
}

/// Risks fall with N: limit 1 / (1 + N), exact a little above, simulations above that.
inline std::vector<experiment::Row> rows(const experiment::Plan& plan) {
  std::vector<experiment::Row> rows;
  for (const Regime regime : plan.sweep.regimes) {
    const bool bayes = regime == Regime::bayes;
    for (const Index N : bayes ? std::vector<Index>{0} : plan.sweep.neurons) {
      experiment::Row row;
      row.regime = regime;
      row.N = N;
      row.rho = static_cast<double>(N) / static_cast<double>(plan.problem.d);
      row.limit = 1.0 / (1.0 + static_cast<double>(N)) - 0.3 * bayes;
      row.exact.draws = bayes || regime == Regime::nn ? 1 : 3;
      row.exact.ratio = *row.limit + 0.0125;
      if (row.exact.draws > 1) row.exact.se = 0.004;
      if (!bayes) {
        experiment::Simulation& simulation = is_rf(regime) ? row.fit : row.train;
        simulation.risk.draws = 2;
        simulation.risk.ratio = *row.limit + 0.03125;
        simulation.risk.se = 0.0078125;
        simulation.test_ratio = *row.limit + 0.04;
        simulation.test_se = 0.011;
        simulation.difference_in_se = 1.75;
        if (!is_rf(regime)) row.step_size = 0.02;
      }
      rows.push_back(row);
    }
  }
  return rows;
}

/// Two draws and a flow with ten points each; the risk of draw k at point i is (10 - i + k) / 16, R0 = 2.
inline std::vector<experiment::Curves> curves(const experiment::Plan& plan) {
  std::vector<experiment::Curves> all;
  for (const Regime regime : plan.sweep.regimes)
    for (const Index N : plan.sweep.neurons) {
      experiment::Curves curves;
      curves.regime = regime;
      curves.N = N;
      for (int draw = 0; draw < 3; ++draw) {
        store::Result result;
        result.regime = to_string(regime);
        result.N = N;
        result.d = plan.problem.d;
        result.null_risk = 2;
        result.status = Status::ok;
        for (int i = 0; i < 10; ++i)
          result.trajectory.push_back({40 * i, 400.0 * i, (10.0 - i + draw % 2) / 16.0});
        if (draw < 2)
          curves.train.push_back(result);
        else if (plan.problem.model == "qf")
          curves.flow = result;
      }
      all.push_back(curves);
    }
  return all;
}

}  // namespace lazygap::report::hand_made
