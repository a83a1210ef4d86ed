#include "lazygap/question/name.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/question/keys.h"
#include "support/small_plan.h"

namespace lazygap::question {
namespace {

using test::answer;

/// A question small enough to be answered some thousand times.
Question tiny(Method method, Regime regime, const std::string& model, const std::string& activation,
              double biases) {
  Question question;
  question.method = method;
  question.network.regime = regime;
  const auto give = [&](const char* path, const Value& value) { set(question, key_at(path), value); };
  give("problem.model", model);
  if (model == "polynomial") {
    give("problem.d", std::int64_t{4});
    give("problem.he1.law", std::string("exponential"));
    give("problem.he2.law", std::string("power"));
    give("problem.he2.exponent", 0.5);
  } else {
    give("problem.d", std::int64_t{4});
    give("problem.spectrum.law", std::string("exponential"));
    if (model == "mg") give("problem.spectrum.scale", 0.1);
  }
  give("network.width", std::int64_t{3});
  give("problem.gamma", std::make_shared<const Matrix>(Vector{{1, 2, 3, 4}}));
  give("activation.name", activation);
  give("activation.biases", biases);
  give("train.steps", std::int64_t{20});
  give("train.batch", std::int64_t{5});
  give("train.step_size", 0.01);
  give("train.records", std::int64_t{4});
  give("train.test_samples", std::int64_t{10});
  give("fit.samples", std::int64_t{40});
  give("fit.test_samples", std::int64_t{10});
  complete(question);
  return question;
}

SharedMatrix shared(const Matrix& matrix) { return std::make_shared<const Matrix>(matrix); }

/// Values of keys that cannot be guessed from the row.
const std::map<std::string, std::vector<Value>, std::less<>>& special_values() {
  static const std::map<std::string, std::vector<Value>, std::less<>> values{
      {"activation.name", {std::string("relu"), std::string("hermite(2)")}},
      {"activation.expression", {std::string("u^2+u")}},
      {"activation.derivative", {std::string("2*u")}},
      {"activation.hermite", {std::vector<double>{0, 1, 1}}},
      {"problem.eigenvalues", {std::vector<double>{0.4, 0.3, 0.2, 0.1}}},
      {"problem.matrix",
       {shared(Vector{{0.4, 0.3, 0.2, 0.1}}),
        shared(Matrix{{0.3, 0.1, 0, 0}, {0.1, 0.3, 0, 0}, {0, 0, 0.2, 0}, {0, 0, 0, 0.1}})}},
      {"problem.file", {shared(Vector{{0.4, 0.3, 0.2, 0.1}})}},
      {"problem.coefficients", {shared(Matrix{{1, 0}, {0, 1}, {1, 1}, {0, 2}})}},
      {"problem.sigma", {shared(Vector{{1, 1.5, 2, 1}})}},
      {"problem.gamma", {shared(Vector{{4, 2, 3, 4}})}},
      {"network.rho", {0.5, 0.75}},  // 2 of 4 and 3 of 4, which is the width
      {"sweep.first_layer", {shared(Matrix{{1, 0, 0.5}, {0, 1, 0.5}, {0, 0, 0.5}, {1, 0, 0.5}})}},
      {"train.initial", {shared(Matrix{{1, 0, 0.5}, {0, 1, 0.5}, {0, 0, 0.5}, {1, 0, 0.5}})}},
      {"train.overlap_ranks", {std::vector<double>{2}}},
      // Ranges end far beyond what can be computed.
      {"problem.d", {std::int64_t{5}}},
      {"problem.spectrum.rank", {std::int64_t{2}}},
      {"network.draw", {std::int64_t{1}}},
      // Of 20 steps: one more than 4 would be recorded at the same ones.
      {"train.records", {std::int64_t{12}}},
  };
  return values;
}

/// Whether the value is one that the key takes.
bool is_accepted(const Key& key, const Question& question, const Value& value) {
  Question copy = question;
  try {
    set(copy, key, value);
  } catch (const UsageError&) {
    return false;
  }
  return true;
}

/// Accepted values other than the one in force.
std::vector<Value> other_values(const Key& key, const Question& question) {
  std::vector<Value> candidates;
  const Value now = key.get(question);
  const auto add = [&](const Value& value) {
    if (!equal(value, now) && is_accepted(key, question, value)) candidates.push_back(value);
  };
  if (const auto special = special_values().find(key.path); special != special_values().end()) {
    for (const Value& value : special->second) add(value);
    return candidates;
  }
  for (const std::string_view word : key.words) add(std::string(word));
  if (key.kind == Kind::truth) add(!std::get<bool>(now));
  if (key.kind == Kind::integer) add(std::get<std::int64_t>(now) + 1);
  if (key.kind == Kind::number || key.kind == Kind::positive_or_word) {
    const double* number = std::get_if<double>(&now);
    if (number != nullptr && *number != 0) add(*number * 1.25);
    if (number == nullptr || *number == 0) add(0.25);
  }
  if (key.kind == Kind::numbers) add(std::vector<double>{0.1, 0.25});
  return candidates;
}

/// A change that leaves the answer as it is although the name says otherwise. Names are older than these
/// insights, or it is not worth a rule: the price is a question that is answered twice.
struct WithoutEffect {
  std::string path;
  bool (*applies)(const Question& changed);
  std::string reason;
};
const std::vector<WithoutEffect>& without_effect() {
  static const std::vector<WithoutEffect> all{
      {"train.reduction", [](const Question& q) { return q.network.width <= q.problem.d; },
       "at N <= d there is nothing to reduce"},
      {"train.precision", [](const Question& q) { return q.network.regime == Regime::nt; },
       "NT has no bf16 and is trained in fp32"},
      {"train.beta", [](const Question&) { return true; },
       "the gradient of c is divided by beta^2, so that the offset beta c moves as if beta were 1"},
      {"train.alpha", [](const Question& q) { return q.network.regime == Regime::nt; },
       "likewise for NT, which is linear in what is trained"},
      {"train.records", [](const Question& q) { return !trains_quadratic(q); },
       "risks of other activations cost more than steps, so that fewer are recorded than asked for"},
      {"train.keep_weights", [](const Question&) { return true; }, "weights are files beside the answer"},
      {"activation.name", [](const Question& q) { return q.network.activation.name == "hermite(2)"; },
       "u^2 - 1 and u^2 differ by a constant, which RF leaves out and the offset takes up"},
      {"problem.rotation",
       [](const Question& q) { return !q.is_mixture() || q.network.regime != Regime::rf_aligned; },
       "what is isotropic but for B looks the same in the eigenvectors of B"},
      {"train.second_layer",
       [](const Question& q) { return q.method == Method::exact || q.method == Method::limit; },
       "where all eigenvalues have one sign, neurons of that sign are all that can be used"},
      {"train.parameterisation",
       [](const Question& q) { return q.method == Method::exact || q.method == Method::limit; },
       "it decides the default of train.second_layer, see there"},
  };
  return all;
}
bool may_be_without_effect(const Key& key, const Question& changed) {
  return std::any_of(without_effect().begin(), without_effect().end(), [&](const WithoutEffect& known) {
    return known.path == key.path && known.applies(changed);
  });
}

std::uint64_t bits(double number) {
  std::uint64_t word = 0;
  std::memcpy(&word, &number, sizeof(word));
  return word;
}

/// Everything in an answer that is a number, and how it ended.
std::vector<std::uint64_t> numbers(const store::Result& result) {
  std::vector<std::uint64_t> all{static_cast<std::uint64_t>(result.status),
                                 bits(result.risk),
                                 bits(result.ratio),
                                 bits(result.null_risk),
                                 static_cast<std::uint64_t>(result.N),
                                 static_cast<std::uint64_t>(result.d)};
  for (const auto& number : {result.test_ratio, result.test_se, result.se})
    all.push_back(number ? bits(*number) : 0);
  if (result.n) all.push_back(bits(static_cast<double>(*result.n)));
  for (const auto& point : result.trajectory) {
    all.push_back(bits(static_cast<double>(point.step)));
    all.push_back(bits(point.samples));
    all.push_back(bits(point.risk));
  }
  for (const auto& point : result.mechanism.points) {
    for (const double number : point.eigenvalues) all.push_back(bits(number));
    for (const double number : point.overlaps) all.push_back(bits(number));
    for (const double number : {point.change, point.kernel_cosine}) all.push_back(bits(number));
  }
  return all;
}

struct Answer {
  std::string name;
  std::vector<std::uint64_t> numbers;
};

/// The answer with its name; empty where the question contradicts itself or has none.
std::optional<Answer> answer_to(const Question& question) {
  for (const Key& key : keys())
    if (key.conflict && is_given(question, key) && !key.conflict(question).empty()) return {};
  const route::Route& route = route::route_of(question.method);
  try {
    const Instance instance = make_instance(question);
    static_cast<void>(first_layer(instance, question.network.regime));
    if (route.refuses(question, instance) || !route.lacks(question).empty()) return {};
  } catch (const UsageError&) {  // an impossible problem
    return {};
  }
  return Answer{route::name(question), numbers(answer(question))};
}

struct Case {
  std::string model, activation;
  double biases;
};

void PrintTo(const Case& c, std::ostream* stream) { *stream << c.model << " " << c.activation; }

class Identity : public testing::TestWithParam<Case> {};

/// Every key, in every route and regime: the name of a question changes if and only if its answer does.
TEST_P(Identity, AKeyChangesTheNameIfAndOnlyIfItChangesTheAnswer) {
  const auto& [model, activation, biases] = GetParam();
  std::set<std::string> used;
  for (const route::Route& route : route::routes())
    for (const Regime regime :
         {Regime::rf_isotropic, Regime::rf_aligned, Regime::rf, Regime::nt, Regime::nn, Regime::bayes}) {
      if (!route.applies(regime) || (regime == Regime::bayes && model != "mg")) continue;
      // One kind of RF is enough where every answer takes its time.
      if (activation != "quadratic" && (regime == Regime::rf || regime == Regime::rf_aligned)) continue;
      const Question base = tiny(route.method, regime, model, activation, biases);
      const auto before = answer_to(base);
      if (!before) continue;
      for (const Key& key : keys()) {
        if (key.path == "network.regime" || key.path == "problem.model") continue;  // other questions
        for (const Value& value : other_values(key, base)) {
          Question changed = base;
          set(changed, key, value);
          complete(changed);
          const auto after = answer_to(changed);
          if (!after) continue;
          used.insert(key.path);
          SCOPED_TRACE(fmt::format("{} {} {}: {} = {}", model, route.name, to_string(regime), key.path,
                                   toml_text(value)));
          if (after->name == before->name) {
            EXPECT_EQ(after->numbers, before->numbers) << before->name;
          } else if (after->numbers == before->numbers) {
            EXPECT_TRUE(may_be_without_effect(key, changed)) << after->name;
          }
        }
      }
    }
  EXPECT_GE(used.size(), 30u) << "of " << keys().size();
}

INSTANTIATE_TEST_SUITE_P(Questions, Identity,
                         testing::Values(Case{"qf", "quadratic", 0}, Case{"qf", "relu", 0.5},
                                         Case{"mg", "quadratic", 0}, Case{"mg", "relu", 0.5},
                                         Case{"polynomial", "relu", 0.5}));

TEST(Name, OverlapRanksCountWhereTheMechanismIsRecorded) {
  Question question = tiny(Method::train, Regime::nn, "qf", "quadratic", 0);
  const Key& ranks = key_at("train.overlap_ranks");
  const std::string before = name(question, 1);
  set(question, ranks, std::vector<double>{2, 3});
  EXPECT_EQ(name(question, 1), before);
  EXPECT_EQ(ranks.conflict(question), "belongs to train.mechanism = true, which is not given");
  set(question, key_at("train.mechanism"), true);
  EXPECT_EQ(nlohmann::json::parse(name(question, 1))["overlap_ranks"], nlohmann::json({2, 3}));
  EXPECT_EQ(answer(question).mechanism.ranks, std::vector<Index>({2, 3}));
  set(question, ranks, std::vector<double>{5});
  EXPECT_EQ(ranks.conflict(question), "contains 5, but must be at most d = 4");
  EXPECT_THROW(set(question, ranks, std::vector<double>{1.5}), UsageError);
}

TEST(Name, AFirstLayerEntersByItsContent) {
  Question question = tiny(Method::exact, Regime::nt, "qf", "quadratic", 0);
  const Key& key = key_at("sweep.first_layer");
  const Matrix W = Matrix::Identity(4, 3);
  set(question, key, shared(W));
  const std::string one = name(question, 1);
  set(question, key, shared(Matrix(W)));
  EXPECT_EQ(name(question, 1), one);
  set(question, key, shared(2 * W));
  EXPECT_NE(name(question, 1), one);
  EXPECT_EQ(key.conflict(question), "");
  for (const Matrix& wrong : {Matrix(Matrix::Zero(4, 2)), Matrix(Matrix::Zero(3, 3))}) {
    set(question, key, shared(wrong));
    EXPECT_EQ(key.conflict(question),
              fmt::format(
                  "is a {} x {} matrix, but must have d = 4 rows, and a column for each of the N = 3 neurons",
                  wrong.rows(), wrong.cols()));
  }
}

TEST(Name, IsThatOfTheMethodRegimeAndVersion) {
  const Question question = tiny(Method::exact, Regime::nt, "qf", "quadratic", 0);
  const auto json = nlohmann::json::parse(name(question, 5));
  EXPECT_EQ(json["task"], "exact");
  EXPECT_EQ(json["version"], 5);
  EXPECT_EQ(json["regime"], "NT");
  EXPECT_EQ(json["N"], 3);
  EXPECT_NE(name(question, 5), name(question, 6));
}

TEST(Names, AreThoseOfTheQuestionsOneByOne) {
  for (const Method method : {Method::limit, Method::exact, Method::train, Method::fit, Method::flow}) {
    Question question = tiny(method, Regime::nt, "qf", "quadratic", 0);
    const std::vector<Repetition> repetitions{{0, 0}, {3, 0.02}, {7, 0.5}};
    const std::vector<std::string> all = names(question, 2, repetitions);
    ASSERT_EQ(all.size(), repetitions.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      Question one = question;
      one.draw = repetitions[i].draw;
      if (repetitions[i].step_size > 0) one.train.options.step_size = repetitions[i].step_size;
      EXPECT_EQ(all[i], name(one, 2)) << to_string(method);
    }
  }
}

TEST(IdentityOfAName, IsItsNameBasedUuid) {
  // By Python's uuid.uuid5(uuid.NAMESPACE_URL, "lazygap:x").
  EXPECT_EQ(identity("x"), "96e69473-2177-5fd1-967a-959d932b2044");
  EXPECT_NE(identity("x"), identity("y"));
}

TEST(ContentName, IsThatOfSizeAndNumbers) {
  const Matrix a{{1, 2}, {3, 4}};
  Matrix b = a;
  EXPECT_EQ(content_name(a), content_name(b));
  EXPECT_TRUE(content_name(a).starts_with("2x2 "));
  b(0, 1) = 2 + 1e-15;
  EXPECT_NE(content_name(a), content_name(b));
  EXPECT_NE(content_name(Matrix::Ones(2, 3)), content_name(Matrix::Ones(3, 2)));
}

}  // namespace
}  // namespace lazygap::question
