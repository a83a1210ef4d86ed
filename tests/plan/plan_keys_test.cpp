// Axes over any key, and the other keys that say what is asked and how it is drawn.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "plan/full_plan.h"
#include "support/contains.h"
#include "support/small_plan.h"

namespace lazygap::plan {
namespace {

using namespace test;

/// kSmallPlan with a table [axes] at its end.
std::string with_axes(const std::string& axes, const std::string& neurons = "neurons = [3, 6, 24]\n") {
  return replaced(kSmallPlan, "neurons = [3, 6, 24]\n", neurons) + "[axes]\n" + axes + "\n";
}
Plan plan_with_axes(const std::string& axes, const std::string& neurons = "neurons = [3, 6, 24]\n") {
  return plan_from_text(with_axes(axes, neurons), "plan.toml");
}

std::vector<Question> questions(const Plan& plan) {
  std::vector<Question> all;
  for (std::size_t point = 0; point < plan.points(); ++point)
    all.push_back(plan.at(Method::fit, Regime::rf_isotropic, point));
  return all;
}

TEST(Axes, KeysMayBeDottedQuotedTabledOrSet) {
  const std::string expected = to_toml(plan_with_axes("fit.samples = [100, 200]"));
  EXPECT_EQ(to_toml(plan_with_axes("\"fit.samples\" = [100, 200]")), expected);
  EXPECT_EQ(to_toml(plan_with_axes("[axes.fit]\nsamples = [100, 200]")), expected);
  EXPECT_EQ(to_toml(small_plan({{"axes.fit.samples", "[100, 200]"}})), expected);
}

TEST(Axes, AreMultipliedAndTheWidthsVaryFastest) {
  const Plan plan = plan_with_axes("activation.name = [\"relu\", \"quadratic\"]\nfit.ridge = [0, 0.5]");
  ASSERT_EQ(plan.points(), 2u * 2u * 3u);
  const std::vector<Question> all = questions(plan);
  for (std::size_t point = 0; point < all.size(); ++point) {
    EXPECT_EQ(all[point].network.width, std::vector<Index>({3, 6, 24})[point % 3]);
    EXPECT_EQ(plan.place_on(2, point), point % 3);
    EXPECT_EQ(plan.place_on(1, point), point / 3 % 2);
    EXPECT_EQ(plan.place_on(0, point), point / 6);
  }
  EXPECT_EQ(all[0].network.activation.name, "relu");
  EXPECT_EQ(all[11].network.activation.name, "quadratic");
  EXPECT_EQ(all[3].fit.ridge, 0.5);
  EXPECT_EQ(all[3].network.activation.name, "relu");
}

TEST(Axes, TiedKeysTakeTheirValuesTogether) {
  const Plan plan = plan_with_axes(
      "problem.d = [6, 12]\nnetwork.width = [3, 6]\nfit.ridge = [0, 1]\n"
      "tied = [[\"problem.d\", \"network.width\"]]",
      "");
  ASSERT_EQ(plan.points(), 4u);
  for (const Question& question : questions(plan)) EXPECT_EQ(question.network.width, question.problem.d / 2);
  const Plan three = plan_with_axes(
      "problem.d = [6, 12]\nnetwork.width = [3, 6]\nfit.samples = [10, 20]\n"
      "tied = [[\"fit.samples\", \"network.width\", \"problem.d\"]]",
      "");
  const Plan widths =
      small_plan({{"axes.fit.ridge", "[0.0, 0.5, 1.0]"}, {"axes.tied", "[[fit.ridge, network.width]]"}});
  ASSERT_EQ(widths.points(), 3u) << "sweep.neurons is an axis like others";
  EXPECT_EQ(questions(widths)[2].fit.ridge, 1.0);
  EXPECT_EQ(questions(widths)[2].network.width, 24);
  ASSERT_EQ(three.points(), 2u);
  EXPECT_EQ(questions(three)[1].fit.samples, 20);
  EXPECT_EQ(questions(three)[1].problem.d, 12);
  EXPECT_EQ(questions(three)[1].network.width, 6);
}

TEST(Axes, DefaultsFollowTheirPoint) {
  const Plan plan =
      plan_from_text(replaced(replaced(kSmallPlan, "steps = 300\n", ""), "{ law = \"exponential\" }",
                              "{ law = \"identity\", scale = 0.1 }") +
                         "[axes]\nproblem.model = [\"qf\", \"mg\"]\n",
                     "plan.toml", {{"sweep.regimes", "[NT]"}, {"sweep.methods", "[train]"}});
  EXPECT_EQ(plan.at(Method::train, Regime::nt, 0).train.options.steps, 200000);
  EXPECT_EQ(plan.at(Method::train, Regime::nt, plan.points() - 1).train.options.steps, 140000);
}

TEST(Axes, AreWrittenAsTheyAreRead) {
  for (const char* axes : {"fit.samples = [100, 200]", "activation.name = [\"relu\", \"hermite(3)\"]",
                           "problem.label_noise = [0, 0.5]\ntrain.batch = [1, 10]",
                           "problem.spectrum.law = [\"exponential\", \"identity\"]",
                           "problem.d = [6, 12, 24]\nfit.ridge = [0, 0.1, 0.5]\n"
                           "tied = [[\"problem.d\", \"fit.ridge\"]]",
                           "activation.centred = [true, false]", "network.rho = [0.5, 1]"}) {
    SCOPED_TRACE(axes);
    const Plan plan = plan_with_axes(axes);
    const std::string text = to_toml(plan);
    const Plan again = plan_from_text(text, "again.toml");
    EXPECT_EQ(to_toml(again), text);
    ASSERT_EQ(again.points(), plan.points()) << text;
    for (const Method method : {Method::exact, Method::train, Method::fit})
      for (std::size_t point = 0; point < plan.points(); ++point)
        EXPECT_EQ(route::name(again.at(method, Regime::nt, point)),
                  route::name(plan.at(method, Regime::nt, point)));
  }
}

TEST(Axes, StepSizesAndRegimesHaveTheirPlaceInThePlan) {
  std::string text = replaced(kSmallPlan, "step_sizes = [0.003, 0.01]\n", "");
  text = replaced(text, "regimes = [\"RF(I)\", \"RF(Gamma*)\", \"NT\", \"NN\"]\n", "");
  text = replaced(text, ", \"fit\"]", "]");
  const Plan plan = plan_from_text(
      text + "[axes]\ntrain.step_size = [0.001, 0.002]\nnetwork.regime = [\"NT\", \"NN\"]\n", "plan.toml");
  EXPECT_EQ(plan.points(), 3u);
  EXPECT_EQ(plan.step_sizes, (std::vector<double>{0.001, 0.002}));
  EXPECT_EQ(plan.regimes, (std::vector<Regime>{Regime::nt, Regime::nn}));
  expect_contains(refusal({{"axes.train.step_size", "[0.001]"}}),
                  "train.step_sizes is given beside axes.train.step_size, but only one of them can be");
  expect_contains(refusal({{"axes.network.regime", "[NT]"}}),
                  "sweep.regimes is given beside axes.network.regime");
}

struct Refusal {
  const char* axes;
  const char* message;
};

TEST(Axes, RefusalsNamePlaceKeyAndWhatIsAccepted) {
  for (const Refusal& c : std::vector<Refusal>{
           {"fit.sample = [1]", "sweeps \"fit.sample\", which is not a key of a question; did you mean"},
           {"sweep.draws = [1, 2]", "sweeps \"sweep.draws\", which is not a key of a question"},
           {R"("\u001b[31m" = [1])", R"(axes sweeps "\x1b[31m", which is not a key of a question)"},
           {"fit.samples = 100", "axes.fit.samples is 100, but must be a list of values"},
           {"fit.samples = []", "axes.fit.samples is an empty list, but must be a list of values, with at"},
           {"fit.samples = [100, 0]", "axes.fit.samples[1] is 0, but must be an integer from 1 to"},
           {"fit.samples = [100, 100]", "axes.fit.samples has its value 2 twice: [100]"},
           {"train.schedule = [\"constant\", \"cosine\"]",
            "axes.train.schedule[1] is \"cosine\", but must be one of constant, tail-drop"},
           {"network.width = [1, 2]", "sweep.neurons is given beside axes.network.width, but only one"},
           {"network.draw = [0, 1]", "axes.network.draw cannot be swept: sweep.draws, train.draws and"},
           {"fit.ridge = [0, 1]\ntied = [[\"fit.ridge\", \"fit.samples\"]]",
            "axes.tied[0] ties fit.samples, which is not swept"},
           {"fit.ridge = [0, 1]\ntied = [[\"fit.ridge\", \"network.width\"]]",
            "axes.tied[0] ties network.width, which has 3 values, to fit.ridge, which has 2"},
           {"fit.ridge = [0, 1]\ntied = [[\"fit.ridge\", \"fit.ridge\"]]",
            "axes.tied[0] ties fit.ridge twice"},
           {"fit.ridge = [0, 1]\ntied = [\"fit.ridge\"]",
            "axes.tied[0] is \"fit.ridge\", but must be a list"},
           {"fit.ridge = [0, 1]\ntied = [[\"fit.rigde\"]]",
            "axes.tied[0][0] is \"fit.rigde\", but must be a key of a question; did you mean \"fit.ridge\"?"},
       }) {
    SCOPED_TRACE(c.axes);
    const std::string sentence = refusal(with_axes(c.axes));
    expect_contains(sentence, c.message);
    EXPECT_TRUE(sentence.starts_with("plan.toml:")) << sentence;
  }
  EXPECT_TRUE(
      refusal({{"axes.fit.samples", "[0]"}}).starts_with("--set axes.fit.samples: axes.fit.samples[0]"));
}

TEST(Axes, AValueThatContradictsThePlanIsRefused) {
  expect_contains(refusal({{"axes.problem.spectrum.exponent", "[1, 2]"}}), "belongs to law = \"power\"");
  expect_contains(refusal({{"axes.train.beta", "[1, 2]"}, {"train.parameterisation", "unit"}}),
                  "--set axes.train.beta: axes.train.beta belongs to parameterisation = \"mean-field\"");
  expect_contains(refusal({{"axes.fit.test_samples", "[0, 1]"}}),
                  "axes.fit.test_samples is 1, but must be 0");
}

TEST(Axes, AKeyMayBeIdleAtSomePoints) {
  const Plan plan = small_plan({{"axes.train.parameterisation", "[unit, mean-field]"}, {"train.beta", "2"}});
  EXPECT_EQ(plan.points(), 6u);
}

TEST(Best, IsOfAxesThatThereAre) {
  const Plan plan = small_plan({{"axes.fit.ridge", "[0, 0.5]"}, {"sweep.best", "[fit.ridge]"}});
  ASSERT_EQ(plan.best.size(), 1u);
  EXPECT_EQ(plan.best[0]->path, "fit.ridge");
  EXPECT_EQ(to_toml(plan_from_text(to_toml(plan), "again.toml")), to_toml(plan));
  expect_contains(refusal({{"sweep.best", "[fit.ridge]"}}),
                  "sweep.best names fit.ridge, but that is not swept");
  expect_contains(refusal({{"sweep.best", "[fit.rigde]"}}), "did you mean \"fit.ridge\"?");
  expect_contains(refusal({{"sweep.best", "fit.ridge"}}), "sweep.best is \"fit.ridge\", but must be a list");
}

TEST(Figure, ShowsAnyKeyThatIsSwept) {
  const Overrides sweep{{"axes.fit.samples", "[100, 200]"}, {"axes.activation.name", "[relu, quadratic]"}};
  const Plan plan = small_plan(with(sweep, {{"figure.frame", "axes"},
                                            {"figure.x", "fit.samples"},
                                            {"figure.series", "[activation.name]"},
                                            {"figure.facet", "network.width"},
                                            {"figure.x_scale", "log"},
                                            {"figure.y_scale", "log"}}));
  EXPECT_EQ(plan.figure.x->path, "fit.samples");
  EXPECT_EQ(plan.figure.series.at(0)->path, "activation.name");
  EXPECT_EQ(plan.figure.facet->path, "network.width");
  EXPECT_EQ(plan.figure.x_scale, "log");
  EXPECT_EQ(to_toml(plan_from_text(to_toml(plan), "again.toml")), to_toml(plan));
  expect_contains(refusal(with(sweep, {{"figure.frame", "axes"}})), "figure.x is missing, but is needed");
  expect_contains(refusal(with(sweep, {{"figure.x", "fit.samples"}})),
                  "figure.x belongs to figure.frame = \"axes\", but frame is \"left\"");
  expect_contains(refusal({{"figure.frame", "axes"}, {"figure.x", "fit.samples"}}),
                  "figure.x names fit.samples, but that is not swept");
  expect_contains(refusal(with(sweep, {{"figure.frame", "axes"}, {"figure.x", "fit.sample"}})),
                  "figure.x is \"fit.sample\", but must be a key of a question; did you mean");
  expect_contains(refusal({{"figure.facet", "fit.samples"}}), "figure.facet names fit.samples");
  expect_contains(refusal({{"figure.series", "[fit.samples]"}}), "figure.series names fit.samples");
  expect_contains(refusal({{"figure.x_scale", "cubic"}}), "one of automatic, linear, log");
  expect_contains(refusal({{"figure.y_scale", "automatic"}}), "one of linear, log");
}

TEST(Needed, AllMissingKeysAreInOneMessage) {
  const std::string sentence = refusal("[problem]\nd = 3\n");
  expect_contains(sentence, "name is missing, but is needed; so are ");
  for (const char* key : {"sweep.regimes", "sweep.methods", "problem.model", "sweep.neurons"})
    expect_contains(sentence, key);
}

TEST(Needed, AxesGiveWhatIsNeeded) {
  EXPECT_EQ(plan_with_axes("network.rho = [0.5, 1]", "").points(), 2u);
  EXPECT_EQ(plan_with_axes("network.width = [5]", "").points(), 1u);
}

TEST(DescribeKeys, HasEveryKeyOnceWithItsWords) {
  std::vector<std::string> paths;
  for (const KeyDescription& key : describe_keys()) {
    SCOPED_TRACE(key.path);
    EXPECT_FALSE(key.accepted.empty());
    EXPECT_FALSE(key.doc.empty());
    paths.push_back(key.path);
  }
  for (const Key& key : question::keys())
    EXPECT_EQ(std::count(paths.begin(), paths.end(), key.path), 1) << key.path;
  for (const char* path :
       {"name", "sweep.neurons", "sweep.best", "train.step_sizes", "fit.regimes", "figure.x"})
    EXPECT_EQ(std::count(paths.begin(), paths.end(), path), 1) << path;
}

}  // namespace
}  // namespace lazygap::plan
