#include "lazygap/compare/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "compare/made_data.h"
#include "support/message.h"

namespace lazygap::compare {
namespace {

using test::message;

struct Known {
  const char* name;
  Verdict verdict;
  std::function<data::Table()> make;
  std::vector<Index> widths = {10, 80};
};

data::Table classes_by(Index d, Index n, const std::function<bool(const Vector&)>& is_one) {
  Matrix X = normals(d, n, 1);
  std::vector<std::string> labels;
  for (Index j = 0; j < n; ++j) labels.push_back(is_one(X.col(j)) ? "yes" : "no");
  return data::make_classes(std::move(X), labels);
}

const std::vector<Known>& known() {
  static const std::vector<Known> all{
      {"Noise", Verdict::nothing_to_learn, [] { return made(5, 600, 1, [](const Vector&) { return 0.0; }); }},
      {"Linear", Verdict::linear_is_enough, [] { return made(10, 500, 0.3, along); }},
      {"LinearInFewColumns", Verdict::linear_is_enough,
       [] { return made(3, 400, 0.3, [](const Vector& x) { return x.sum(); }); }},
      {"Radial",
       Verdict::kernel_is_enough,
       [] { return made(4, 600, 0.3, [](const Vector& x) { return x.squaredNorm(); }); },
       {10, 160}},
      {"Ridge function", Verdict::feature_learning,
       [] { return made(20, 600, 0.1, [](const Vector& x) { return along(x) * along(x); }); }},
      {"Low rank", Verdict::feature_learning,
       [] {
         return made(20, 800, 0.1,
                     [](const Vector& x) { return x[0] * x[1] + x[2] * x[2] - x[3] * x[3] / 2; });
       }},
      {"Parity", Verdict::feature_learning,
       [] { return classes_by(20, 800, [](const Vector& x) { return x[0] * x[1] > 0; }); }},
      {"Wider",
       Verdict::wider_kernel,
       [] {
         return made(4, 800, 0.1, [](const Vector& x) { return x[0] * x[1] + std::sin(2 * x[2]) * x[3]; });
       },
       {4, 12}},
  };
  return all;
}

class KnownAnswer : public testing::TestWithParam<std::size_t> {};

TEST_P(KnownAnswer, IsFound) {
  const Known& data = known()[GetParam()];
  const Comparison comparison =
      compare(data.make(), {.widths = data.widths, .wide = 640, .learning_curves = false, .jobs = 2});
  ASSERT_EQ(comparison.status, Status::ok);
  EXPECT_EQ(to_string(comparison.decision.verdict), to_string(data.verdict)) << comparison.decision.sentence;
  if (std::getenv("LAZYGAP_SHOW") != nullptr) {
    std::printf("%s: %s\n", data.name, comparison.decision.sentence.c_str());
    for (const Model model : {Model::linear, Model::rf, Model::nt, Model::nn})
      for (const Index N : {0, 4, 10, 12, 80, 160, 640}) {
        const Mean mean = mean_score(comparison, comparison.scores, model, N, 0, &Score::ratio);
        double seconds = 0;
        for (const Score& s : comparison.scores)
          if (s.model == model && s.neurons == N) seconds += s.seconds;
        if (std::isfinite(mean.value))
          std::printf("  %s %ld %.4f +- %.4f, %.2f s\n", std::string(to_string(model)).c_str(), N, mean.value,
                      mean.se, seconds);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KnownAnswer, testing::Range(std::size_t{0}, known().size()));

TEST(Compare, IsTheSameForAnyNumberOfThreads) {
  const data::Table table = made(4, 120, 0.1, along);
  const Options options{.widths = {5, 10}, .wide = 20, .folds = 2, .epochs = 20};
  Options two = options;
  two.jobs = 3;
  const Comparison a = compare(table, options), b = compare(table, two);
  ASSERT_EQ(a.scores.size(), b.scores.size());
  for (std::size_t i = 0; i < a.scores.size(); ++i) EXPECT_EQ(a.scores[i].ratio, b.scores[i].ratio);
  EXPECT_FALSE(a.learning.empty());
  EXPECT_EQ(a.decision.sentence, b.decision.sentence);
  EXPECT_EQ(a.learnt.eigenvalues.size(), 4);
}

TEST(Compare, StopsWithoutAResult) {
  EXPECT_EQ(compare(made(4, 120, 0.1, along), {}, {.stop = [] { return true; }}).status, Status::none);
}

TEST(Compare, RefusesWithASentence) {
  const data::Table table = made(4, 120, 0.1, along);
  EXPECT_EQ(message<UsageError>([&] {
              (void)compare(table, {.widths = {5, 5}});
            }),
            "compare::compare: the widths 5 and 5 are not increasing");
  EXPECT_EQ(message<UsageError>([&] { (void)compare(table, {.validation = 0}); }),
            "compare::compare: validation is 0, but NN needs a validation part: above 0");
  EXPECT_EQ(message<UsageError>([&] { (void)compare(table, {.level = 1}); }),
            "compare::compare: level is 1, but must be above 0.5 and below 1");
}

// By hand: values 1, 2, 3, n_test / n_train = 1/2: mean 2, s^2 = 1, se^2 = 1/3 + 1/2; t_{0.95, 2} = 2.919986.
TEST(CorrectedMean, IsThatOfNadeauAndBengio) {
  const Mean mean = corrected_mean({1, 2, 3}, 0.5, 0.95);
  constexpr double kTable = 1e-5;  // of the quantile as tables print it
  EXPECT_DOUBLE_EQ(mean.value, 2);
  EXPECT_DOUBLE_EQ(mean.se, std::sqrt(1.0 / 3 + 0.5));
  EXPECT_NEAR(mean.upper - mean.value, 2.919986 * mean.se, kTable);
}

Chosen alike(double linear, double kernel, double wide, double nn, double scatter) {
  Chosen chosen;
  for (int s = 0; s < 5; ++s) {
    const double shift = scatter * (s - 2);
    chosen.linear.push_back(linear + shift);
    chosen.kernel.push_back(kernel - shift);
    chosen.wide_kernel.push_back(wide + shift);
    chosen.nn.push_back(nn - shift);
  }
  return chosen;
}

TEST(Decide, NoSignificanceIsUndecidedAndNotEnough) {
  const auto verdict = [](const Chosen& chosen) { return decide(chosen, 0.25, 0.02, 0.95).verdict; };
  EXPECT_EQ(verdict(alike(0.5, 0.5, 0.5, 0.5, 0.001)), Verdict::linear_is_enough);
  EXPECT_EQ(verdict(alike(0.5, 0.5, 0.5, 0.4, 0.1)), Verdict::undecided);
  EXPECT_EQ(verdict(alike(0.5, 0.3, 0.3, 0.3, 0.001)), Verdict::kernel_is_enough);
  EXPECT_EQ(verdict(alike(0.5, 0.3, 0.1, 0.1, 0.001)), Verdict::wider_kernel);
  EXPECT_EQ(verdict(alike(0.5, 0.3, 0.2, 0.1, 0.001)), Verdict::feature_learning);
  EXPECT_EQ(verdict(alike(1, 1.01, 1.02, 1.1, 0.001)), Verdict::nothing_to_learn);
}

}  // namespace
}  // namespace lazygap::compare
