#include "lazygap/experiment/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lazygap/activation/activation.h"
#include "lazygap/core/error.h"
#include "lazygap/exact/bayes.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "lazygap/fit/rf.h"
#include "lazygap/limit/limit.h"
#include "lazygap/train/defaults.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"

namespace lazygap::experiment {
namespace {

/// To be raised whenever a route changes its numbers: results of earlier versions are then computed anew.
int task_version(Method method) {
  switch (method) {
    case Method::limit:
    case Method::exact:
    case Method::train:
    case Method::fit:
    case Method::flow:
      return 1;
  }
  return 0;
}

bool applies(Method method, Regime regime) {
  switch (method) {
    case Method::limit:
    case Method::exact:
      return true;
    case Method::train:
    case Method::flow:
      return regime == Regime::nt || regime == Regime::nn;
    case Method::fit:
      return is_rf(regime);
  }
  return false;
}

bool draws_first_layer(Regime regime) { return is_rf(regime) || regime == Regime::nt; }

Index draws_of(const Plan& plan, Method method, Regime regime) {
  switch (method) {
    case Method::exact:
      return draws_first_layer(regime) ? plan.sweep.draws : 1;
    case Method::train:
      return plan.train.draws;
    case Method::fit:
      return plan.fit.draws > 0 ? plan.fit.draws : plan.sweep.draws;
    case Method::limit:
    case Method::flow:
      return 1;
  }
  return 1;
}

FirstLayerLaw first_layer(const Plan& plan, const Problem& problem, Regime regime) {
  const auto& gamma = plan.problem.gamma;
  return first_layer_law(regime, problem,
                         Eigen::Map<const Vector>(gamma.data(), static_cast<Index>(gamma.size())));
}

train::Options train_options(const Plan& plan, const Cell& cell) {
  train::Options options = plan.train.options;
  options.step_size = cell.step_size;
  options.seed = plan.sweep.seed;
  options.draw = static_cast<std::uint32_t>(cell.draw);
  return options;
}

nlohmann::json problem_parameters(const Plan& plan) {
  const ProblemPlan& problem = plan.problem;
  const SpectrumLaw& law = problem.spectrum;
  nlohmann::json spectrum = {{"scale", law.scale}, {"scale_by_inverse_sqrt_d", law.scale_by_inverse_sqrt_d}};
  switch (law.kind) {
    case SpectrumLaw::Kind::exponential:
      spectrum["law"] = "exponential";
      spectrum["seed"] = plan.sweep.seed;
      break;
    case SpectrumLaw::Kind::choice:
      spectrum["law"] = "choice";
      spectrum["values"] = law.values;
      spectrum["seed"] = plan.sweep.seed;
      break;
    case SpectrumLaw::Kind::identity:
      spectrum["law"] = "identity";
      break;
    case SpectrumLaw::Kind::power:
      spectrum["law"] = "power";
      spectrum["exponent"] = law.exponent;
      break;
    case SpectrumLaw::Kind::low_rank:
      spectrum["law"] = "low_rank";
      spectrum["rank"] = law.rank;
      break;
    case SpectrumLaw::Kind::explicit_:
      spectrum["law"] = "explicit";
      spectrum["values"] = law.values;
      break;
  }
  nlohmann::json parameters = {{"model", problem.model}, {"d", problem.d}, {"spectrum", spectrum}};
  if (!problem.sigma.empty()) parameters["sigma"] = problem.sigma;
  return parameters;
}

/// Second layers that the training of the plan can reach.
exact::Sign second_layer_sign(const train::Options& options) {
  return options.second_layer == train::SecondLayer::shared ? exact::Sign::one_sign : exact::Sign::positive;
}

bool is_negative(const train::Options& options) {
  return options.second_layer == train::SecondLayer::fixed && options.second_layer_value < 0;
}

void add_train_parameters(nlohmann::json& parameters, const Plan& plan, const Cell& cell) {
  const train::Options options = train_options(plan, cell);
  const bool unit = options.parameterisation == train::Parameterisation::unit;
  parameters["step_size"] = options.step_size;
  parameters["steps"] = options.steps;
  parameters["batch"] = options.batch;
  parameters["schedule"] = options.schedule == train::Schedule::constant ? "constant" : "tail-drop";
  parameters["parameterisation"] = unit ? "unit" : "mean-field";
  if (!unit) parameters["alpha"] = options.alpha;
  if (!unit) parameters["beta"] = options.beta;
  if (cell.regime == Regime::nn) {
    const bool fixed = options.second_layer == train::SecondLayer::fixed;
    parameters["second_layer"] = fixed ? "fixed" : "shared";
    if (fixed) parameters["second_layer_value"] = options.second_layer_value;
  }
  parameters["records"] = options.records;
  if (cell.method == Method::flow) return;
  parameters["precision"] = options.precision == train::Precision::fp32 ? "fp32" : "fp64";
  parameters["reduction"] = options.reduction == train::Reduction::automatic ? "automatic" : "none";
  parameters["test_samples"] = options.test_samples;
}

/// A network whose second layer is fixed below 0 fits y as well as one above 0 fits -y.
Problem negated(const Problem& problem) {
  if (const auto* qf = std::get_if<PolynomialTarget>(&problem))
    return PolynomialTarget(-qf->eigenvalues(), -qf->offset());
  const auto& mg = std::get<GaussianMixture>(problem);
  return GaussianMixture(mg.sigma(), -mg.delta());
}

double limit_ratio(const Plan& plan, const Problem& problem, const Cell& cell) {
  const double rho = static_cast<double>(cell.N) / static_cast<double>(dimension(problem));
  switch (cell.regime) {
    case Regime::rf_isotropic:
    case Regime::rf_aligned:
    case Regime::rf:
      return limit::rf_ratio(problem, first_layer(plan, problem, cell.regime),
                             Activation::quadratic().hermite, rho);
    case Regime::nt:
      return limit::nt_ratio(problem, rho);
    case Regime::nn:
      return limit::nn_ratio(problem, cell.N);
    case Regime::bayes:
      return limit::bayes_ratio(std::get<GaussianMixture>(problem));
  }
  return std::nan("");
}

exact::Risk exact_risk(const Plan& plan, const Problem& problem, const Cell& cell) {
  const auto W = [&] {
    return first_layer(plan, problem, cell.regime)
        .sample(cell.N, plan.sweep.seed, static_cast<std::uint32_t>(cell.draw));
  };
  switch (cell.regime) {
    case Regime::rf_isotropic:
    case Regime::rf_aligned:
    case Regime::rf:
      return exact::rf(problem, W());
    case Regime::nt:
      return exact::nt(problem, W());
    case Regime::nn: {
      const train::Options& options = plan.train.options;
      return exact::nn(is_negative(options) ? negated(problem) : problem, cell.N, second_layer_sign(options));
    }
    case Regime::bayes:
      return {.risk = exact::bayes(std::get<GaussianMixture>(problem)), .status = Status::ok};
  }
  return {};
}

train::Outcome train_outcome(const Plan& plan, const Problem& problem, const Cell& cell,
                             const CellHooks& hooks) {
  const train::Options options = train_options(plan, cell);
  if (cell.method == Method::flow)
    return cell.regime == Regime::nn ? train::flow_nn(problem, cell.N, options)
                                     : train::flow_nt(problem, cell.N, options);
  train::Hooks train_hooks{.progress = {},
                           .save = hooks.save,
                           .resume = hooks.resume,
                           .save_every = hooks.save_every,
                           .stop = hooks.stop};
  if (hooks.progress)
    train_hooks.progress = [&](std::int64_t step) {
      hooks.progress(static_cast<double>(step) / static_cast<double>(options.steps));
    };
  const auto run = [&] {
    return cell.regime == Regime::nn ? train::run_nn(problem, cell.N, options, train_hooks)
                                     : train::run_nt(problem, cell.N, options, train_hooks);
  };
  try {
    return run();
  } catch (const UsageError&) {
    // A state that this build cannot read is worth no more than the time it took; a plan that is impossible
    // fails again without it.
    if (train_hooks.resume.empty()) throw;
    train_hooks.resume = {};
    return run();
  }
}

void set_risk(store::Result& result, double risk) {
  result.risk = risk;
  result.ratio = risk / result.null_risk;
}

void set_test(store::Result& result, double test_risk, double test_se) {
  if (!std::isfinite(test_risk)) return;
  result.test_ratio = test_risk / result.null_risk;
  result.test_se = test_se / result.null_risk;
}

/// Multiplications and additions that take as long as drawing one normal number, roughly.
constexpr double kOperationsOfANormal = 150;
/// fp32 counts half: twice as many numbers in a register.
constexpr double kSingle = 0.5;
/// Factorisations run further from the peak of the processor than products.
constexpr double kFactorisation = 3;

}  // namespace

std::vector<double> step_sizes(const Plan& plan, const Problem& problem, Regime regime, Index N) {
  if (!plan.train.step_sizes.empty()) return plan.train.step_sizes;
  return train::default_step_sizes(regime, problem, N, plan.train.options);
}

std::vector<Cell> make_cells(const Plan& plan) {
  const Problem problem = make_problem(plan);
  std::vector<Cell> cells;
  for (const Method method : plan.sweep.methods) {
    if (method == Method::flow) continue;
    for (const Regime regime : plan.sweep.regimes) {
      if (!applies(method, regime) || (method == Method::limit && !has_limit(problem, regime))) continue;
      const std::vector<Index> widths = regime == Regime::bayes ? std::vector<Index>{0} : plan.sweep.neurons;
      for (const Index N : widths) {
        const std::vector<double> grid =
            method == Method::train ? step_sizes(plan, problem, regime, N) : std::vector<double>{0};
        for (Index draw = 0; draw < draws_of(plan, method, regime); ++draw)
          for (const double step_size : grid)
            cells.push_back(
                {.method = method, .regime = regime, .N = N, .draw = draw, .step_size = step_size});
      }
    }
  }
  return cells;
}

std::string cell_parameters(const Plan& plan, const Cell& cell) {
  nlohmann::json parameters = {{"task", to_string(cell.method)},      {"version", task_version(cell.method)},
                               {"problem", problem_parameters(plan)}, {"activation", plan.activation},
                               {"regime", to_string(cell.regime)},    {"N", cell.N}};
  if (cell.regime == Regime::rf) parameters["gamma"] = plan.problem.gamma;
  switch (cell.method) {
    case Method::limit:
      break;
    case Method::exact:
      if (draws_first_layer(cell.regime)) {
        parameters["seed"] = plan.sweep.seed;
        parameters["draw"] = cell.draw;
      }
      if (cell.regime == Regime::nn)
        parameters["second_layer"] = is_negative(plan.train.options) ? "negative"
                                     : second_layer_sign(plan.train.options) == exact::Sign::one_sign
                                         ? "one sign"
                                         : "positive";
      break;
    case Method::train:
    case Method::flow:
      parameters["seed"] = plan.sweep.seed;
      parameters["draw"] = cell.draw;
      add_train_parameters(parameters, plan, cell);
      break;
    case Method::fit:
      parameters["seed"] = plan.sweep.seed;
      parameters["draw"] = cell.draw;
      parameters["samples"] = plan.fit.samples;
      parameters["ridge"] = plan.fit.ridge;
      parameters["test_samples"] = plan.fit.test_samples;
      break;
  }
  return parameters.dump();
}

std::string cell_key(const Plan& plan, const Cell& cell) {
  // Any fixed name space will do; this one is that of RFC 4122 for URLs.
  static const boost::uuids::name_generator_sha1 generate(boost::uuids::ns::url());
  return boost::uuids::to_string(generate("lazygap:" + cell_parameters(plan, cell)));
}

store::Result compute_cell(const Plan& plan, const Problem& problem, const Cell& cell,
                           const CellHooks& hooks) {
  store::Result result;
  result.key = cell_key(plan, cell);
  result.parameters = cell_parameters(plan, cell);
  result.model = plan.problem.model;
  result.regime = to_string(cell.regime);
  result.method = to_string(cell.method);
  result.d = dimension(problem);
  result.N = cell.N;
  result.rho = static_cast<double>(cell.N) / static_cast<double>(result.d);
  result.draw = cell.draw;
  result.null_risk = null_risk(problem);
  switch (cell.method) {
    case Method::limit:
      result.ratio = limit_ratio(plan, problem, cell);
      result.risk = result.ratio * result.null_risk;
      result.status = Status::ok;
      break;
    case Method::exact: {
      const exact::Risk risk = exact_risk(plan, problem, cell);
      set_risk(result, risk.risk);
      result.status = risk.status;
      if (risk.status == Status::not_converged)
        result.message =
            fmt::format("conjugate gradients stopped after {} iterations at a relative residual of {:.1e}",
                        risk.iterations, risk.residual);
      break;
    }
    case Method::train:
    case Method::flow: {
      const train::Outcome outcome = train_outcome(plan, problem, cell, hooks);
      result.step_size = cell.step_size;
      if (cell.method == Method::train) result.n = plan.train.options.steps * plan.train.options.batch;
      set_risk(result, outcome.risk);
      set_test(result, outcome.test_risk, outcome.test_se);
      result.status = outcome.status;
      result.message = outcome.path;
      if (outcome.status == Status::diverged)
        result.message = fmt::format("diverged after {} steps ({})", outcome.steps_done, outcome.path);
      for (const train::Point& point : outcome.trajectory)
        result.trajectory.push_back({.step = point.step, .samples = point.samples, .risk = point.risk});
      break;
    }
    case Method::fit: {
      const Matrix W = first_layer(plan, problem, cell.regime)
                           .sample(cell.N, plan.sweep.seed, static_cast<std::uint32_t>(cell.draw));
      const fit::Outcome outcome = fit::rf(problem, W,
                                           {.samples = plan.fit.samples,
                                            .ridge = plan.fit.ridge,
                                            .test_samples = plan.fit.test_samples,
                                            .seed = plan.sweep.seed,
                                            .draw = static_cast<std::uint32_t>(cell.draw)});
      result.n = plan.fit.samples;
      set_risk(result, outcome.risk);
      set_test(result, outcome.test_risk, outcome.test_se);
      result.status = outcome.status;
      result.message = outcome.message;
      break;
    }
  }
  return result;
}

Cost cell_cost(const Plan& plan, const Cell& cell) {
  const auto d = static_cast<double>(plan.problem.d);
  const auto N = static_cast<double>(cell.N);
  const train::Options& options = plan.train.options;
  const auto batch = static_cast<double>(options.batch);
  const auto steps = static_cast<double>(options.steps);
  const auto records = static_cast<double>(options.records);
  const double narrow = std::min(N, d);
  constexpr double kNumber = sizeof(double);
  const double sampled_weights = is_rf(cell.regime) || cell.regime == Regime::nt ? d * N : 0;
  switch (cell.method) {
    case Method::limit:
      return {.operations = 1e5 + 1e3 * d, .bytes = 10 * kNumber * d};
    case Method::exact:
      if (is_rf(cell.regime)) {
        const double rank = std::min(N, d * (d + 1) / 2);
        return {.operations = 2 * N * N * d + kFactorisation * N * rank * rank / 3 + 2 * d * d * N,
                .bytes = kNumber * (N * N + 3 * d * N + 2 * d * d)};
      }
      if (cell.regime == Regime::nt) {
        // An orthogonal basis and two products; on mg again and again in conjugate gradients.
        const double iterations = plan.problem.model == "mg" ? 20 : 0;
        return {.operations = kFactorisation * 4 * d * d * narrow + (1 + iterations) * 8 * d * d * narrow +
                              kOperationsOfANormal * d * N,
                .bytes = kNumber * (3 * d * N + 8 * d * d)};
      }
      return {.operations = 1e7 + 1e4 * d, .bytes = 10 * kNumber * d};
    case Method::train: {
      const bool reduced = options.reduction == train::Reduction::automatic;
      const double width = reduced ? narrow : N;
      const double trained =
          cell.regime == Regime::nt && reduced ? d * narrow - narrow * narrow / 2 : d * width;
      // On mg the samples are rotated for NT, by a product that runs at half the speed.
      const bool rotated = cell.regime == Regime::nt && reduced && plan.problem.model == "mg";
      const double samples = (kOperationsOfANormal + (rotated ? 4 * d : 0)) * d * batch;
      const double precision = options.precision == train::Precision::fp32 ? kSingle : 1;
      return {
          .operations = steps * precision * (4 * trained * batch + samples) + records * 2 * d * d * width +
                        static_cast<double>(options.test_samples) * 2 * d * width +
                        kFactorisation * 4 * d * d * d,
          .bytes = kNumber * (2 * d * N + 2 * d * width + 6 * d * d + 2 * batch * (d + width) + records * 3)};
    }
    case Method::flow:
      // Evaluations of the right-hand side, from runs of the paper's length at d = 450; other problems
      // differ.
      return {.operations = (cell.regime == Regime::nn ? 9000 : 600) * 4 * d * d * narrow,
              .bytes = kNumber * (2 * d * N + 20 * d * d)};
    case Method::fit: {
      const auto n = static_cast<double>(plan.fit.samples);
      const auto block = static_cast<double>(fit::Options().block);
      return {.operations = n * (kSingle * (N * N + 2 * N * d) + kSingle * kOperationsOfANormal * d) +
                            kFactorisation * N * N * N / 3,
              .bytes = 24 * N * N + 4 * block * (N + d) + kNumber * 2 * sampled_weights};
    }
  }
  return {};
}

}  // namespace lazygap::experiment
