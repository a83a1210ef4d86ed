#include "lazygap/experiment/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "lazygap/activation/activation.h"
#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/exact/bayes.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "lazygap/fit/nt.h"
#include "lazygap/fit/rf.h"
#include "lazygap/limit/limit.h"
#include "lazygap/limit/rf_biases.h"
#include "lazygap/train/defaults.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"

namespace lazygap::experiment {
namespace {

/// To be raised whenever a route changes its numbers: results of earlier versions are then computed anew.
int task_version(const Plan& plan, Method method, Regime regime) {
  switch (method) {
    case Method::exact:  // RF and NT on mg in whitened coordinates: other rounding errors
    case Method::fit:    // products of BLAS
      return 2;
    case Method::train:
      // NT: another basis of the null space of W W^T; other activations: kernels of our own.
      return regime == Regime::nt || !trains_quadratic(plan) ? 2 : 1;
    case Method::limit:
    case Method::flow:
      return 1;
  }
  return 0;
}

bool applies(const Plan& plan, const Problem& problem, Method method, Regime regime) {
  const auto& fitted = plan.fit.regimes;
  switch (method) {
    case Method::limit:
      return has_limit(plan, problem, regime);
    case Method::exact:
      return has_exact(plan, regime);
    case Method::train:
    case Method::flow:
      return regime == Regime::nt || regime == Regime::nn;
    case Method::fit:
      return std::find(fitted.begin(), fitted.end(), regime) != fitted.end();
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

/// NT has no bf16 and is trained in fp32.
train::Precision precision_of(const Plan& plan, Regime regime) {
  const train::Precision precision = plan.train.options.precision;
  return regime == Regime::nt && precision == train::Precision::bf16 ? train::Precision::fp32 : precision;
}

std::string_view precision_word(train::Precision precision) {
  switch (precision) {
    case train::Precision::fp32:
      return "fp32";
    case train::Precision::fp64:
      return "fp64";
    case train::Precision::bf16:
      return "bf16";
  }
  return {};
}

/// NT is fitted in fp64 in any case.
bool is_fp64_on_request(const Plan& plan, const Cell& cell) {
  return cell.method == Method::fit && is_rf(cell.regime) && plan.fit.precision == fit::Precision::fp64;
}

/// Options of the plan with what its other tables say.
train::Options train_options(const Plan& plan, const Activation& activation, Regime regime) {
  train::Options options = plan.train.options;
  if (regime == Regime::nt) options.train_biases = false;  // NT keeps its biases
  options.precision = precision_of(plan, regime);
  options.activation = activation;
  options.bias_scale = plan.activation.bias_scale;
  options.label_noise = plan.problem.label_noise;
  return options;
}

train::Options train_options(const Plan& plan, const Activation& activation, const Cell& cell) {
  train::Options options = train_options(plan, activation, cell.regime);
  options.step_size = cell.step_size;
  options.seed = plan.sweep.seed;
  options.draw = static_cast<std::uint32_t>(cell.draw);
  return options;
}

/// The name-based UUID (SHA-1) of some bytes.
std::string name_based_uuid(const void* bytes, std::size_t size) {
  // Any fixed name space will do; this one is that of RFC 4122 for URLs.
  static const boost::uuids::name_generator_sha1 generate(boost::uuids::ns::url());
  return boost::uuids::to_string(generate(bytes, size));
}

/// Name of a matrix: the name-based UUID of its numbers.
std::string content_key(const Matrix& matrix) {
  return fmt::format(
      "{}x{} {}", matrix.rows(), matrix.cols(),
      name_based_uuid(matrix.data(), static_cast<std::size_t>(matrix.size()) * sizeof(double)));
}

/// A diagonal as its numbers, a whole matrix by its name.
nlohmann::json matrix_parameters(const Matrix& matrix) {
  if (matrix.cols() == 1) return std::vector<double>(matrix.data(), matrix.data() + matrix.size());
  return content_key(matrix);
}

nlohmann::json law_parameters(const SpectrumLaw& law, std::uint64_t seed) {
  nlohmann::json spectrum = {{"scale", law.scale}, {"scale_by_inverse_sqrt_d", law.scale_by_inverse_sqrt_d}};
  switch (law.kind) {
    case SpectrumLaw::Kind::exponential:
      spectrum["law"] = "exponential";
      spectrum["seed"] = seed;
      break;
    case SpectrumLaw::Kind::choice:
      spectrum["law"] = "choice";
      spectrum["values"] = law.values;
      spectrum["seed"] = seed;
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
  return spectrum;
}

nlohmann::json problem_parameters(const Plan& plan) {
  const ProblemPlan& problem = plan.problem;
  const std::uint64_t seed = plan.sweep.seed;
  nlohmann::json parameters = {{"model", problem.model}, {"d", problem.d}};
  if (problem.matrix.size() > 0)
    parameters["matrix"] = content_key(problem.matrix);
  else if (problem.model == "polynomial")
    for (const auto& [k, law] : problem.hermite)
      parameters[fmt::format("he{}", k)] = law_parameters(law, seed);
  else
    parameters["spectrum"] = law_parameters(problem.spectrum, seed);
  if (problem.haar_rotated) parameters["rotation"] = {{"law", "haar"}, {"seed", seed}};
  if (problem.sigma.size() > 0) parameters["sigma"] = matrix_parameters(problem.sigma);
  return parameters;
}

/// The name alone where nothing else is said, as it always was.
nlohmann::json activation_parameters(const Plan& plan, Regime regime) {
  const ActivationPlan& activation = plan.activation;
  nlohmann::json parameters;
  if (!activation.name.empty()) parameters["name"] = activation.name;
  if (!activation.expression.empty()) parameters["expression"] = activation.expression;
  if (!activation.derivative.empty()) parameters["derivative"] = activation.derivative;
  if (!activation.hermite.empty()) parameters["hermite"] = activation.hermite;
  if (activation.bias_scale > 0) parameters["biases"] = activation.bias_scale;
  if (is_rf(regime) && !activation.centred) parameters["centred"] = false;
  if (parameters.size() == 1 && parameters.contains("name")) return activation.name;
  return parameters;
}

bool is_negative(const train::Options& options) {
  return options.second_layer == train::SecondLayer::fixed && options.second_layer_value < 0;
}

/// Second layers that the training of the plan can reach.
SecondLayerSign second_layer_sign(const train::Options& options) {
  switch (options.second_layer) {
    case train::SecondLayer::fixed:
      return is_negative(options) ? SecondLayerSign::negative : SecondLayerSign::positive;
    case train::SecondLayer::shared:
      return SecondLayerSign::one_sign;
    case train::SecondLayer::free:
      return SecondLayerSign::free;
  }
  return SecondLayerSign::free;
}

std::string_view second_layer_word(const train::Options& options) {
  switch (second_layer_sign(options)) {
    case SecondLayerSign::positive:
      return "positive";
    case SecondLayerSign::negative:
      return "negative";
    case SecondLayerSign::one_sign:
      return "one sign";
    case SecondLayerSign::free:
      return "free";
  }
  return {};
}

void add_train_parameters(nlohmann::json& parameters, const Plan& plan, const Cell& cell) {
  const train::Options& options = plan.train.options;
  const bool unit = options.parameterisation == train::Parameterisation::unit;
  parameters["step_size"] = cell.step_size;
  parameters["steps"] = options.steps;
  parameters["batch"] = options.batch;
  parameters["schedule"] = options.schedule == train::Schedule::constant ? "constant" : "tail-drop";
  parameters["parameterisation"] = unit ? "unit" : "mean-field";
  if (!unit) parameters["alpha"] = options.alpha;
  if (!unit) parameters["beta"] = options.beta;
  if (cell.regime == Regime::nn) {
    const bool fixed = options.second_layer == train::SecondLayer::fixed;
    const bool shared = options.second_layer == train::SecondLayer::shared;
    parameters["second_layer"] = fixed ? "fixed" : shared ? "shared" : "free";
    if (fixed) parameters["second_layer_value"] = options.second_layer_value;
    if (options.train_biases) parameters["biases"] = "trained";
  }
  if (options.momentum > 0) parameters["momentum"] = options.momentum;
  if (plan.problem.label_noise > 0) parameters["label_noise"] = plan.problem.label_noise;
  parameters["records"] = options.records;
  if (cell.method == Method::flow) return;
  parameters["precision"] = precision_word(precision_of(plan, cell.regime));
  parameters["reduction"] = options.reduction == train::Reduction::automatic ? "automatic" : "none";
  parameters["test_samples"] = options.test_samples;
}

/// The widths of cells that differ in nothing else.
std::vector<Index> widths_of(std::span<const Cell> cells) {
  std::vector<Index> widths;
  for (const Cell& cell : cells) widths.push_back(cell.N);
  return widths;
}

/// Features and first layer of RF and NT.
Network network_of(const Plan& plan, const Setting& setting, const Cell& cell) {
  const auto draw = static_cast<std::uint32_t>(cell.draw);
  return {.activation = setting.activation,
          .W = first_layer(setting, cell.regime).sample(cell.N, plan.sweep.seed, draw),
          .biases = sample_biases(plan.activation.bias_scale, cell.N, plan.sweep.seed, draw),
          .centred = plan.activation.centred};
}

/// Answers for the cells of one draw, the widest last; more than one cell for RF only.
std::vector<Answer> exact_answers(const Plan& plan, const Setting& setting, std::span<const Cell> cells) {
  const Problem& problem = setting.problem;
  const Cell& widest = cells.back();
  const auto network = [&] { return network_of(plan, setting, widest); };
  switch (widest.regime) {
    case Regime::rf_isotropic:
    case Regime::rf_aligned:
    case Regime::rf:
      return exact::rf(problem, network(), widths_of(cells));
    case Regime::nt:
      return {exact::nt(problem, network())};
    case Regime::nn:
      return {exact::nn(problem, widest.N, second_layer_sign(plan.train.options))};
    case Regime::bayes:
      return {{.risk = exact::bayes(std::get<GaussianMixture>(problem)), .status = Status::ok}};
  }
  return {};
}

/// Likewise for the fits.
std::vector<Answer> fit_answers(const Plan& plan, const Setting& setting, std::span<const Cell> cells) {
  const Cell& widest = cells.back();
  const Network network = network_of(plan, setting, widest);
  const fit::Options options{.label_noise = plan.problem.label_noise,
                             .samples = plan.fit.samples,
                             .ridge = plan.fit.ridge,
                             .test_samples = plan.fit.test_samples,
                             .seed = plan.sweep.seed,
                             .draw = static_cast<std::uint32_t>(widest.draw),
                             .precision = plan.fit.precision};
  if (widest.regime == Regime::nt) return {fit::nt(setting.problem, network, options)};
  return fit::rf(setting.problem, network, widths_of(cells), options);
}

nlohmann::json parameters_of(const Plan& plan, const Cell& cell) {
  nlohmann::json parameters = {{"task", to_string(cell.method)},
                               {"version", task_version(plan, cell.method, cell.regime)},
                               {"problem", problem_parameters(plan)},
                               {"regime", to_string(cell.regime)},
                               {"N", cell.N}};
  if (cell.regime != Regime::bayes) parameters["activation"] = activation_parameters(plan, cell.regime);
  if (cell.regime == Regime::rf) parameters["gamma"] = matrix_parameters(plan.problem.gamma);
  switch (cell.method) {
    case Method::limit:
      break;
    case Method::exact:
      if (draws_first_layer(cell.regime)) {
        parameters["seed"] = plan.sweep.seed;
        parameters["draw"] = cell.draw;
      }
      if (cell.regime == Regime::nn) parameters["second_layer"] = second_layer_word(plan.train.options);
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
      // Not for fp32, whose keys are older than the choice.
      if (is_fp64_on_request(plan, cell)) parameters["precision"] = "fp64";
      if (plan.problem.label_noise > 0) parameters["label_noise"] = plan.problem.label_noise;
      break;
  }
  return parameters;
}

/// To be raised whenever the rule by which halving gives up losers changes: runs that an earlier one has
/// ended are then computed anew.
constexpr int kHalvingVersion = 1;

/// The grid and the draws belong to them: against others the cell might have won.
std::string elimination_parameters(const Plan& plan, const Cell& cell, const std::vector<double>& grid) {
  nlohmann::json parameters = parameters_of(plan, cell);
  parameters["ended_by"] = {
      {"search", "halving"}, {"version", kHalvingVersion}, {"draws", plan.train.draws}, {"step_sizes", grid}};
  return parameters.dump();
}

std::string key_of(const std::string& parameters) {
  const std::string name = "lazygap:" + parameters;
  return name_based_uuid(name.data(), name.size());
}

void set_risk(store::Result& result, double risk) {
  result.risk = risk;
  result.ratio = risk / result.null_risk;
}

/// What train and fit found: the exact risk of it where there is one, else the estimate on test samples.
void set_risks(store::Result& result, Status status, double risk, const Estimate& test) {
  set_risk(result, risk);
  result.status = status;
  if (!std::isfinite(test.value)) return;
  result.test_ratio = test.value / result.null_risk;
  result.test_se = test.se / result.null_risk;
  if (std::isfinite(risk) || status != Status::ok) return;
  set_risk(result, test.value);
  result.se = result.test_se;
}

constexpr auto kEstimated = "risk estimated on test samples";

void add_sentence(std::string& message, const std::string& sentence) {
  message += (message.empty() ? "" : "; ") + sentence;
}

}  // namespace

std::vector<Index> widths(const Plan& plan, Regime regime) {
  if (regime == Regime::bayes) return {0};
  std::vector<Index> neurons = plan.sweep.neurons;
  if (plan.sweep.equal_parameters && is_rf(regime))
    for (Index& N : neurons) N *= plan.problem.d + 1;
  return neurons;
}

namespace {

/// The class that the limits of plans are for: Theorem 3 has a_i = 1, Theorem 6 leaves them free.
SecondLayerSign limit_sign(const Problem& problem) {
  return std::holds_alternative<PolynomialTarget>(problem) ? SecondLayerSign::positive
                                                           : SecondLayerSign::free;
}

}  // namespace

std::vector<double> limit_ratios(const Setting& setting, const Plan& plan, Regime regime,
                                 const std::vector<Index>& widths) {
  const auto& problem = setting.problem;
  const double tau = plan.activation.bias_scale;
  std::vector<double> rhos, ratios;
  for (const Index N : widths)
    rhos.push_back(static_cast<double>(N) / static_cast<double>(dimension(problem)));
  if (is_rf(regime)) {
    const FirstLayerLaw law = first_layer(setting, regime);
    if (tau > 0) return limit::rf_ratios(problem, law, setting.activation, tau, rhos);
    for (const double rho : rhos)
      ratios.push_back(limit::rf_ratio(problem, law, setting.activation.hermite, rho));
  } else if (regime == Regime::nt) {
    for (const double rho : rhos) ratios.push_back(limit::nt_ratio(problem, rho));
  } else if (regime == Regime::nn) {
    for (const Index N : widths) ratios.push_back(limit::nn_ratio(problem, N, limit_sign(problem)));
  } else {
    ratios.assign(widths.size(), limit::bayes_ratio(std::get<GaussianMixture>(problem)));
  }
  return ratios;
}

std::vector<double> step_sizes(const Plan& plan, const Setting& setting, Regime regime, Index N) {
  if (!plan.train.step_sizes.empty()) return plan.train.step_sizes;
  train::Options options = train_options(plan, setting.activation, regime);
  options.precision = train::Precision::fp64;  // no grid depends on it, and not every processor has bf16
  return train::default_step_sizes(regime, setting.problem, N, options);
}

std::vector<Cell> make_cells(const Plan& plan) {
  const Setting setting = make_setting(plan);
  std::vector<Cell> cells;
  for (const Method method : plan.sweep.methods) {
    if (method == Method::flow) continue;
    for (const Regime regime : plan.sweep.regimes) {
      if (!applies(plan, setting.problem, method, regime)) continue;
      for (const Index N : widths(plan, regime)) {
        const std::vector<double> grid =
            method == Method::train ? step_sizes(plan, setting, regime, N) : std::vector<double>{0};
        for (Index draw = 0; draw < draws_of(plan, method, regime); ++draw)
          for (const double step_size : grid)
            cells.push_back(
                {.method = method, .regime = regime, .N = N, .draw = draw, .step_size = step_size});
      }
    }
  }
  return cells;
}

std::string cell_parameters(const Plan& plan, const Cell& cell) { return parameters_of(plan, cell).dump(); }

std::string cell_key(const Plan& plan, const Cell& cell) { return key_of(cell_parameters(plan, cell)); }

std::string elimination_key(const Plan& plan, const Cell& cell, const std::vector<double>& grid) {
  return key_of(elimination_parameters(plan, cell, grid));
}

std::vector<std::optional<store::Result>> find_cells(const Plan& plan, const store::Store& store,
                                                     const std::vector<Cell>& cells) {
  std::vector<std::string> keys;
  keys.reserve(cells.size());
  for (const Cell& cell : cells) keys.push_back(cell_key(plan, cell));
  auto results = store.find_all(keys);
  if (plan.train.search != train::Search::halving) return results;

  std::optional<Setting> setting;
  std::map<std::pair<Regime, Index>, std::vector<double>> grids;
  std::vector<std::size_t> places;
  keys.clear();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    if (cell.method != Method::train || (results[i] && results[i]->status != Status::failed)) continue;
    if (!setting) setting.emplace(make_setting(plan));
    const auto [grid, is_new] = grids.try_emplace({cell.regime, cell.N});
    if (is_new) grid->second = step_sizes(plan, *setting, cell.regime, cell.N);
    places.push_back(i);
    keys.push_back(elimination_key(plan, cell, grid->second));
  }
  auto eliminated = store.find_all(keys);
  for (std::size_t k = 0; k < places.size(); ++k)
    if (eliminated[k]) results[places[k]] = std::move(eliminated[k]);
  return results;
}

std::vector<std::vector<std::size_t>> make_groups(const Plan& plan, const std::vector<Cell>& cells) {
  // What the cells of a group have in common; -1 stands for any.
  using Common = std::tuple<Method, Regime, Index, Index>;
  constexpr Index kAny = -1;
  std::map<Common, std::size_t> places;
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    const bool trains = cell.method == Method::train;
    const bool nested = is_rf(cell.regime) && (cell.method == Method::exact || cell.method == Method::fit);
    if (!trains && !nested) {
      groups.push_back({i});
      continue;
    }
    const bool any_width = nested || plan.train.share_between_widths;
    const bool any_draw = trains && plan.train.search == train::Search::halving;
    const Common common{cell.method, cell.regime, any_width ? kAny : cell.N, any_draw ? kAny : cell.draw};
    const auto [place, is_new] = places.try_emplace(common, groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(i);
  }
  return groups;
}

bool is_halving(const Plan& plan, std::span<const Cell> group) {
  return plan.train.search == train::Search::halving && group.size() > 1 &&
         group.front().method == Method::train;
}

namespace {

store::Result empty_result(const Plan& plan, const Setting& setting, const Cell& cell) {
  const Problem& problem = setting.problem;
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
  return result;
}

store::Result limit_result(const Plan& plan, const Setting& setting, const Cell& cell) {
  store::Result result = empty_result(plan, setting, cell);
  result.ratio = limit_ratios(setting, plan, cell.regime, {cell.N}).front();
  result.risk = result.ratio * result.null_risk;
  result.status = Status::ok;
  return result;
}

store::Result exact_result(const Plan& plan, const Setting& setting, const Cell& cell, const Answer& answer) {
  store::Result result = empty_result(plan, setting, cell);
  set_risk(result, answer.risk);
  result.status = answer.status;
  result.message = answer.message;
  return result;
}

store::Result train_result(const Plan& plan, const Setting& setting, const Cell& cell,
                           const train::Outcome& outcome) {
  store::Result result = empty_result(plan, setting, cell);
  const bool is_flow = cell.method == Method::flow;
  result.step_size = cell.step_size;
  if (!is_flow) result.n = outcome.steps_done * plan.train.options.batch;
  set_risks(result, outcome.status, outcome.risk, {.value = outcome.test_risk, .se = outcome.test_se});
  result.message = outcome.path;
  if (result.se) add_sentence(result.message, kEstimated);
  if (outcome.status == Status::diverged)
    result.message = fmt::format("diverged after {} steps ({})", outcome.steps_done, outcome.path);
  if (outcome.status == Status::eliminated) {
    result.message = fmt::format("ended by successive halving after {} of {} steps ({})", outcome.steps_done,
                                 plan.train.options.steps, outcome.path);
    const std::vector<double> grid = step_sizes(plan, setting, cell.regime, cell.N);
    result.key = elimination_key(plan, cell, grid);
    result.parameters = elimination_parameters(plan, cell, grid);
  }
  for (const train::Point& point : outcome.trajectory)
    result.trajectory.push_back({.step = point.step, .samples = point.samples, .risk = point.risk});
  return result;
}

store::Result fit_result(const Plan& plan, const Setting& setting, const Cell& cell, const Answer& answer) {
  store::Result result = empty_result(plan, setting, cell);
  result.n = plan.fit.samples;
  set_risks(result, answer.status, answer.risk, answer.test.value_or(Estimate()));
  result.message = answer.message;
  if (result.se) add_sentence(result.message, kEstimated);
  return result;
}

void train_group(const Plan& plan, const Setting& setting, std::span<const Cell> cells,
                 const GroupHooks& hooks) {
  const train::Options options = train_options(plan, setting.activation, cells.front());
  std::vector<train::Network> networks;
  for (std::size_t i = 0; i < cells.size(); ++i)
    networks.push_back({.neurons = cells[i].N,
                        .step_size = cells[i].step_size,
                        .draw = static_cast<std::uint32_t>(cells[i].draw),
                        .known = hooks.known.empty() ? Status::none : hooks.known[i]});
  train::GroupHooks train_hooks{.progress = hooks.progress,
                                .save = hooks.save,
                                .resume = hooks.resume,
                                .save_every = hooks.save_every,
                                .stop = hooks.stop};
  train_hooks.finished = [&](std::size_t i, const train::Outcome& outcome) {
    hooks.finished(i, train_result(plan, setting, cells[i], outcome));
  };
  const auto run = [&] {
    // A search of one would look ahead for nothing.
    const auto search = is_halving(plan, cells) ? train::Search::halving : train::Search::full;
    (void)train::run_networks(cells.front().regime, setting.problem, networks, options, search, train_hooks);
  };
  try {
    run();
  } catch (const UsageError&) {
    // A state that this build cannot read is worth no more than the time it took; a plan that is impossible
    // fails again without it. States are read before anything is finished.
    if (train_hooks.resume.empty()) throw;
    train_hooks.resume.clear();
    run();
  }
}

}  // namespace

void compute_group(const Plan& plan, const Setting& setting, std::span<const Cell> cells,
                   const GroupHooks& hooks) {
  const auto finish_all = [&](const auto& outcomes, auto make_result) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      hooks.finished(i, make_result(plan, setting, cells[i], outcomes[i]));
  };
  switch (cells.front().method) {
    case Method::limit:
      return hooks.finished(0, limit_result(plan, setting, cells.front()));
    case Method::exact:
      return finish_all(exact_answers(plan, setting, cells), exact_result);
    case Method::train:
      return train_group(plan, setting, cells, hooks);
    case Method::fit:
      return finish_all(fit_answers(plan, setting, cells), fit_result);
    case Method::flow: {
      const Cell& cell = cells.front();
      train::Options options = train_options(plan, setting.activation, cell);
      options.precision = train::Precision::fp64;  // as in step_sizes
      const train::Outcome outcome = cell.regime == Regime::nn
                                         ? train::flow_nn(setting.problem, cell.N, options)
                                         : train::flow_nt(setting.problem, cell.N, options);
      return hooks.finished(0, train_result(plan, setting, cell, outcome));
    }
  }
}

store::Result failed_result(const Plan& plan, const Setting& setting, const Cell& cell,
                            const std::string& message) {
  store::Result result = empty_result(plan, setting, cell);
  if (cell.step_size > 0) result.step_size = cell.step_size;
  result.status = Status::failed;
  result.message = message;
  return result;
}

bool lacks_processor(const Plan& plan, const Cell& cell) {
  return cell.method == Method::train && precision_of(plan, cell.regime) == train::Precision::bf16 &&
         !has_bf16_products();
}

std::string path_of(const Plan& plan, const Setting& setting, const Cell& cell) {
  if (lacks_processor(plan, cell)) return "bf16, which this processor does not have";
  if (cell.method == Method::train)
    return train::path(cell.regime, setting.problem, cell.N, train_options(plan, setting.activation, cell));
  const bool nested = is_rf(cell.regime) && (cell.method == Method::exact || cell.method == Method::fit);
  if (!nested) return "";
  return is_fp64_on_request(plan, cell) ? "one Gram matrix for all widths, fp64"
                                        : "one Gram matrix for all widths";
}

}  // namespace lazygap::experiment
