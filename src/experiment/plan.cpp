#include "lazygap/experiment/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>
#include <type_traits>

#include "experiment/built_in_plans.h"
#include "experiment/plan_document.h"
#include "lazygap/core/error.h"

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
const Words<train::Parameterisation> kParameterisations{{"unit", train::Parameterisation::unit},
                                                        {"mean-field", train::Parameterisation::mean_field}};
const Words<train::SecondLayer> kSecondLayers{{"fixed", train::SecondLayer::fixed},
                                              {"shared", train::SecondLayer::shared}};
const Words<train::Schedule> kSchedules{{"constant", train::Schedule::constant},
                                        {"tail-drop", train::Schedule::tail_drop}};
const Words<train::Precision> kPrecisions{{"fp32", train::Precision::fp32}, {"fp64", train::Precision::fp64}};
const Words<train::Reduction> kReductions{{"automatic", train::Reduction::automatic},
                                          {"none", train::Reduction::none}};
const Words<std::string> kModels{{"qf", "qf"}, {"mg", "mg"}};
const Words<std::string> kActivations{{"quadratic", "quadratic"}};
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

const std::vector<std::string_view> kSweepKeys{"regimes", "neurons", "methods", "draws", "seed"};

/// An inline table { law = "...", ... }; a key that the law does not read is refused.
void read_spectrum(const PlanTable& problem, SpectrumLaw& law) {
  const PlanTable table = problem.table("spectrum", {"law", "values", "scale", "exponent", "rank"});
  table.require("law");
  table.word("law", law.kind, kLaws);
  const auto only_for = [&](std::string_view key, SpectrumLaw::Kind kind) {
    const bool needed = law.kind == kind;
    if (needed && key != "exponent") table.require(key);
    if (!needed && table.has(key))
      table.complain(key, fmt::format("belongs to law = \"{}\", but law is \"{}\"", word_of(kLaws, kind),
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

void read_problem(const PlanTable& root, const PlanDocument& document, Plan& plan) {
  ProblemPlan& problem = plan.problem;
  const PlanTable table =
      root.table("problem", {"model", "d", "spectrum", "eigenvalues", "file", "sigma", "gamma"});
  table.require("model");
  table.word("model", problem.model, kModels);

  // Three ways to say the same thing. One on the command line replaces the plan's; two side by side
  // contradict.
  std::vector<std::string_view> sources, overridden;
  for (const std::string_view key : {"spectrum", "eigenvalues", "file"}) {
    if (!table.has(key)) continue;
    sources.push_back(key);
    if (document.is_overridden(fmt::format("problem.{}", key))) overridden.push_back(key);
  }
  if (!overridden.empty()) sources = overridden;
  if (sources.empty())
    table.complain("spectrum", "is missing; one of spectrum, eigenvalues and file is needed");
  if (sources.size() > 1)
    table.complain(sources[1],
                   fmt::format("is given beside problem.{}, but only one of spectrum, eigenvalues and file "
                               "can be",
                               sources[0]));
  const std::string_view source = sources[0];
  if (source == "spectrum") {
    table.require("d");
    table.integer("d", problem.d, 1, kMostNeurons);
    read_spectrum(table, problem.spectrum);
  } else {
    problem.spectrum.kind = SpectrumLaw::Kind::explicit_;
    if (source == "file")
      table.numbers_in_file(source, problem.spectrum.values);
    else
      table.numbers(source, problem.spectrum.values);
    problem.d = static_cast<Index>(problem.spectrum.values.size());
    std::int64_t d = problem.d;
    table.integer("d", d, 1, kMostNeurons);
    if (d != problem.d)
      table.refuse("d",
                   fmt::format("{}, the number of entries of problem.{}, or left out", problem.d, source));
  }

  const auto diagonal = [&](std::string_view key, std::vector<double>& out) {
    if (table.numbers_or_file(key, out) && static_cast<Index>(out.size()) != problem.d)
      table.complain(key, fmt::format("has {} entries, but must have d = {}", out.size(), problem.d));
  };
  diagonal("sigma", problem.sigma);
  diagonal("gamma", problem.gamma);
  if (problem.model != "mg" && table.has("sigma"))
    table.complain("sigma", "belongs to model = \"mg\", but model is \"qf\"");

  try {
    static_cast<void>(make_problem(plan));
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
}

void read_train(const PlanTable& root, const ProblemPlan& problem, TrainPlan& plan) {
  const PlanTable table = root.table(
      "train", {"steps", "batch", "step_sizes", "draws", "schedule", "parameterisation", "second_layer",
                "second_layer_value", "alpha", "beta", "precision", "reduction", "records", "test_samples"});
  train::Options& options = plan.options;
  options.steps = problem.model == "qf" ? kPaperStepsQf : kPaperStepsMg;
  table.integer("steps", options.steps, 1, kMostSteps);
  table.integer("batch", options.batch, 1, kMostBatch);
  table.increasing_positive_numbers("step_sizes", plan.step_sizes);
  table.integer("draws", plan.draws, 1, kMostDraws);
  table.word("schedule", options.schedule, kSchedules);
  table.word("parameterisation", options.parameterisation, kParameterisations);
  const bool unit = options.parameterisation == train::Parameterisation::unit;
  options.second_layer = unit ? train::SecondLayer::fixed : train::SecondLayer::shared;
  table.word("second_layer", options.second_layer, kSecondLayers);
  const bool fixed = options.second_layer == train::SecondLayer::fixed;
  if (unit && !fixed)
    table.complain("second_layer",
                   "is \"shared\", but parameterisation = \"unit\" has a fixed second layer: \"fixed\", or "
                   "parameterisation = \"mean-field\", is needed");
  table.number("second_layer_value", options.second_layer_value);
  if (table.has("second_layer_value") && !fixed)
    table.complain("second_layer_value",
                   "belongs to second_layer = \"fixed\", but second_layer is \"shared\"");
  if (options.second_layer_value == 0) table.refuse("second_layer_value", "different from 0");
  for (const std::string_view key : {"alpha", "beta"})
    if (unit && table.has(key))
      table.complain(key, "belongs to parameterisation = \"mean-field\", but parameterisation is \"unit\"");
  table.positive_number("alpha", options.alpha);
  table.positive_number("beta", options.beta);
  table.word("precision", options.precision, kPrecisions);
  table.word("reduction", options.reduction, kReductions);
  table.integer("records", options.records, 2, 100'000);
  table.integer("test_samples", options.test_samples, 0, 1'000'000'000);
  if (options.test_samples == 1)
    table.refuse("test_samples", "0 (none) or at least 2: one sample has no standard error");
}

void read_fit(const PlanTable& root, FitPlan& fit) {
  const PlanTable table = root.table("fit", {"samples", "ridge", "draws", "test_samples"});
  table.integer("samples", fit.samples, 1, kMostSamples);
  table.nonnegative_number("ridge", fit.ridge);
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
  const Problem problem = make_problem(plan);
  if (plan.problem.model != "mg" && contains(regimes, Regime::bayes))
    sweep.complain("regimes", "contains Bayes, but the Bayes risk belongs to model = \"mg\"; on qf it is 0");
  if (contains(regimes, Regime::rf) && plan.problem.gamma.empty())
    sweep.complain("regimes",
                   "contains RF, which needs problem.gamma, the eigenvalues of Gamma; without it use RF(I)");
  for (const Regime regime : regimes) try {
      const Vector gamma =
          Eigen::Map<const Vector>(plan.problem.gamma.data(), static_cast<Index>(plan.problem.gamma.size()));
      static_cast<void>(first_layer_law(regime, problem, gamma));
    } catch (const UsageError& error) {
      sweep.complain("regimes", fmt::format("contains {}, which is impossible here: {}", to_string(regime),
                                            error.what()));
    }

  const bool any_rf = std::any_of(regimes.begin(), regimes.end(), is_rf);
  const bool any_trained = contains(regimes, Regime::nt) || contains(regimes, Regime::nn);
  const auto& methods = plan.sweep.methods;
  if (contains(methods, Method::limit) &&
      std::none_of(regimes.begin(), regimes.end(), [&](Regime regime) { return has_limit(problem, regime); }))
    sweep.complain(
        "methods",
        "contains limit, but no limit is known for any of sweep.regimes here: NN on qf needs a positive "
        "semidefinite B, NT on mg needs Sigma = I");
  if (contains(methods, Method::fit) && !any_rf)
    sweep.complain(
        "methods",
        "contains fit, but sweep.regimes names none of RF(I), RF(Gamma*) and RF, which are fitted");
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
  root.table("activation", {"name"}).word("name", plan.activation, kActivations);
  read_train(root, plan.problem, plan.train);
  read_fit(root, plan.fit);
  const PlanTable figure = root.table("figure", {"frame", "title"});
  figure.word("frame", plan.figure.frame, kFrames);
  figure.text("title", plan.figure.title);
  check_combinations(root, plan);
  return plan;
}

/// Whether a fixed second layer has the sign of some eigenvalue: of B on qf, of -Delta on mg, where the class
/// y = +1 is the narrower one.
bool can_fit(const Problem& problem, const train::Options& options) {
  const auto* qf = std::get_if<PolynomialTarget>(&problem);
  const Vector signs =
      qf != nullptr ? qf->eigenvalues() : Vector(-std::get<GaussianMixture>(problem).delta());
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

Problem make_problem(const Plan& plan) {
  const ProblemPlan& problem = plan.problem;
  const Vector spectrum = draw_spectrum(problem.spectrum, problem.d, plan.sweep.seed);
  if (problem.model == "qf") return PolynomialTarget(spectrum);
  if (problem.sigma.empty()) return GaussianMixture(spectrum);
  return GaussianMixture(
      Eigen::Map<const Vector>(problem.sigma.data(), static_cast<Index>(problem.sigma.size())), spectrum);
}

bool has_limit(const Problem& problem, Regime regime) {
  if (const auto* qf = std::get_if<PolynomialTarget>(&problem))
    return regime != Regime::nn || qf->eigenvalues().minCoeff() >= 0;
  return regime != Regime::nt || std::get<GaussianMixture>(problem).sigma().isOnes(0);
}

std::vector<std::string> notes(const Plan& plan) {
  std::vector<std::string> sentences;
  const auto& regimes = plan.sweep.regimes;
  const Problem problem = make_problem(plan);
  if (contains(plan.sweep.methods, Method::limit))
    for (const Regime regime : regimes)
      if (!has_limit(problem, regime))
        sentences.push_back(
            regime == Regime::nn
                ? "limit: left out for NN, whose limit is known for positive semidefinite B only"
                : "limit: left out for NT, whose limit on mg is known for Sigma = I only");
  const train::Options& options = plan.train.options;
  if (contains(regimes, Regime::nn) && options.second_layer == train::SecondLayer::fixed &&
      !can_fit(problem, options))
    sentences.push_back(
        fmt::format("NN: a second layer fixed at {} can fit nothing of this problem, R/R0 = 1; the other "
                    "sign could",
                    options.second_layer_value));
  return sentences;
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
  const SpectrumLaw& law = problem.spectrum;
  if (law.kind == SpectrumLaw::Kind::explicit_) {
    line("eigenvalues", number_list(law.values));
  } else {
    std::string inside = fmt::format("law = {}", toml_text(word_of(kLaws, law.kind)));
    if (law.kind == SpectrumLaw::Kind::choice) inside += ", values = " + number_list(law.values);
    if (law.kind == SpectrumLaw::Kind::power) inside += ", exponent = " + toml_number(law.exponent);
    if (law.kind == SpectrumLaw::Kind::low_rank) inside += fmt::format(", rank = {}", law.rank);
    inside +=
        ", scale = " + (law.scale_by_inverse_sqrt_d ? toml_text(kInverseSquareRoot) : toml_number(law.scale));
    line("spectrum", "{ " + inside + " }");
  }
  if (!problem.sigma.empty()) line("sigma", number_list(problem.sigma));
  if (!problem.gamma.empty()) line("gamma", number_list(problem.gamma));

  const SweepPlan& sweep = plan.sweep;
  text += "\n[sweep]\n";
  line("regimes", toml_list(sweep.regimes, [](Regime regime) { return toml_text(to_string(regime)); }));
  line("neurons", integer_list(sweep.neurons));
  line("methods", toml_list(sweep.methods, [](Method method) { return toml_text(to_string(method)); }));
  integer("draws", sweep.draws);
  integer("seed", static_cast<std::int64_t>(sweep.seed));

  text += "\n[activation]\n";
  word("name", plan.activation);

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
  if (options.parameterisation == train::Parameterisation::mean_field) {
    line("alpha", toml_number(options.alpha));
    line("beta", toml_number(options.beta));
  }
  word("precision", word_of(kPrecisions, options.precision));
  word("reduction", word_of(kReductions, options.reduction));
  integer("records", options.records);
  integer("test_samples", options.test_samples);

  text += "\n[fit]\n";
  integer("samples", plan.fit.samples);
  line("ridge", toml_number(plan.fit.ridge));
  if (plan.fit.draws > 0) integer("draws", plan.fit.draws);
  integer("test_samples", plan.fit.test_samples);

  text += "\n[figure]\n";
  word("frame", plan.figure.frame);
  word("title", plan.figure.title);
  return text;
}

}  // namespace lazygap::experiment
