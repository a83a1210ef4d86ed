#include "lazygap/experiment/plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "experiment/small_plan.h"
#include "lazygap/core/error.h"

namespace lazygap::experiment {
namespace {

/// The sentence of the UsageError (or FileError) of loading `text` as plan.toml; the folder is cut out of it.
template <class Error = UsageError>
std::string refusal(const std::string& text, const Overrides& overrides = {}) {
  const TemporaryFolder folder;
  const std::string prefix = (folder / "").string();
  try {
    static_cast<void>(load_plan(folder.write("plan.toml", text).string(), overrides));
  } catch (const Error& error) {
    std::string message = error.what();
    for (std::size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
    return message;
  }
  ADD_FAILURE() << "accepted:\n" << text;
  return {};
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

/// Every key, in a plan that is accepted.
constexpr const char* kFullPlan = R"plan(name = "full"

[problem]
model = "mg"
d = 4
spectrum = { law = "choice", values = [0.1, 0.2], scale = 0.5 }
sigma = [1, 1, 1, 1]
gamma = [1, 2, 3, 4]
rotation = "none"
label_noise = 0.5

[sweep]
regimes = ["RF(I)", "RF", "NT", "NN", "Bayes"]
neurons = [1, 2, 8]
methods = ["limit", "exact", "train", "fit"]
draws = 2
seed = 3
equal_parameters = true

[activation]
name = "quadratic"
biases = 0.5
centred = true

[train]
steps = 100
batch = 5
step_sizes = [0.001, 0.01]
draws = 2
schedule = "constant"
parameterisation = "mean-field"
second_layer = "fixed"
second_layer_value = -1.5
biases = "trained"
momentum = 0.9
alpha = 2
beta = 3
precision = "fp64"
reduction = "none"
records = 4
test_samples = 50

[fit]
samples = 60
ridge = 0.25
precision = "fp64"
draws = 3
test_samples = 70

[figure]
frame = "right"
title = "A \"title\" with \\ and a\ttab"
)plan";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Plan, ReadsEveryKey) {
  const TemporaryFolder folder;
  const Plan plan = load_plan(folder.write("plan.toml", kFullPlan).string());
  EXPECT_EQ(plan.name, "full");
  EXPECT_EQ(plan.source, (folder / "plan.toml").string());
  EXPECT_EQ(plan.problem.model, "mg");
  EXPECT_EQ(plan.problem.d, 4);
  EXPECT_EQ(plan.problem.spectrum.kind, SpectrumLaw::Kind::choice);
  EXPECT_EQ(plan.problem.spectrum.values, (std::vector<double>{0.1, 0.2}));
  EXPECT_EQ(plan.problem.spectrum.scale, 0.5);
  EXPECT_FALSE(plan.problem.spectrum.scale_by_inverse_sqrt_d);
  EXPECT_EQ(plan.problem.sigma, Matrix(Vector::Ones(4)));
  EXPECT_EQ(plan.problem.gamma, Matrix(Vector{{1, 2, 3, 4}}));
  EXPECT_FALSE(plan.problem.haar_rotated);
  EXPECT_EQ(plan.problem.label_noise, 0.5);
  EXPECT_EQ(plan.sweep.regimes,
            (std::vector<Regime>{Regime::rf_isotropic, Regime::rf, Regime::nt, Regime::nn, Regime::bayes}));
  EXPECT_EQ(plan.sweep.neurons, (std::vector<Index>{1, 2, 8}));
  EXPECT_EQ(plan.sweep.methods,
            (std::vector<Method>{Method::limit, Method::exact, Method::train, Method::fit}));
  EXPECT_EQ(plan.sweep.draws, 2);
  EXPECT_EQ(plan.sweep.seed, 3u);
  EXPECT_TRUE(plan.sweep.equal_parameters);
  EXPECT_EQ(plan.activation.name, "quadratic");
  EXPECT_EQ(plan.activation.bias_scale, 0.5);
  EXPECT_TRUE(plan.activation.centred);
  const train::Options& options = plan.train.options;
  EXPECT_EQ(options.steps, 100);
  EXPECT_EQ(options.batch, 5);
  EXPECT_EQ(plan.train.step_sizes, (std::vector<double>{0.001, 0.01}));
  EXPECT_EQ(plan.train.draws, 2);
  EXPECT_EQ(options.schedule, train::Schedule::constant);
  EXPECT_EQ(options.parameterisation, train::Parameterisation::mean_field);
  EXPECT_EQ(options.second_layer, train::SecondLayer::fixed);
  EXPECT_EQ(options.second_layer_value, -1.5);
  EXPECT_TRUE(options.train_biases);
  EXPECT_EQ(options.momentum, 0.9);
  EXPECT_EQ(options.alpha, 2);
  EXPECT_EQ(options.beta, 3);
  EXPECT_EQ(options.precision, train::Precision::fp64);
  EXPECT_EQ(options.reduction, train::Reduction::none);
  EXPECT_EQ(options.records, 4);
  EXPECT_EQ(options.test_samples, 50);
  EXPECT_EQ(plan.fit.samples, 60);
  EXPECT_EQ(plan.fit.ridge, 0.25);
  EXPECT_EQ(plan.fit.precision, fit::Precision::fp64);
  EXPECT_EQ(plan.fit.draws, 3);
  EXPECT_EQ(plan.fit.test_samples, 70);
  EXPECT_EQ(plan.fit.regimes, (std::vector<Regime>{Regime::rf_isotropic, Regime::rf}));
  EXPECT_EQ(plan.figure.frame, "right");
  EXPECT_EQ(plan.figure.title, "A \"title\" with \\ and a\ttab");
}

TEST(Plan, DefaultsAreThePapersProtocol) {
  const std::string text = R"plan(name = "short"
[problem]
model = "qf"
d = 450
spectrum = { law = "exponential" }
[sweep]
regimes = ["NN"]
neurons = [45]
methods = ["train"]
)plan";
  const TemporaryFolder folder;
  const Plan qf = load_plan(folder.write("qf.toml", text).string());
  EXPECT_EQ(qf.train.options.steps, 200000);
  EXPECT_EQ(qf.train.options.batch, 100);
  EXPECT_EQ(qf.train.options.test_samples, 10000);
  EXPECT_EQ(qf.train.options.parameterisation, train::Parameterisation::mean_field);
  EXPECT_EQ(qf.train.options.schedule, train::Schedule::tail_drop);
  EXPECT_TRUE(qf.train.step_sizes.empty());
  EXPECT_EQ(qf.fit.samples, 500000);
  EXPECT_EQ(qf.fit.precision, fit::Precision::fp32);
  EXPECT_EQ(qf.sweep.draws, 10);
  const Plan mg = load_plan(
      folder
          .write("mg.toml", replaced(replaced(text, "\"qf\"", "\"mg\""), "{ law = \"exponential\" }",
                                     "{ law = \"choice\", values = [1, 1.5, 2], scale = \"1/sqrt(d)\" }"))
          .string());
  EXPECT_EQ(mg.train.options.steps, 140000);
  EXPECT_TRUE(mg.problem.spectrum.scale_by_inverse_sqrt_d);
}

/// Same plan, same problem, same text.
void expect_round_trip(const Plan& plan) {
  const TemporaryFolder folder;
  const std::string text = to_toml(plan);
  const Plan again = load_plan(folder.write("again.toml", text).string());
  EXPECT_EQ(to_toml(again), text);
  EXPECT_EQ(again.sweep.neurons, plan.sweep.neurons);
  EXPECT_EQ(again.train.step_sizes, plan.train.step_sizes);
  const Problem a = make_problem(plan), b = make_problem(again);
  ASSERT_EQ(dimension(a), dimension(b));
  EXPECT_EQ(null_risk(a), null_risk(b));
  const Vector direction = Vector::LinSpaced(dimension(a), 1, 2);
  EXPECT_EQ(population_risk(a, direction.asDiagonal(), 0.5), population_risk(b, direction.asDiagonal(), 0.5));
}

TEST(Plan, ResolvedPlanReadsBackAsItself) {
  const TemporaryFolder folder;
  expect_round_trip(load_plan(folder.write("full.toml", kFullPlan).string()));
  expect_round_trip(small_plan());
  expect_round_trip(small_plan(
      {{"problem.eigenvalues", "[0.1, 0.30000000000000004, 1e-17, 12345678.9]"}, {"problem.d", "4"}}));
  for (const char* spectrum : {"{law = power, exponent = -0.5}", "{law = low_rank, rank = 3, scale = -2}",
                               "{law = identity}", "{law = choice, values = [1, 2], scale = 1/sqrt(d)}"})
    expect_round_trip(small_plan({{"problem.spectrum", spectrum}, {"sweep.regimes", "[RF(I), NT]"}}));
  expect_round_trip(small_plan({{"train.parameterisation", "unit"}, {"fit.draws", "2"}}));
  // The fields, not only the text.
  const Plan full = load_plan(folder.write("full.toml", kFullPlan).string());
  const Plan again = load_plan(folder.write("again.toml", to_toml(full)).string());
  EXPECT_EQ(again.figure.title, full.figure.title);
  EXPECT_EQ(again.problem.gamma, full.problem.gamma);
  EXPECT_EQ(again.train.options.second_layer_value, -1.5);
  EXPECT_EQ(again.fit.precision, fit::Precision::fp64);
}

TEST(Plan, BuiltInPlansLoadAndReadBack) {
  for (const std::string& name : built_in_plans()) {
    SCOPED_TRACE(name);
    const Plan plan = load_plan(name);
    EXPECT_EQ(plan.name, name);
    EXPECT_EQ(plan.source, "built-in");
    expect_round_trip(plan);
  }
}

/// A value that no key of that kind accepts.
struct Key {
  const char* table;
  const char* key;
  const char* wrong_type;
  const char* wrong_value;
  const char* accepted;  ///< part of both messages, unless it differs below
};

constexpr Key kKeys[] = {
    {"", "name", "3", "\"a/b\"", "must be"},
    {"problem", "model", "1", "\"mgm\"", "one of qf, mg, polynomial"},
    {"problem", "d", "4.0", "0", "an integer from 1 to"},
    {"problem", "spectrum", "\"choice\"", "{ law = \"chioce\" }", ""},
    {"problem", "sigma", "true", "[1, nan, 1, 1]", ""},
    {"problem", "gamma", "{ a = 1 }", "[1, inf, 1, 1]", ""},
    {"problem", "rotation", "true", "\"har\"", "one of none, haar"},
    {"problem", "label_noise", "\"1\"", "-1", "zero or a positive finite number"},
    {"sweep", "equal_parameters", "1", "\"yes\"", "true or false"},
    {"sweep", "regimes", "\"NN\"", "[\"NN\", \"RF(J)\"]", ""},
    {"sweep", "neurons", "8", "[1, 0]", ""},
    {"sweep", "methods", "\"limit\"", "[\"limits\"]", ""},
    {"sweep", "draws", "\"2\"", "0", "an integer from 1 to"},
    {"sweep", "seed", "1.5", "-1", "an integer from 0 to"},
    {"activation", "name", "2", "\"reluu\"", ""},
    {"activation", "biases", "true", "-0.5", "zero or a positive finite number"},
    {"activation", "centred", "1", "\"no\"", "true or false"},
    {"train", "steps", "1e5", "0", "an integer from 1 to"},
    {"train", "batch", "[5]", "-5", "an integer from 1 to"},
    {"train", "step_sizes", "0.01", "[0.01, -0.02]", "positive"},
    {"train", "draws", "false", "0", "an integer from 1 to"},
    {"train", "schedule", "1", "\"tail drop\"", "one of constant, tail-drop"},
    {"train", "parameterisation", "1", "\"ntk\"", "one of unit, mean-field"},
    {"train", "second_layer", "1", "\"frozen\"", "one of fixed, shared, free"},
    {"train", "biases", "1", "\"train\"", "one of fixed, trained"},
    {"train", "momentum", "\"0.9\"", "1", ""},
    {"train", "second_layer_value", "\"1\"", "nan", "a finite number"},
    {"train", "alpha", "\"1\"", "0", "a positive finite number"},
    {"train", "beta", "\"1\"", "inf", "a positive finite number"},
    {"train", "precision", "32", "\"fp16\"", "one of fp32, fp64, bf16"},
    {"train", "reduction", "true", "\"lq\"", "one of automatic, none"},
    {"train", "records", "\"4\"", "1", "an integer from 2 to"},
    {"train", "test_samples", "1e4", "-1", "an integer from 0 to"},
    {"fit", "samples", "5e5", "0", "an integer from 1 to"},
    {"fit", "ridge", "\"0\"", "-0.5", "zero or a positive finite number"},
    {"fit", "precision", "64", "\"bf16\"", "one of fp32, fp64"},
    {"fit", "draws", "1.0", "0", "an integer from 1 to"},
    {"fit", "test_samples", "true", "1", ""},
    {"figure", "frame", "1", "\"middle\"", "one of left, right"},
    {"figure", "title", "1", "", "text in quotes"},
};

/// kFullPlan with the line of the key replaced; the line's number goes to `line`.
std::string with_line(const Key& key, const std::string& new_key, const std::string& value, int& line) {
  std::istringstream stream(kFullPlan);
  std::string text, table;
  line = 0;
  for (std::string row; std::getline(stream, row);) {
    if (row.starts_with("[")) table = row.substr(1, row.size() - 2);
    if (line == 0) {
      const bool here = table == key.table && row.starts_with(std::string(key.key) + " =");
      if (here) {
        const std::string old = row.substr(row.find('=') + 2);
        row = fmt::format("{} = {}", new_key, value.empty() ? old : value);
        line = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
      }
    }
    text += row + "\n";
  }
  EXPECT_GT(line, 0) << key.table << "." << key.key;
  return text;
}

std::string path_of(const Key& key) {
  return *key.table == '\0' ? key.key : fmt::format("{}.{}", key.table, key.key);
}

TEST(Plan, EveryKeyRefusesAWrongTypeWithItsPlace) {
  for (const Key& key : kKeys) {
    int line = 0;
    const std::string message = refusal(with_line(key, key.key, key.wrong_type, line));
    SCOPED_TRACE(message);
    EXPECT_TRUE(message.starts_with(fmt::format("plan.toml:{}: {}", line, path_of(key))));
    expect_contains(message, "must be");
    expect_contains(message, key.accepted);
  }
}

TEST(Plan, EveryKeyRefusesAWrongValueWithItsPlace) {
  for (const Key& key : kKeys) {
    if (*key.wrong_value == '\0') continue;  // any text will do
    int line = 0;
    const std::string message = refusal(with_line(key, key.key, key.wrong_value, line));
    SCOPED_TRACE(message);
    EXPECT_TRUE(message.starts_with(fmt::format("plan.toml:{}: {}", line, path_of(key))));
    expect_contains(message, "must be");
    expect_contains(message, key.accepted);
  }
}

TEST(Plan, EveryMisspeltKeyIsRefusedWithTheNearestOne) {
  for (const Key& key : kKeys) {
    int line = 0;
    const std::string misspelt = key.key + std::string("e");
    const std::string message = refusal(with_line(key, misspelt, "", line));
    SCOPED_TRACE(message);
    Key wrong = key;
    wrong.key = misspelt.c_str();
    EXPECT_TRUE(message.starts_with(fmt::format("plan.toml:{}: unknown key \"{}\"", line, path_of(wrong))));
    // "d" with an "e" is as near to other short words; the list of accepted keys follows in any case.
    if (std::string(key.key) != "d") expect_contains(message, fmt::format("did you mean \"{}\"?", key.key));
    expect_contains(message, "accepted");
  }
}

TEST(Plan, MisspeltTablesAreRefused) {
  for (const char* table : {"problem", "sweep", "activation", "train", "fit", "figure"}) {
    const std::string message =
        refusal(replaced(kFullPlan, fmt::format("[{}]", table), fmt::format("[{}s]", table)));
    expect_contains(message, fmt::format("unknown key \"{}s\"; did you mean \"{}\"?", table, table));
  }
}

TEST(Plan, MissingKeysAreNamed) {
  for (const Key& key : kKeys) {
    const std::string path = path_of(key);
    const bool needed = path == "name" || path == "problem.model" || path == "problem.d" ||
                        path == "problem.spectrum" || path == "sweep.regimes" || path == "sweep.neurons" ||
                        path == "sweep.methods";
    if (!needed) continue;
    int line = 0;
    // A comment in its place.
    std::string text = with_line(key, fmt::format("# {}", key.key), "", line);
    const std::string message = refusal(text);
    SCOPED_TRACE(message);
    expect_contains(message, path + " is missing");
    EXPECT_TRUE(message.starts_with("plan.toml"));
  }
}

struct Case {
  const char* from;
  const char* to;
  const char* message;
};

/// One line of kFullPlan changed, and the sentence that follows.
constexpr Case kImpossible[] = {
    {"d = 4\n", "d = -3\n", "plan.toml:5: problem.d is -3, but must be an integer from 1 to 10000000"},
    {"name = \"full\"", "name = \"\"", "plan.toml:1: name is \"\", but must be 1 to 100 letters"},
    {"name = \"full\"", "name = \"..\"", "not starting with '.'"},
    {"neurons = [1, 2, 8]", "neurons = []",
     "plan.toml:14: sweep.neurons is an empty list, but must be a list of integers, with at least one entry"},
    {"neurons = [1, 2, 8]", "neurons = [1, 8, 2]",
     "plan.toml:14: sweep.neurons[2] is 2, but must be larger than the entry before it, 8: the list must "
     "increase"},
    {"neurons = [1, 2, 8]", "neurons = [1, 2, 2]",
     "sweep.neurons[2] is 2, but must be larger than the entry before it, 2"},
    {"neurons = [1, 2, 8]", "neurons = [1, 2.5]",
     "sweep.neurons[1] is 2.5, but must be an integer from 1 to"},
    {"neurons = [1, 2, 8]", "neurons = [\n1,\n\"2\"]",
     "plan.toml:16: sweep.neurons[1] is \"2\", but must be an integer"},
    {"regimes = [\"RF(I)\",", "regimes = [\"RF(I)\", \"RF(I)\",",
     "plan.toml:13: sweep.regimes[1] is \"RF(I)\", but must be named once"},
    {"regimes = [\"RF(I)\", \"RF\"", "regimes = [\"rf(i)\", \"RF\"",
     "sweep.regimes[0] is \"rf(i)\", but must be one of RF(I), RF(Gamma*), RF, NT, NT(I), NN, Bayes"},
    {"methods = [\"limit\"", "methods = [\"limti\"",
     "but must be one of limit, exact, train, fit, flow; did you mean \"limit\"?"},
    {"methods = [\"limit\"", "methods = [\"exact\"", "sweep.methods[1] is \"exact\", but must be named once"},
    {"step_sizes = [0.001, 0.01]", "step_sizes = [0.01, 0.001]",
     "train.step_sizes[1] is 0.001, but must be larger than the entry before it, 0.01"},
    {"step_sizes = [0.001, 0.01]", "step_sizes = [nan]",
     "train.step_sizes[0] is nan, but must be a positive finite number"},
    {"sigma = [1, 1, 1, 1]", "sigma = [1, 1, 1]",
     "plan.toml:7: problem.sigma has 3 entries, but must have d = 4"},
    {"gamma = [1, 2, 3, 4]", "gamma = [1]", "plan.toml:8: problem.gamma has 1 entries, but must have d = 4"},
    {"gamma = [1, 2, 3, 4]", "gamma = [1, 2, -3, 4]", "gamma[2] is -3, but must be zero or positive"},
    {"gamma = [1, 2, 3, 4]", "gamma = [0, 0, 0, 0]", "the trace of Gamma"},
    {"gamma = [1, 2, 3, 4]\n", "", "contains RF, which needs problem.gamma"},
    {"values = [0.1, 0.2]", "values = [1, nan]",
     "plan.toml:6: problem.spectrum.values[1] is nan, but must be a finite number"},
    {"values = [0.1, 0.2]", "values = [3, 4]",
     "plan.toml:6: problem.spectrum cannot be used: GaussianMixture: the class covariances Sigma - Delta and "
     "Sigma + Delta must be positive definite"},
    {"values = [0.1, 0.2]", "values = [0]", "delta is all 0"},
    {", values = [0.1, 0.2]", "", "plan.toml:6: problem.spectrum.values is missing"},
    {"values = [0.1, 0.2], scale = 0.5", "values = [0.1], exponent = 2",
     "problem.spectrum.exponent belongs to law = \"power\", but law is \"choice\""},
    {"scale = 0.5", "scale = \"1/d\"",
     "problem.spectrum.scale is \"1/d\", but must be a finite number other than 0, or \"1/sqrt(d)\""},
    {"scale = 0.5", "scale = 0", "problem.spectrum.scale is 0, but must be a finite number other than 0"},
    {"scale = 0.5", "scale = true",
     "problem.spectrum.scale is true, but must be a finite number other than 0, or \"1/sqrt(d)\""},
    {"scale = 0.5", "scale = 0.5, sclae = 1",
     "unknown key \"problem.spectrum.sclae\"; did you mean \"scale\"?"},
    {"law = \"choice\", values = [0.1, 0.2]", "law = \"low_rank\", rank = 5",
     "rank is 5, but must be from 1 to d = 4"},
    {"law = \"choice\", values = [0.1, 0.2]", "law = \"low_rank\"", "problem.spectrum.rank is missing"},
    {"law = \"choice\", values = [0.1, 0.2], ", "", "problem.spectrum.law is missing"},
    {"gamma = [1, 2, 3, 4]\n", "gamma = [1, 2, 3, 4]\neigenvalues = [1, 2, 3, 4]\n",
     "plan.toml:9: problem.eigenvalues is given beside problem.spectrum"},
    {"model = \"mg\"", "model = \"qf\"",
     "plan.toml:7: problem.sigma belongs to model = \"mg\", but model is \"qf\""},
    {"parameterisation = \"mean-field\"\nsecond_layer = \"fixed\"\nsecond_layer_value = -1.5\n",
     "parameterisation = \"unit\"\nsecond_layer = \"shared\"\n",
     "train.second_layer is \"shared\", but parameterisation = \"unit\" has a fixed second layer"},
    {"parameterisation = \"mean-field\"", "parameterisation = \"unit\"",
     "train.alpha belongs to parameterisation = \"mean-field\""},
    {"second_layer = \"fixed\"", "second_layer = \"shared\"",
     "train.second_layer_value belongs to second_layer = \"fixed\""},
    {"second_layer_value = -1.5", "second_layer_value = 0",
     "train.second_layer_value is 0, but must be different from 0"},
    {"test_samples = 50", "test_samples = 1", "train.test_samples is 1, but must be 0 (none) or at least 2"},
    {"regimes = [\"RF(I)\", \"RF\", \"NT\", \"NN\", \"Bayes\"]", "regimes = [\"NN\"]",
     "sweep.methods contains limit, but no limit is known for any of sweep.regimes here"},
    {"regimes = [\"RF(I)\", \"RF\", \"NT\", \"NN\", \"Bayes\"]", "regimes = [\"RF(I)\"]",
     "sweep.methods contains train, but sweep.regimes names neither NT nor NN"},
    {"methods = [\"limit\", \"exact\", \"train\", \"fit\"]", "methods = [\"limit\"]",
     "figure.frame = \"right\" shows risks along training"},
    {"[sweep]", "[sweep", "plan.toml:12: not TOML"},
    {"draws = 2\nseed", "draws = 2\ndraws = 3\nseed", "plan.toml:17: not TOML"},
};

TEST(Plan, ImpossibleValuesAreRefusedInAClearSentence) {
  for (const Case& c : kImpossible) {
    SCOPED_TRACE(std::string(c.from) + " -> " + c.to);
    expect_contains(refusal(replaced(kFullPlan, c.from, c.to)), c.message);
  }
}

TEST(Plan, PolynomialTargetsHaveTheirOwnRefusals) {
  const auto message = [](const Overrides& overrides) { return refusal(kSmallPlan, overrides); };
  expect_contains(
      message({{"sweep.regimes", "[Bayes]"}, {"sweep.methods", "[exact]"}}),
      "--set sweep.regimes: sweep.regimes contains Bayes, but the Bayes risk belongs to model = \"mg\"");
  expect_contains(message({{"problem.eigenvalues", "[1, -1]"}, {"problem.d", "2"}}),
                  "sweep.regimes contains RF(Gamma*), which is impossible here");
  expect_contains(message({{"problem.eigenvalues", "[1, inf]"}, {"problem.d", "2"}}),
                  "--set problem.eigenvalues: problem.eigenvalues[1] is inf, but must be a finite number");
  expect_contains(message({{"problem.eigenvalues", "[0, 0]"}, {"problem.d", "2"}}), "eigenvalues are all 0");
  expect_contains(
      message({{"problem.eigenvalues", "[1, 2]"}}),
      "problem.d is 12, but must be 2, the number of entries of problem.eigenvalues, or left out");
  expect_contains(message({{"problem.spectrum", "{law = power, exponent = -1e6}"}}), "must be finite");
  // NN has a limit for B >= 0 only, and here it is all that is asked for.
  expect_contains(message({{"problem.eigenvalues", "[1, -1]"},
                           {"problem.d", "2"},
                           {"sweep.regimes", "[NN]"},
                           {"sweep.methods", "[limit]"}}),
                  "contains limit, but no limit is known");
}

TEST(Plan, Bf16IsForQuadraticNn) {
  const auto message = [](Overrides overrides) {
    overrides.push_back({"train.precision", "bf16"});
    return refusal(kSmallPlan, overrides);
  };
  constexpr auto kWrongNetwork =
      "--set train.precision: train.precision is \"bf16\", but that is for NN with the quadratic activation";
  expect_contains(message({{"train.momentum", "0.5"}}), kWrongNetwork);
  expect_contains(message({{"activation.name", "relu"}, {"sweep.methods", "[train]"}}), kWrongNetwork);
  expect_contains(message({{"sweep.regimes", "[NT]"}, {"sweep.methods", "[train]"}}), kWrongNetwork);
  // On any processor: its results may come from another one.
  hwy::SetSupportedTargetsForTest(HWY_AVX2);
  const Plan plan = small_plan({{"train.precision", "bf16"}});
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_EQ(plan.train.options.precision, train::Precision::bf16);
}

TEST(Plan, LimitsThatNobodyKnowsAreNoted) {
  const Plan indefinite =
      small_plan({{"problem.eigenvalues", "[1, -1]"}, {"problem.d", "2"}, {"sweep.regimes", "[RF(I), NN]"}});
  ASSERT_EQ(notes(indefinite).size(), 1u);
  expect_contains(notes(indefinite)[0], "left out for NN");
  EXPECT_TRUE(notes(small_plan()).empty());
}

TEST(Plan, ASecondLayerOfTheWrongSignIsNoted) {
  const Overrides mg{{"problem.model", "mg"},
                     {"problem.spectrum", "{law = choice, values = [0.1, 0.5]}"},
                     {"sweep.regimes", "[RF(I), NN]"},
                     {"train.parameterisation", "unit"}};
  Overrides negative = mg;
  negative.push_back({"train.second_layer_value", "-1"});
  ASSERT_EQ(notes(small_plan(mg)).size(), 1u);
  expect_contains(notes(small_plan(mg))[0], "a second layer fixed at 1 can fit nothing of this problem");
  EXPECT_TRUE(notes(small_plan(negative)).empty());
  EXPECT_TRUE(notes(small_plan({{"train.parameterisation", "unit"}})).empty());
}

TEST(Plan, OverridesAreTomlWithBareWordsAsText) {
  const Plan plan =
      small_plan({{"sweep.draws", "5"},
                  {"sweep.neurons", "[ 2, 4 ]"},
                  {"sweep.regimes", "[NT, \"NN\", RF(I)]"},
                  {"problem.spectrum", "{ law = choice, values = [1, 2.5], scale = 1/sqrt(d) }"},
                  {"train.schedule", "constant"},
                  {"figure.title", "\"two words\""},
                  {"activation.name", "quadratic"},
                  {"name", "other-name"}});
  EXPECT_EQ(plan.sweep.draws, 5);
  EXPECT_EQ(plan.sweep.neurons, (std::vector<Index>{2, 4}));
  EXPECT_EQ(plan.sweep.regimes, (std::vector<Regime>{Regime::nt, Regime::nn, Regime::rf_isotropic}));
  EXPECT_EQ(plan.problem.spectrum.values, (std::vector<double>{1, 2.5}));
  EXPECT_TRUE(plan.problem.spectrum.scale_by_inverse_sqrt_d);
  EXPECT_EQ(plan.train.options.schedule, train::Schedule::constant);
  EXPECT_EQ(plan.figure.title, "two words");
  EXPECT_EQ(plan.name, "other-name");
  // Inside a table that the plan has, and one source of the spectrum in place of another.
  EXPECT_EQ(small_plan({{"problem.spectrum.scale", "3"}}).problem.spectrum.scale, 3);
  EXPECT_EQ(small_plan({{"problem.eigenvalues", "[3, 2]"}, {"problem.d", "2"}}).problem.d, 2);
}

TEST(Plan, RefusedOverridesNameThemselves) {
  const auto message = [](const char* key, const char* value) { return refusal(kSmallPlan, {{key, value}}); };
  EXPECT_TRUE(message("sweep.draws", "x")
                  .starts_with("--set sweep.draws: sweep.draws is \"x\", but must be an integer"));
  EXPECT_TRUE(message("sweep.drows", "3")
                  .starts_with("--set sweep.drows: unknown key \"sweep.drows\"; did you mean \"draws\"?"));
  EXPECT_TRUE(message("swep.draws", "3")
                  .starts_with("--set swep.draws: unknown key \"swep\"; did you mean \"sweep\"?"));
  EXPECT_TRUE(message("sweep.neurons", "[3, 1]").starts_with("--set sweep.neurons: sweep.neurons[1] is 1"));
  EXPECT_TRUE(
      message("sweep.neurons", "[3,").starts_with("--set sweep.neurons: \"[3,\" is not a TOML value"));
  EXPECT_TRUE(message("sweep.draws", "").starts_with("--set sweep.draws: \"\" is not a TOML value"));
  EXPECT_TRUE(message("sweep.draws", "1\nx = 2")
                  .starts_with("--set sweep.draws: \"1\nx = 2\" is more than one value"));
  EXPECT_TRUE(message("sweep", "3").starts_with("--set sweep: sweep is 3, but must be a table"));
  EXPECT_TRUE(message("name.x", "3").starts_with("--set name.x: \"name\" is not a table in plan.toml"));
  EXPECT_TRUE(message("sweep.", "3").starts_with("--set sweep.: the key is empty"));
  EXPECT_TRUE(message("problem.spectrum.values", "[1]")
                  .starts_with("--set problem.spectrum.values: problem.spectrum.values belongs to"));
}

TEST(Plan, EigenvaluesComeFromAFileBesideThePlan) {
  const TemporaryFolder folder;
  folder.write("b.txt", "1, 2 3\n\n3.5e-1;4\r\n");
  std::string text = replaced(kSmallPlan, "spectrum = { law = \"exponential\" }", "file = \"b.txt\"");
  text = replaced(text, "d = 12\n", "");
  const Plan plan = load_plan(folder.write("plan.toml", text).string());
  EXPECT_EQ(plan.problem.d, 5);
  EXPECT_EQ(plan.problem.spectrum.values, (std::vector<double>{1, 2, 3, 0.35, 4}));
  expect_round_trip(plan);

  const auto message = [&](const char* contents) {
    folder.write("b.txt", contents);
    try {
      static_cast<void>(load_plan((folder / "plan.toml").string()));
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  expect_contains(message("1\n2, x3\n"), "b.txt:2: \"x3\" is not a finite number");
  expect_contains(message("1\nnan\n"), "b.txt:2: \"nan\" is not a finite number");
  expect_contains(message("\n"), "b.txt: holds no numbers");
  expect_contains(message("1 2\n3 4\n"), "b.txt: holds 2 lines of 2 numbers, which may be a matrix");
  expect_contains(message("1\n"), "accepted");
}

TEST(Plan, MissingFilesAreFileErrors) {
  std::string text = replaced(kSmallPlan, "spectrum = { law = \"exponential\" }", "file = \"missing.txt\"");
  expect_contains(refusal<FileError>(text),
                  "plan.toml:5: problem.file: missing.txt: the file cannot be read");
  text = replaced(kSmallPlan, "spectrum = { law = \"exponential\" }", "file = \".\"");
  expect_contains(refusal<FileError>(text), "is a folder");
  try {
    static_cast<void>(load_plan("no-such-plan"));
    ADD_FAILURE();
  } catch (const FileError& error) {
    expect_contains(error.what(), "no-such-plan: no such file and no such built-in plan");
  }
  const TemporaryFolder folder;
  try {
    static_cast<void>(load_plan((folder / "").string()));
    ADD_FAILURE();
  } catch (const FileError& error) {
    expect_contains(error.what(), "is a folder, not a plan");
  }
}

}  // namespace
}  // namespace lazygap::experiment
