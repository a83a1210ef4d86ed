#include <gtest/gtest.h>

#include <exception>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/plan/plan.h"
#include "plan/full_plan.h"
#include "support/contains.h"
#include "support/message.h"
#include "support/small_plan.h"
#include "support/temporary_folder.h"

namespace lazygap::plan {
namespace {

using namespace test;

std::vector<Index> widths(const Plan& plan) {
  std::vector<Index> all;
  for (std::size_t point = 0; point < plan.points(); ++point)
    all.push_back(plan.at(Method::limit, Regime::nn, point).network.width);
  return all;
}

TEST(Plan, ReadsEveryKey) {
  const TemporaryFolder folder;
  const Plan plan = load_plan(folder.write("plan.toml", kFullPlan).string());
  EXPECT_EQ(plan.name, "full");
  EXPECT_EQ(plan.source, (folder / "plan.toml").string());
  EXPECT_EQ(plan.base.problem.model, "mg");
  EXPECT_EQ(plan.base.problem.d, 4);
  EXPECT_EQ(plan.base.problem.spectrum.kind, SpectrumLaw::Kind::choice);
  EXPECT_EQ(plan.base.problem.spectrum.values, (std::vector<double>{0.1, 0.2}));
  EXPECT_EQ(plan.base.problem.spectrum.scale, 0.5);
  EXPECT_FALSE(plan.base.problem.spectrum.scale_by_inverse_sqrt_d);
  EXPECT_EQ(*plan.base.problem.sigma, Matrix(Vector::Ones(4)));
  EXPECT_EQ(*plan.base.network.gamma, Matrix(Vector{{1, 2, 3, 4}}));
  EXPECT_FALSE(plan.base.problem.haar_rotated);
  EXPECT_EQ(plan.base.problem.label_noise, 0.5);
  EXPECT_EQ(plan.regimes,
            (std::vector<Regime>{Regime::rf_isotropic, Regime::rf, Regime::nt, Regime::nn, Regime::bayes}));
  EXPECT_EQ(widths(plan), (std::vector<Index>{1, 2, 8}));
  EXPECT_EQ(plan.methods, (std::vector<Method>{Method::limit, Method::exact, Method::train, Method::fit}));
  EXPECT_EQ(plan.draws, 2);
  EXPECT_EQ(plan.base.seed, 3u);
  EXPECT_TRUE(plan.base.network.equal_parameters);
  EXPECT_EQ(plan.base.network.activation.name, "quadratic");
  EXPECT_EQ(plan.base.network.bias_scale, 0.5);
  EXPECT_TRUE(plan.base.network.centred);
  const train::Options& options = plan.base.train.options;
  EXPECT_EQ(options.steps, 100);
  EXPECT_EQ(options.batch, 5);
  EXPECT_EQ(plan.step_sizes, (std::vector<double>{0.001, 0.01}));
  EXPECT_EQ(plan.draws_of(Method::train, Regime::nn), 2);
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
  EXPECT_EQ(plan.base.fit.samples, 60);
  EXPECT_EQ(plan.base.fit.ridge, 0.25);
  EXPECT_EQ(plan.base.fit.precision, fit::Precision::fp64);
  EXPECT_EQ(plan.draws_of(Method::fit, Regime::rf), 3);
  EXPECT_EQ(plan.base.fit.test_samples, 70);
  EXPECT_EQ(plan.fit_regimes, (std::vector<Regime>{Regime::rf_isotropic, Regime::rf}));
  EXPECT_EQ(plan.figure.frame, "right");
  EXPECT_EQ(plan.figure.title, "A \"title\" with \\ and Γ");
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
  EXPECT_EQ(qf.base.train.options.steps, 200000);
  EXPECT_EQ(qf.base.train.options.batch, 100);
  EXPECT_EQ(qf.base.train.options.test_samples, 10000);
  EXPECT_EQ(qf.base.train.options.parameterisation, train::Parameterisation::mean_field);
  EXPECT_EQ(qf.base.train.options.schedule, train::Schedule::tail_drop);
  EXPECT_TRUE(qf.step_sizes.empty());
  EXPECT_EQ(qf.base.fit.samples, 500000);
  EXPECT_EQ(qf.base.fit.precision, fit::Precision::fp32);
  EXPECT_EQ(qf.draws, 10);
  const Plan mg = load_plan(
      folder
          .write("mg.toml", replaced(replaced(text, "\"qf\"", "\"mg\""), "{ law = \"exponential\" }",
                                     "{ law = \"choice\", values = [1, 1.5, 2], scale = \"1/sqrt(d)\" }"))
          .string());
  EXPECT_EQ(mg.base.train.options.steps, 140000);
  EXPECT_TRUE(mg.base.problem.spectrum.scale_by_inverse_sqrt_d);
}

TEST(Plan, BuiltInPlansLoad) {
  for (const std::string& name : built_in_plans()) {
    SCOPED_TRACE(name);
    const Plan plan = load_plan(name);
    EXPECT_EQ(plan.name, name);
    EXPECT_EQ(plan.source, "built-in");
    expect_contains(built_in_plan(name), "name = \"" + name + "\"");
  }
}

TEST(Plan, ThePapersGridIsItsTextToTheLetterAndNothingElseDiffers) {
  Plan grid = load_plan("figure-1-left-paper-grid");
  EXPECT_EQ(grid.base.train.options.schedule, train::Schedule::constant);
  EXPECT_EQ(grid.step_sizes.front(), 0.001);
  EXPECT_EQ(grid.step_sizes.back(), 0.03);
  EXPECT_EQ(grid.base.train.options.steps, 200000);
  EXPECT_EQ(grid.base.train.options.batch, 100);
  EXPECT_EQ(grid.base.train.options.test_samples, 10000);
  EXPECT_EQ(grid.base.fit.samples, 500000);
  std::string text(built_in_plan("figure-1-left-paper-grid"));
  const auto replace = [&text](const std::string& from, const std::string& to) {
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  };
  replace("name = \"figure-1-left-paper-grid\"", "name = \"figure-1-left\"");
  replace("schedule = \"constant\"\nstep_sizes = [0.001, 0.003, 0.01, 0.03]\n", "schedule = \"tail-drop\"\n");
  const std::string other(built_in_plan("figure-1-left"));
  EXPECT_EQ(text.substr(text.find("name =")), other.substr(other.find("name =")));
}

TEST(Plan, OneMethodMayBeAskedInPlaceOfThePlans) {
  const Plan plan = plan_from_text(kSmallPlan, "plan.toml", {}, Method::exact);
  EXPECT_EQ(plan.methods, (std::vector<Method>{Method::exact}));
  // A figure along training shows no exact risk alone.
  EXPECT_EQ(plan_from_text(kFullPlan, "plan.toml", {}, Method::limit).figure.frame, "left");
  expect_contains(
      test::message([] {
        return plan_from_text(kSmallPlan, "plan.toml", {{"sweep.methods", "[exakt]"}}, Method::exact);
      }),
      "sweep.methods[0] is \"exakt\"");
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
  EXPECT_EQ(plan.draws, 5);
  EXPECT_EQ(widths(plan), (std::vector<Index>{2, 4}));
  EXPECT_EQ(plan.regimes, (std::vector<Regime>{Regime::nt, Regime::nn, Regime::rf_isotropic}));
  EXPECT_EQ(plan.base.problem.spectrum.values, (std::vector<double>{1, 2.5}));
  EXPECT_TRUE(plan.base.problem.spectrum.scale_by_inverse_sqrt_d);
  EXPECT_EQ(plan.base.train.options.schedule, train::Schedule::constant);
  EXPECT_EQ(plan.figure.title, "two words");
  EXPECT_EQ(plan.name, "other-name");
  // Inside a table that the plan has, and one source of the spectrum in place of another.
  EXPECT_EQ(small_plan({{"problem.spectrum.scale", "3"}}).base.problem.spectrum.scale, 3);
  EXPECT_EQ(small_plan({{"problem.eigenvalues", "[3, 2]"}, {"problem.d", "2"}}).base.problem.d, 2);
}

TEST(Plan, EigenvaluesComeFromAFileBesideThePlan) {
  const TemporaryFolder folder;
  folder.write("b.txt", "1, 2 3\n\n3.5e-1;4\r\n");
  std::string text = replaced(kSmallPlan, "spectrum = { law = \"exponential\" }", "file = \"b.txt\"");
  text = replaced(text, "d = 12\n", "");
  const Plan plan = load_plan(folder.write("plan.toml", text).string());
  EXPECT_EQ(plan.base.problem.d, 5);
  EXPECT_EQ(plan.base.problem.spectrum.values, (std::vector<double>{1, 2, 3, 0.35, 4}));
  EXPECT_EQ(to_toml(plan_from_text(to_toml(plan), "again")), to_toml(plan));

  const auto message = [&](const char* contents) {
    folder.write("b.txt", contents);
    try {
      static_cast<void>(load_plan((folder / "plan.toml").string()));
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  expect_contains(message("1\n2, x3\n"), "b.txt:2:4: \"x3\" is not a finite number");
  expect_contains(message("1\nnan\n"), "b.txt:2:1: \"nan\" is not a finite number");
  expect_contains(message("\n"), "b.txt: holds no numbers");
  expect_contains(message("1 2\n3 4\n"), "b.txt: holds 2 lines of 2 numbers, which may be a matrix");
  expect_contains(message("1\n"), "accepted");
}

TEST(Plan, AWrongNameIsAUsageErrorWithASuggestion) {
  const auto message = [](const char* name) { return test::message([&] { return load_plan(name); }); };
  expect_contains(message("no-such-plan"), "no-such-plan: no such file and no such built-in plan");
  expect_contains(message("figure-1-lefft"), "did you mean \"figure-1-left\", \"");
  EXPECT_EQ(test::message([] { return built_in_plan("no-such-plan"); }), message("no-such-plan"));
}

TEST(Plan, MissingFilesAreFileErrors) {
  std::string text = replaced(kSmallPlan, "spectrum = { law = \"exponential\" }", "file = \"missing.txt\"");
  expect_contains(refusal<FileError>(text), "plan.toml:5: problem.file: missing.txt: cannot be read");
  text = replaced(kSmallPlan, "spectrum = { law = \"exponential\" }", "file = \".\"");
  expect_contains(refusal<FileError>(text), "is a folder");
  const TemporaryFolder folder;
  try {
    static_cast<void>(load_plan((folder / "").string()));
    ADD_FAILURE();
  } catch (const FileError& error) {
    expect_contains(error.what(), "is a folder, but must be an ordinary file");
  }
}

}  // namespace
}  // namespace lazygap::plan
