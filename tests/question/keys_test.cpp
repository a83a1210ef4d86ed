#include "lazygap/question/keys.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>

#include "lazygap/core/error.h"
#include "support/contains.h"
#include "support/message.h"

namespace lazygap::question {
namespace {

using test::expect_contains;
using test::message;

TEST(Keys, EachHasAMeaningARangeAndAPathOfItsOwn) {
  std::set<std::string> paths;
  for (const Key& key : keys()) {
    SCOPED_TRACE(key.path);
    EXPECT_TRUE(paths.insert(key.path).second);
    EXPECT_NE(key.path.find('.'), std::string::npos);
    EXPECT_FALSE(key.doc.empty());
    EXPECT_FALSE(key.accepted.empty());
    EXPECT_TRUE(key.get && key.assign);
    EXPECT_EQ(key.kind == Kind::word, !key.words.empty() && key.kind != Kind::positive_or_word);
    EXPECT_EQ(find_key(key.path), &key);
    EXPECT_EQ(&key_at(key.path), &key);
  }
  EXPECT_LE(keys().size(), kMostKeys);
  EXPECT_EQ(find_key("train.momentums"), nullptr);
  expect_contains(message([]() -> const Key& { return key_at("train.momentums"); }), "is not a key");
}

/// Places in a name that several keys share: spellings of one field.
TEST(Keys, NoTwoOfAQuestionHaveTheSamePlaceInItsName) {
  std::set<std::string> places;
  for (const Key& key : keys())
    if (key.is_read != nullptr && !key.in_name) {
      EXPECT_FALSE(key.place.empty()) << key.path;
      EXPECT_TRUE(places.insert(key.place).second || key.path == "fit.test_samples" ||
                  key.path == "fit.precision")
          << key.path << " stands at " << key.place << " like another key";
    }
}

TEST(Keys, DefaultsAreInRange) {
  for (const Method method : {Method::limit, Method::exact, Method::train, Method::fit, Method::flow})
    for (const Regime regime : {Regime::rf, Regime::nt, Regime::nn}) {
      Question question;
      question.method = method;
      question.network.regime = regime;
      for (const Key& key : keys()) {
        const Value value = standard(question, key);
        SCOPED_TRACE(key.path + " = " + toml_text(value));
        const auto* list = std::get_if<std::vector<double>>(&value);
        const auto* matrix = std::get_if<SharedMatrix>(&value);
        if ((list != nullptr && list->empty()) || (matrix != nullptr && !*matrix)) continue;  // not given
        Question copy = question;
        EXPECT_NO_THROW(set(copy, key, value));
        EXPECT_TRUE(equal(key.get(copy), value));
        EXPECT_TRUE(is_given(copy, key));
        EXPECT_FALSE(is_given(question, key));
      }
    }
}

TEST(Keys, SetRefusesWhatIsOutOfRangeInASentence) {
  Question question;
  const auto refusal = [&](const char* path, const Value& value) {
    return message([&] { return set(question, key_at(path), value), 0; });
  };
  EXPECT_EQ(refusal("train.momentum", 2.0), "train.momentum is 2.0, but must be from 0 to below 1");
  EXPECT_EQ(refusal("train.schedule", std::string("cosine")),
            "train.schedule is \"cosine\", but must be one of constant, tail-drop, quadratic-decay");
  expect_contains(refusal("fit.samples", std::int64_t{0}), "fit.samples is 0, but must be an integer from 1");
  expect_contains(refusal("fit.ridge", std::nan("")), "zero or a positive finite number");
  expect_contains(refusal("fit.ridge", std::numeric_limits<double>::infinity()), "fit.ridge is inf");
  expect_contains(refusal("activation.centred", std::int64_t{1}), "true or false");
  expect_contains(refusal("problem.eigenvalues", std::vector<double>{}), "at least one entry");
  expect_contains(refusal("problem.sigma", SharedMatrix()), "a list of numbers");
  EXPECT_TRUE(question.given.none()) << "a refused value is not set";
  // A whole number is a number.
  EXPECT_NO_THROW(set(question, key_at("fit.ridge"), std::int64_t{2}));
  EXPECT_EQ(question.fit.ridge, 2);
}

TEST(Keys, CompleteFillsInWhatDependsOnOthers) {
  Question qf, mg, given;
  set(mg, key_at("problem.model"), std::string("mg"));
  set(given, key_at("train.steps"), std::int64_t{7});
  for (Question* question : {&qf, &mg, &given}) complete(*question);
  EXPECT_EQ(qf.train.options.steps, 200000);
  EXPECT_EQ(mg.train.options.steps, 140000);
  EXPECT_EQ(given.train.options.steps, 7);
  Question relu;
  set(relu, key_at("activation.name"), std::string("relu"));
  complete(relu);
  EXPECT_EQ(qf.train.options.second_layer, train::SecondLayer::shared);
  EXPECT_EQ(relu.train.options.second_layer, train::SecondLayer::free);
}

}  // namespace
}  // namespace lazygap::question
