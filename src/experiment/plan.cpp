#include "lazygap/experiment/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>
#include <type_traits>

#include "experiment/built_in_plans.h"
#include "experiment/plan_document.h"
#include "lazygap/core/error.h"
#include "lazygap/network/parity.h"
#include "lazygap/problem/rotation.h"

namespace lazygap::experiment {
namespace {

namespace fs = std::filesystem;

template <class Value>
using Words = std::vector<std::pair<std::string_view, Value>>;

const Words<Method> kMethods{{"limit", Method::limit},
                             {"exact", Method::exact},
                             {"train", Method::train},
                             {"fit", Method::fit},
                             {"flow", Method::flow}};
const Words<Regime> kRegimes{{"RF(I)", Regime::rf_isotropic},
                             {"RF(Gamma*)", Regime::rf_aligned},
                             {"RF", Regime::rf},
                             {"NT", Regime::nt},
                             {"NT(I)", Regime::nt},
                             {"NN", Regime::nn},
                             {"Bayes", Regime::bayes}};
const Words<SpectrumLaw::Kind> kLaws{
    {"exponential", SpectrumLaw::Kind::exponential}, {"choice", SpectrumLaw::Kind::choice},
    {"identity", SpectrumLaw::Kind::identity},       {"power", SpectrumLaw::Kind::power},
    {"low_rank", SpectrumLaw::Kind::low_rank},
};
constexpr std::array<std::string_view, PolynomialTarget::kMostDegree> kHermite{"he1", "he2", "he3", "he4",
                                                                               "he5"};
const Words<train::Parameterisation> kParameterisations{{"unit", train::Parameterisation::unit},
                                                        {"mean-field", train::Parameterisation::mean_field}};
const Words<train::SecondLayer> kSecondLayers{{"fixed", train::SecondLayer::fixed},
                                              {"shared", train::SecondLayer::shared},
                                              {"free", train::SecondLayer::free}};
const Words<train::Schedule> kSchedules{{"constant", train::Schedule::constant},
                                        {"tail-drop", train::Schedule::tail_drop}};
const Words<train::Precision> kPrecisions{
    {"fp32", train::Precision::fp32}, {"fp64", train::Precision::fp64}, {"bf16", train::Precision::bf16}};
const Words<fit::Precision> kFitPrecisions{{"fp32", fit::Precision::fp32}, {"fp64", fit::Precision::fp64}};
const Words<train::Reduction> kReductions{{"automatic", train::Reduction::automatic},
                                          {"none", train::Reduction::none}};
const Words<train::Search> kSearches{{"full", train::Search::full}, {"halving", train::Search::halving}};
const Words<bool> kSharing{{"step-sizes", false}, {"widths", true}};
const Words<std::string> kModels{{"qf", "qf"}, {"mg", "mg"}, {"polynomial", "polynomial"}};
const Words<bool> kRotations{{"none", false}, {"haar", true}};
const Words<bool> kBiases{{"fixed", false}, {"trained", true}};
const Words<std::string> kFrames{{"left", "left"}, {"right", "right"}};

constexpr std::string_view kInverseSquareRoot = "1/sqrt(d)";
/// Far beyond every memory, but small enough for the sizes of matrices to stay exact integers.
constexpr std::int64_t kMostNeurons = 10'000'000;
constexpr std::int64_t kMostDraws = 10'000;
/// The address of a sample has 32 bits for the step (core/random.h).
constexpr std::int64_t kMostSteps = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kMostSamples = 1'000'000'000'000;
constexpr std::int64_t kMostBatch = 1'000'000;
/// The paper's numbers of SGD steps. [GMMM19, sec. 4]
constexpr std::int64_t kPaperStepsQf = 200'000;
constexpr std::int64_t kPaperStepsMg = 140'000;

template <class Value>
std::string_view word_of(const Words<Value>& words, const Value& value) {
  for (const auto& [word, known] : words)
    if (known == value) return word;
  return {};
}

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

const std::vector<std::string_view> kSweepKeys{"regimes", "neurons", "methods",
                                               "draws",   "seed",    "equal_parameters"};

/// An inline table { law = "...", ... }; a key that the law does not read is refused.
void read_spectrum(const PlanTable& problem, std::string_view key, SpectrumLaw& law) {
  const PlanTable table = problem.table(key, {"law", "values", "scale", "exponent", "rank"});
  table.require("law");
  table.word("law", law.kind, kLaws);
  const auto only_for = [&](std::string_view option, SpectrumLaw::Kind kind) {
    const bool needed = law.kind == kind;
    if (needed && option != "exponent") table.require(option);
    if (!needed && table.has(option))
      table.complain(option, fmt::format("belongs to law = \"{}\", but law is \"{}\"", word_of(kLaws, kind),
                                         word_of(kLaws, law.kind)));
  };
  only_for("values", SpectrumLaw::Kind::choice);
  only_for("exponent", SpectrumLaw::Kind::power);
  only_for("rank", SpectrumLaw::Kind::low_rank);
  table.numbers("values", law.values);
  table.number("exponent", law.exponent);
  table.integer("rank", law.rank, 1, kMostNeurons);
  constexpr auto kAccepted = "a finite number other than 0, or \"1/sqrt(d)\"";
  std::string scale;
  law.scale_by_inverse_sqrt_d = table.is_text("scale") && table.text("scale", scale);
  if (law.scale_by_inverse_sqrt_d && scale != kInverseSquareRoot) table.refuse("scale", kAccepted);
  if (!law.scale_by_inverse_sqrt_d) table.number("scale", law.scale, kAccepted);
  if (law.scale == 0) table.refuse("scale", kAccepted);
}

/// The one key of `keys` that says what the problem is. One on the command line replaces the plan's; two side
/// by side contradict.
std::string_view the_source(const PlanTable& table, const PlanDocument& document,
                            std::initializer_list<std::string_view> keys) {
  std::vector<std::string_view> sources, overridden;
  for (const std::string_view key : keys) {
    if (!table.has(key)) continue;
    sources.push_back(key);
    if (document.is_overridden(fmt::format("problem.{}", key))) overridden.push_back(key);
  }
  if (!overridden.empty()) sources = overridden;
  const auto listed = [&] {
    const std::vector<std::string_view> list(keys);
    return fmt::format("{} and {}", fmt::join(list.begin(), list.end() - 1, ", "), list.back());
  };
  if (sources.empty())
    table.complain(*keys.begin(), fmt::format("is missing; one of {} is needed", listed()));
  if (sources.size() > 1)
    table.complain(sources[1], fmt::format("is given beside problem.{}, but only one of {} can be",
                                           sources[0], listed()));
  return sources[0];
}

/// `d` from the plan, which must be `found` where it is given.
void check_dimension(const PlanTable& table, ProblemPlan& problem, Index found, std::string_view source) {
  problem.d = found;
  std::int64_t d = found;
  table.integer("d", d, 1, kMostNeurons);
  if (d != found)
    table.refuse("d", fmt::format("{}, the number of {} of problem.{}, or left out", found,
                                  problem.matrix.size() > 0 ? "rows" : "entries", source));
}

bool is_column(const Matrix& matrix) { return matrix.cols() == 1; }

/// qf and mg: eigenvalues by law or one by one, or a whole matrix.
std::string_view read_diagonal_or_matrix(const PlanTable& table, const PlanDocument& document,
                                         ProblemPlan& problem) {
  const std::string_view source = the_source(table, document, {"spectrum", "eigenvalues", "matrix", "file"});
  if (source == "spectrum") {
    table.require("d");
    table.integer("d", problem.d, 1, kMostNeurons);
    read_spectrum(table, source, problem.spectrum);
  } else {
    Matrix given;
    if (source == "eigenvalues")
      table.numbers(source, problem.spectrum.values);
    else
      table.matrix_or_file(source, given);
    if (source == "eigenvalues") {
      problem.spectrum.kind = SpectrumLaw::Kind::explicit_;
      given = Eigen::Map<const Vector>(problem.spectrum.values.data(),
                                       static_cast<Index>(problem.spectrum.values.size()));
    } else if (is_column(given)) {
      problem.spectrum.kind = SpectrumLaw::Kind::explicit_;
      problem.spectrum.values.assign(given.data(), given.data() + given.size());
    } else {
      if (given.rows() != given.cols())
        table.complain(source, fmt::format("is a {} x {} matrix, but must be d x d, or one row or column of "
                                           "eigenvalues",
                                           given.rows(), given.cols()));
      problem.matrix = given;
    }
    check_dimension(table, problem, given.rows(), source);
  }
  table.word("rotation", problem.haar_rotated, kRotations);
  if (problem.haar_rotated && problem.matrix.size() > 0)
    table.complain("rotation", fmt::format("is \"haar\", but problem.{} gives a whole matrix", source));
  return source;
}

/// polynomial: the coefficients of each He_k by law, or all of them as a matrix.
std::string_view read_hermite(const PlanTable& table, ProblemPlan& problem) {
  constexpr std::string_view kWhole = "coefficients";
  std::string_view source = kWhole;
  for (std::size_t k = 0; k < kHermite.size(); ++k)
    if (table.has(kHermite[k])) {
      if (table.has(kWhole))
        table.complain(kHermite[k],
                       fmt::format("is given beside problem.{}, but only one of them can be", kWhole));
      source = kHermite[k];
      read_spectrum(table, source, problem.hermite[static_cast<Index>(k + 1)]);
    }
  if (source != kWhole) {
    table.require("d");
    table.integer("d", problem.d, 1, kMostNeurons);
    return source;
  }
  if (!table.has(kWhole))
    table.complain(
        kWhole, fmt::format("is missing; it, or at least one of {}, is needed", fmt::join(kHermite, ", ")));
  table.rows_or_file(kWhole, problem.matrix);
  check_dimension(table, problem, problem.matrix.rows(), kWhole);
  return source;
}

void read_problem(const PlanTable& root, const PlanDocument& document, Plan& plan) {
  ProblemPlan& problem = plan.problem;
  const PlanTable table =
      root.table("problem", {"model", "d", "spectrum", "eigenvalues", "matrix", "file", "rotation", "sigma",
                             "gamma", "coefficients", "he1", "he2", "he3", "he4", "he5", "label_noise"});
  table.require("model");
  table.word("model", problem.model, kModels);
  const bool polynomial = problem.model == "polynomial";
  const auto only_for = [&](std::string_view key, std::string_view models, bool applies) {
    if (!applies && table.has(key))
      table.complain(key, fmt::format("belongs to model = {}, but model is \"{}\"", models, problem.model));
  };
  for (const std::string_view key : {"spectrum", "eigenvalues", "matrix", "file", "rotation"})
    only_for(key, "\"qf\" or \"mg\"", !polynomial);
  for (const std::string_view key : kHermite) only_for(key, "\"polynomial\"", polynomial);
  only_for("coefficients", "\"polynomial\"", polynomial);
  only_for("sigma", "\"mg\"", problem.model == "mg");

  const std::string_view source =
      polynomial ? read_hermite(table, problem) : read_diagonal_or_matrix(table, document, problem);
  const auto covariance = [&](std::string_view key, Matrix& out) {
    if (!table.matrix_or_file(key, out)) return;
    if (is_column(out) && out.rows() != problem.d)
      table.complain(key, fmt::format("has {} entries, but must have d = {}", out.rows(), problem.d));
    if (!is_column(out) && (out.rows() != problem.d || out.cols() != problem.d))
      table.complain(key, fmt::format("is a {} x {} matrix, but must be d x d with d = {}, or its diagonal",
                                      out.rows(), out.cols(), problem.d));
  };
  covariance("sigma", problem.sigma);
  covariance("gamma", problem.gamma);
  table.nonnegative_number("label_noise", problem.label_noise);

  try {
    static_cast<void>(make_problem(plan));
  } catch (const UsageError& error) {
    const std::string why = error.what();
    const bool is_sigma = table.has("sigma") && (why.find("of sigma is") != std::string::npos ||
                                                 why.find(": sigma[") != std::string::npos);
    table.complain(is_sigma ? "sigma" : source, "cannot be used: " + why);
  }
}

void read_activation(const PlanTable& root, Plan& plan) {
  ActivationPlan& activation = plan.activation;
  const PlanTable table =
      root.table("activation", {"name", "expression", "derivative", "hermite", "biases", "centred"});
  std::string_view source = "name";
  for (const std::string_view key : {"name", "expression", "hermite"}) {
    if (!table.has(key)) continue;
    if (source != "name" || (key != "name" && table.has("name")))
      table.complain(key, "is given beside another, but only one of name, expression and hermite can be");
    source = key;
  }
  if (source != "name") activation.name.clear();
  table.text("name", activation.name);
  table.text("expression", activation.expression);
  table.text("derivative", activation.derivative);
  table.numbers("hermite", activation.hermite);
  if (table.has("derivative") && source != "expression")
    table.complain("derivative", "belongs to activation.expression, which is not given");
  table.nonnegative_number("biases", activation.bias_scale);
  table.truth("centred", activation.centred);
  try {
    static_cast<void>(make_activation(plan));
  } catch (const UsageError& error) {
    table.complain(source, fmt::format("cannot be used: {}", error.what()));
  }
}

void read_sweep(const PlanTable& root, SweepPlan& sweep) {
  const PlanTable table = root.table("sweep", kSweepKeys);
  for (const std::string_view key : {"regimes", "neurons", "methods"}) table.require(key);
  table.words("regimes", sweep.regimes, kRegimes);
  table.increasing_integers("neurons", sweep.neurons, 1, kMostNeurons);
  table.words("methods", sweep.methods, kMethods);
  table.integer("draws", sweep.draws, 1, kMostDraws);
  std::int64_t seed = 1;
  table.integer("seed", seed, 0, std::numeric_limits<std::int64_t>::max());
  sweep.seed = static_cast<std::uint64_t>(seed);
  table.truth("equal_parameters", sweep.equal_parameters);
}

void read_train(const PlanTable& root, Plan& whole) {
  const PlanTable table =
      root.table("train", {"steps", "batch", "step_sizes", "draws", "schedule", "parameterisation",
                           "second_layer", "second_layer_value", "biases", "momentum", "alpha", "beta",
                           "precision", "reduction", "records", "test_samples", "search", "share_samples"});
  TrainPlan& plan = whole.train;
  train::Options& options = plan.options;
  options.steps = whole.problem.model == "mg" ? kPaperStepsMg : kPaperStepsQf;
  table.integer("steps", options.steps, 1, kMostSteps);
  table.integer("batch", options.batch, 1, kMostBatch);
  table.increasing_positive_numbers("step_sizes", plan.step_sizes);
  table.integer("draws", plan.draws, 1, kMostDraws);
  table.word("schedule", options.schedule, kSchedules);
  table.word("parameterisation", options.parameterisation, kParameterisations);
  const bool unit = options.parameterisation == train::Parameterisation::unit;
  // One shared scalar serves the quadratic activation; others need both signs.
  options.second_layer = unit                  ? train::SecondLayer::fixed
                         : is_quadratic(whole) ? train::SecondLayer::shared
                                               : train::SecondLayer::free;
  table.word("second_layer", options.second_layer, kSecondLayers);
  const bool fixed = options.second_layer == train::SecondLayer::fixed;
  if (unit && !fixed)
    table.complain("second_layer",
                   fmt::format("is \"{}\", but parameterisation = \"unit\" has a fixed second layer: "
                               "\"fixed\", or parameterisation = \"mean-field\", is needed",
                               word_of(kSecondLayers, options.second_layer)));
  table.number("second_layer_value", options.second_layer_value);
  if (table.has("second_layer_value") && !fixed)
    table.complain("second_layer_value",
                   fmt::format("belongs to second_layer = \"fixed\", but second_layer is \"{}\"",
                               word_of(kSecondLayers, options.second_layer)));
  if (options.second_layer_value == 0) table.refuse("second_layer_value", "different from 0");
  for (const std::string_view key : {"alpha", "beta"})
    if (unit && table.has(key))
      table.complain(key, "belongs to parameterisation = \"mean-field\", but parameterisation is \"unit\"");
  table.word("biases", options.train_biases, kBiases);
  if (options.train_biases && whole.activation.bias_scale == 0)
    table.complain("biases", "is \"trained\", but activation.biases = 0 means that there are none");
  table.nonnegative_number("momentum", options.momentum);
  if (options.momentum >= 1) table.refuse("momentum", "from 0 to below 1");
  table.positive_number("alpha", options.alpha);
  table.positive_number("beta", options.beta);
  table.word("precision", options.precision, kPrecisions);
  if (options.precision == train::Precision::bf16) {
    if (!trains_quadratic(whole) || !contains(whole.sweep.regimes, Regime::nn))
      table.complain("precision",
                     "is \"bf16\", but that is for NN with the quadratic activation without biases, momentum "
                     "or a free second layer; otherwise \"fp32\" or \"fp64\" is needed");
  }
  table.word("reduction", options.reduction, kReductions);
  table.word("search", plan.search, kSearches);
  table.word("share_samples", plan.share_between_widths, kSharing);
  table.integer("records", options.records, 2, 100'000);
  table.integer("test_samples", options.test_samples, 0, 1'000'000'000);
  if (options.test_samples == 1)
    table.refuse("test_samples", "0 (none) or at least 2: one sample has no standard error");
}

void read_fit(const PlanTable& root, const std::vector<Regime>& regimes, FitPlan& fit) {
  const PlanTable table =
      root.table("fit", {"samples", "ridge", "precision", "draws", "test_samples", "regimes"});
  std::copy_if(regimes.begin(), regimes.end(), std::back_inserter(fit.regimes), is_rf);
  table.words("regimes", fit.regimes, kRegimes);
  for (const Regime regime : fit.regimes)
    if (!contains(regimes, regime) || !(is_rf(regime) || regime == Regime::nt))
      table.complain("regimes", fmt::format("contains {}, but must name some of sweep.regimes, RF or NT",
                                            to_string(regime)));
  table.integer("samples", fit.samples, 1, kMostSamples);
  table.nonnegative_number("ridge", fit.ridge);
  table.word("precision", fit.precision, kFitPrecisions);
  table.integer("draws", fit.draws, 1, kMostDraws);
  table.integer("test_samples", fit.test_samples, 0, 1'000'000'000);
  if (fit.test_samples == 1)
    table.refuse("test_samples", "0 (none) or at least 2: one sample has no standard error");
}

void read_name(const PlanTable& root, std::string& name) {
  root.require("name");
  root.text("name", name);
  const bool clean = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  // The name becomes a folder.
  if (name.empty() || !clean || name.front() == '.' || name.size() > 100)
    root.refuse("name", "1 to 100 letters, digits, '-', '_' and '.', not starting with '.'");
}

/// What no single key can know.
void check_combinations(const PlanTable& root, const Plan& plan) {
  const PlanTable sweep = root.table("sweep", kSweepKeys);
  const auto& regimes = plan.sweep.regimes;
  if (plan.problem.model != "mg" && contains(regimes, Regime::bayes))
    sweep.complain("regimes", "contains Bayes, but the Bayes risk belongs to model = \"mg\"; on qf it is 0");
  if (contains(regimes, Regime::rf) && plan.problem.gamma.size() == 0)
    sweep.complain("regimes",
                   "contains RF, which needs problem.gamma, the eigenvalues of Gamma; without it use RF(I)");
  const Setting setting = make_setting(plan);
  for (const Regime regime : regimes) try {
      static_cast<void>(first_layer(setting, regime));
    } catch (const UsageError& error) {
      sweep.complain("regimes",
                     fmt::format("contains {}, which is impossible here: {}{}", to_string(regime),
                                 regime == Regime::rf ? "problem.gamma cannot be used: " : "", error.what()));
    }

  const bool any_trained = contains(regimes, Regime::nt) || contains(regimes, Regime::nn);
  if (any_trained && !setting.activation.derivative)
    sweep.complain("regimes", fmt::format("contains {}, which needs the derivative of the activation, but {}",
                                          contains(regimes, Regime::nt) ? "NT" : "NN",
                                          plan.activation.expression.empty()
                                              ? fmt::format("{} has none", setting.activation.name)
                                              : "activation.derivative is not given"));
  const auto& methods = plan.sweep.methods;
  if (contains(methods, Method::limit) && std::none_of(regimes.begin(), regimes.end(), [&](Regime regime) {
        return has_limit(plan, setting.problem, regime);
      }))
    sweep.complain("methods",
                   "contains limit, but no limit is known for any of sweep.regimes here: RF needs a centred "
                   "activation, NT and NN the quadratic one; NN on qf needs a positive semidefinite B, NT on "
                   "mg Sigma = I; every one needs a quadratic target");
  if (contains(methods, Method::exact) &&
      std::none_of(regimes.begin(), regimes.end(), [&](Regime regime) { return has_exact(plan, regime); }))
    sweep.complain("methods", "contains exact, but for NN that is known for the quadratic activation only");
  if (contains(methods, Method::fit) && plan.fit.regimes.empty())
    sweep.complain("methods",
                   "contains fit, but sweep.regimes names none of RF(I), RF(Gamma*) and RF, and fit.regimes "
                   "not NT");
  if (contains(methods, Method::flow) && !trains_quadratic(plan))
    sweep.complain("methods",
                   "contains flow, but the gradient flow is there for the quadratic activation without "
                   "biases, momentum or a free second layer only");
  for (const Method method : {Method::train, Method::flow})
    if (contains(methods, method) && !any_trained)
      sweep.complain("methods",
                     fmt::format("contains {}, but sweep.regimes names neither NT nor NN, which are trained",
                                 to_string(method)));
  if (plan.figure.frame == "right" && !contains(methods, Method::train) && !contains(methods, Method::flow))
    sweep.complain(
        "methods",
        "contains neither train nor flow, but figure.frame = \"right\" shows risks along training");
}

Plan read_plan(const PlanDocument& document) {
  const PlanTable root(document, document.root(), "",
                       {"name", "problem", "sweep", "activation", "train", "fit", "figure"});
  Plan plan;
  read_name(root, plan.name);
  root.require("problem");
  root.require("sweep");
  read_problem(root, document, plan);
  read_sweep(root, plan.sweep);
  read_activation(root, plan);
  read_train(root, plan);
  read_fit(root, plan.sweep.regimes, plan.fit);
  const PlanTable figure = root.table("figure", {"frame", "title"});
  figure.word("frame", plan.figure.frame, kFrames);
  figure.text("title", plan.figure.title);
  check_combinations(root, plan);
  return plan;
}

/// Whether a fixed second layer has the sign of some eigenvalue: of B on qf, of -Delta on mg, where the class
/// y = +1 is the narrower one.
bool can_fit(const Problem& problem, const train::Options& options) {
  const auto* target = std::get_if<PolynomialTarget>(&problem);
  const Vector signs = target != nullptr ? target->eigenvalues()
                                         : Vector(-std::get<GaussianMixture>(problem).whitened_delta());
  return (signs * options.second_layer_value).maxCoeff() > 0;
}

/// A number that reads back as the same number, and as a number with a fraction where it is one.
std::string toml_number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\u{:04X}", static_cast<int>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

template <class List, class Format>
std::string toml_list(const List& list, Format format) {
  std::string text;
  for (const auto& entry : list) text += (text.empty() ? "" : ", ") + std::string(format(entry));
  return "[" + text + "]";
}

}  // namespace

std::string_view to_string(Method method) { return word_of(kMethods, method); }

Plan load_plan(const std::string& file_or_name,
               const std::vector<std::pair<std::string, std::string>>& overrides) {
  std::error_code error;
  const fs::path path(file_or_name);
  if (fs::is_directory(path, error))
    throw FileError(fmt::format("{}: is a folder, not a plan", file_or_name));
  if (fs::exists(path, error)) {
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream.is_open() || stream.bad())
      throw FileError(fmt::format("{}: the plan cannot be read", file_or_name));
    Plan plan = read_plan(PlanDocument(text, file_or_name, path.parent_path(), overrides));
    plan.source = file_or_name;
    return plan;
  }
  for (const BuiltInPlan& built_in : built_in_plan_texts())
    if (built_in.name == file_or_name) {
      Plan plan = read_plan(
          PlanDocument(built_in.text, fmt::format("built-in plan {}", built_in.name), fs::path(), overrides));
      plan.source = "built-in";
      return plan;
    }
  std::string names;
  for (const std::string& name : built_in_plans()) names += (names.empty() ? "" : ", ") + name;
  throw FileError(fmt::format("{}: no such file and no such built-in plan{}{}", file_or_name,
                              names.empty() ? "" : "; built-in are: ", names));
}

std::vector<std::string> built_in_plans() {
  std::vector<std::string> names;
  for (const BuiltInPlan& plan : built_in_plan_texts()) names.emplace_back(plan.name);
  return names;
}

Problem make_problem(const Plan& plan) { return make_setting(plan).problem; }

Activation make_activation(const Plan& plan) {
  const ActivationPlan& activation = plan.activation;
  if (!activation.hermite.empty()) return activation_from_hermite_coefficients(activation.hermite);
  if (!activation.expression.empty())
    return activation_from_expression(activation.expression, activation.derivative);
  return activation_from_name(activation.name);
}

FirstLayerLaw first_layer(const Setting& setting, Regime regime) {
  return first_layer_law(regime, setting.problem, setting.gamma);
}

bool is_quadratic(const Plan& plan) {
  return plan.activation.name == "quadratic" && plan.activation.bias_scale == 0;
}

bool trains_quadratic(const Plan& plan) {
  const train::Options& options = plan.train.options;
  return is_quadratic(plan) && options.momentum == 0 && options.second_layer != train::SecondLayer::free;
}

bool has_limit(const Plan& plan, const Problem& problem, Regime regime) {
  if (regime == Regime::bayes) return true;
  const auto* target = std::get_if<PolynomialTarget>(&problem);
  if (target != nullptr && !target->is_quadratic()) return false;
  if (is_rf(regime)) return plan.activation.centred;
  if (!is_quadratic(plan)) return false;
  if (regime == Regime::nn) return target == nullptr || target->eigenvalues().minCoeff() >= 0;
  return target != nullptr || std::get<GaussianMixture>(problem).sigma_is_identity();
}

bool has_exact(const Plan& plan, Regime regime) { return regime != Regime::nn || is_quadratic(plan); }

std::vector<std::string> notes(const Plan& plan) {
  std::vector<std::string> sentences;
  const auto& regimes = plan.sweep.regimes;
  const auto& methods = plan.sweep.methods;
  const Setting setting = make_setting(plan);
  const auto* target = std::get_if<PolynomialTarget>(&setting.problem);
  const auto left_out = [&](Method method, Regime regime, std::string_view why) {
    sentences.push_back(fmt::format("{}: left out for {}, {}", to_string(method), to_string(regime), why));
  };
  for (const Regime regime : regimes) {
    if (contains(methods, Method::limit) && !has_limit(plan, setting.problem, regime)) {
      if (target != nullptr && !target->is_quadratic())
        left_out(Method::limit, regime, "whose limit is known for quadratic targets only");
      else if (is_rf(regime))
        left_out(Method::limit, regime, "whose limit is known for the centred activation only");
      else if (!is_quadratic(plan))
        left_out(Method::limit, regime, "whose limit is known for the quadratic activation only");
      else if (regime == Regime::nn)
        left_out(Method::limit, regime, "whose limit is known for positive semidefinite B only");
      else
        left_out(Method::limit, regime, "whose limit on mg is known for Sigma = I only");
    }
    if (contains(methods, Method::exact) && !has_exact(plan, regime))
      left_out(Method::exact, regime, "whose least risk is known for the quadratic activation only");
    if (regime == Regime::rf_aligned && target != nullptr && !target->is_quadratic())
      sentences.push_back(
          "RF(Gamma*): Gamma* = B / tr B is the best Gamma for the quadratic part of the target only");
    if (is_blind(regime, setting.activation, plan.activation.bias_scale, setting.problem))
      sentences.push_back(
          fmt::format("{}: blind to this target, R/R0 = 1: the Hermite coefficients of {} that would see it "
                      "vanish; activation.biases > 0 or another activation helps",
                      to_string(regime), setting.activation.name));
  }
  const train::Options& options = plan.train.options;
  if (contains(regimes, Regime::nn) && is_quadratic(plan) &&
      options.second_layer == train::SecondLayer::fixed && !can_fit(setting.problem, options))
    sentences.push_back(
        fmt::format("NN: a second layer fixed at {} can fit nothing of this problem, R/R0 = 1; the other "
                    "sign could",
                    options.second_layer_value));
  return sentences;
}

Setting make_setting(const Plan& plan) {
  const ProblemPlan& given = plan.problem;
  const std::uint64_t seed = plan.sweep.seed;
  Activation activation = make_activation(plan);
  if (given.model == "polynomial") {
    Matrix beta = given.matrix;
    if (beta.size() == 0) {
      beta = Matrix::Zero(given.d, PolynomialTarget::kMostDegree);
      for (const auto& [k, law] : given.hermite)
        beta.col(k - 1) = draw_spectrum(law, given.d, seed, static_cast<std::uint32_t>(k));
    }
    return {PolynomialTarget::from_hermite(beta), std::move(activation), given.gamma};
  }
  const Vector spectrum = given.matrix.size() > 0 ? Vector() : draw_spectrum(given.spectrum, given.d, seed);
  const Matrix rotation = given.haar_rotated ? haar_rotation(given.d, seed) : Matrix();
  if (given.model == "qf") {
    // Every route works in the eigenbasis of B, where Gamma has to follow.
    const auto in_basis = [&](const Matrix& basis) -> Matrix {
      if (given.gamma.size() == 0) return given.gamma;
      if (is_column(given.gamma)) return basis.transpose() * given.gamma.reshaped().asDiagonal() * basis;
      return basis.transpose() * given.gamma * basis;
    };
    if (given.matrix.size() > 0) {
      const Diagonalised diagonalised = diagonalise(given.matrix);
      return {diagonalised.target, std::move(activation), in_basis(diagonalised.basis)};
    }
    return {PolynomialTarget(spectrum), std::move(activation),
            given.haar_rotated ? in_basis(rotation) : given.gamma};
  }
  const auto whole = [](const Matrix& matrix) -> Matrix {
    return is_column(matrix) ? Matrix(matrix.reshaped().asDiagonal()) : matrix;
  };
  if (given.matrix.size() == 0 && !given.haar_rotated && (given.sigma.size() == 0 || is_column(given.sigma)))
    return {given.sigma.size() == 0 ? GaussianMixture(spectrum)
                                    : GaussianMixture(given.sigma.reshaped(), spectrum),
            std::move(activation), given.gamma};
  const Matrix sigma = given.sigma.size() == 0 ? Matrix::Identity(given.d, given.d) : whole(given.sigma);
  Matrix delta = given.matrix;
  if (given.haar_rotated) {
    delta = rotation * spectrum.asDiagonal() * rotation.transpose();
    delta = (delta + delta.transpose()).eval() / 2;
  } else if (delta.size() == 0) {
    delta = spectrum.asDiagonal();
  }
  return {GaussianMixture::from_matrices(sigma, delta), std::move(activation), given.gamma};
}

std::string to_toml(const Plan& plan) {
  const auto number_list = [](const auto& list) { return toml_list(list, toml_number); };
  const auto integer_list = [](const auto& list) {
    return toml_list(list, [](Index n) { return fmt::format("{}", n); });
  };
  std::string text;
  const auto line = [&text](std::string_view key, const std::string& value) {
    text += fmt::format("{} = {}\n", key, value);
  };
  const auto word = [&](std::string_view key, std::string_view value) { line(key, toml_text(value)); };
  const auto integer = [&](std::string_view key, std::int64_t value) { line(key, fmt::format("{}", value)); };

  word("name", plan.name);

  const ProblemPlan& problem = plan.problem;
  text += "\n[problem]\n";
  word("model", problem.model);
  integer("d", problem.d);
  const auto law_text = [&](const SpectrumLaw& law) {
    std::string inside = fmt::format("law = {}", toml_text(word_of(kLaws, law.kind)));
    if (law.kind == SpectrumLaw::Kind::choice) inside += ", values = " + number_list(law.values);
    if (law.kind == SpectrumLaw::Kind::power) inside += ", exponent = " + toml_number(law.exponent);
    if (law.kind == SpectrumLaw::Kind::low_rank) inside += fmt::format(", rank = {}", law.rank);
    inside +=
        ", scale = " + (law.scale_by_inverse_sqrt_d ? toml_text(kInverseSquareRoot) : toml_number(law.scale));
    return "{ " + inside + " }";
  };
  const auto matrix_text = [&](const Matrix& matrix) {
    if (is_column(matrix)) return number_list(matrix.reshaped());
    return toml_list(matrix.rowwise(), number_list);
  };
  if (problem.matrix.size() > 0)
    line(problem.model == "polynomial" ? "coefficients" : "matrix", matrix_text(problem.matrix));
  else if (problem.model == "polynomial")
    for (const auto& [k, law] : problem.hermite)
      line(kHermite[static_cast<std::size_t>(k - 1)], law_text(law));
  else if (problem.spectrum.kind == SpectrumLaw::Kind::explicit_)
    line("eigenvalues", number_list(problem.spectrum.values));
  else
    line("spectrum", law_text(problem.spectrum));
  if (problem.haar_rotated) word("rotation", "haar");
  if (problem.sigma.size() > 0) line("sigma", matrix_text(problem.sigma));
  if (problem.gamma.size() > 0) line("gamma", matrix_text(problem.gamma));
  if (problem.label_noise > 0) line("label_noise", toml_number(problem.label_noise));

  const SweepPlan& sweep = plan.sweep;
  text += "\n[sweep]\n";
  line("regimes", toml_list(sweep.regimes, [](Regime regime) { return toml_text(to_string(regime)); }));
  line("neurons", integer_list(sweep.neurons));
  line("methods", toml_list(sweep.methods, [](Method method) { return toml_text(to_string(method)); }));
  integer("draws", sweep.draws);
  integer("seed", static_cast<std::int64_t>(sweep.seed));
  if (sweep.equal_parameters) line("equal_parameters", "true");

  const ActivationPlan& activation = plan.activation;
  text += "\n[activation]\n";
  if (!activation.name.empty()) word("name", activation.name);
  if (!activation.expression.empty()) word("expression", activation.expression);
  if (!activation.derivative.empty()) word("derivative", activation.derivative);
  if (!activation.hermite.empty()) line("hermite", number_list(activation.hermite));
  line("biases", toml_number(activation.bias_scale));
  line("centred", activation.centred ? "true" : "false");

  const train::Options& options = plan.train.options;
  text += "\n[train]\n";
  integer("steps", options.steps);
  integer("batch", options.batch);
  if (!plan.train.step_sizes.empty()) line("step_sizes", number_list(plan.train.step_sizes));
  integer("draws", plan.train.draws);
  word("schedule", word_of(kSchedules, options.schedule));
  word("parameterisation", word_of(kParameterisations, options.parameterisation));
  word("second_layer", word_of(kSecondLayers, options.second_layer));
  if (options.second_layer == train::SecondLayer::fixed)
    line("second_layer_value", toml_number(options.second_layer_value));
  word("biases", word_of(kBiases, options.train_biases));
  line("momentum", toml_number(options.momentum));
  if (options.parameterisation == train::Parameterisation::mean_field) {
    line("alpha", toml_number(options.alpha));
    line("beta", toml_number(options.beta));
  }
  word("precision", word_of(kPrecisions, options.precision));
  word("reduction", word_of(kReductions, options.reduction));
  word("search", word_of(kSearches, plan.train.search));
  word("share_samples", word_of(kSharing, plan.train.share_between_widths));
  integer("records", options.records);
  integer("test_samples", options.test_samples);

  text += "\n[fit]\n";
  integer("samples", plan.fit.samples);
  line("ridge", toml_number(plan.fit.ridge));
  word("precision", word_of(kFitPrecisions, plan.fit.precision));
  if (plan.fit.draws > 0) integer("draws", plan.fit.draws);
  integer("test_samples", plan.fit.test_samples);
  if (!plan.fit.regimes.empty())
    line("regimes", toml_list(plan.fit.regimes, [](Regime r) { return toml_text(to_string(r)); }));

  text += "\n[figure]\n";
  word("frame", plan.figure.frame);
  word("title", plan.figure.title);
  return text;
}

}  // namespace lazygap::experiment
