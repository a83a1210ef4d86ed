#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "plan/full_plan.h"
#include "support/contains.h"
#include "support/small_plan.h"
#include "support/temporary_folder.h"

namespace lazygap::plan {
namespace {

using namespace test;

/// A value that no key of that kind accepts.
struct Wrong {
  const char* table;
  const char* key;
  const char* wrong_type;
  const char* wrong_value;
  const char* accepted;  ///< part of both messages, unless it differs below
};

constexpr Wrong kKeys[] = {
    {"", "name", "3", "\"a/b\"", "must be"},
    {"problem", "model", "1", "\"mgm\"", "one of qf, mg, polynomial"},
    {"problem", "d", "4.5", "0", "an integer from 1 to"},
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
    {"train", "steps", "1.5", "0", "an integer from 1 to"},
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
    {"train", "test_samples", "1e-4", "-1", "an integer from 0 to"},
    {"fit", "samples", "5e-1", "0", "an integer from 1 to"},
    {"fit", "ridge", "\"0\"", "-0.5", "zero or a positive finite number"},
    {"fit", "precision", "64", "\"bf16\"", "one of fp32, fp64"},
    {"fit", "draws", "1.5", "0", "an integer from 1 to"},
    {"fit", "test_samples", "true", "1", ""},
    {"figure", "frame", "1", "\"middle\"", "one of left, right, axes"},
    {"figure", "title", "1", "", "text in quotes"},
};

/// kFullPlan with the line of the key replaced; the line's number goes to `line`.
std::string with_line(const Wrong& key, const std::string& new_key, const std::string& value, int& line) {
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

std::string path_of(const Wrong& key) {
  return *key.table == '\0' ? key.key : fmt::format("{}.{}", key.table, key.key);
}

TEST(Reader, EveryKeyRefusesAWrongTypeWithItsPlace) {
  for (const Wrong& key : kKeys) {
    int line = 0;
    const std::string message = refusal(with_line(key, key.key, key.wrong_type, line));
    SCOPED_TRACE(message);
    EXPECT_TRUE(message.starts_with(fmt::format("plan.toml:{}: {}", line, path_of(key))));
    expect_contains(message, "must be");
    expect_contains(message, key.accepted);
  }
}

TEST(Reader, EveryKeyRefusesAWrongValueWithItsPlace) {
  for (const Wrong& key : kKeys) {
    if (*key.wrong_value == '\0') continue;  // any text will do
    int line = 0;
    const std::string message = refusal(with_line(key, key.key, key.wrong_value, line));
    SCOPED_TRACE(message);
    EXPECT_TRUE(message.starts_with(fmt::format("plan.toml:{}: {}", line, path_of(key))));
    expect_contains(message, "must be");
    expect_contains(message, key.accepted);
  }
}

TEST(Reader, EveryMisspeltKeyIsRefusedWithTheNearestOne) {
  for (const Wrong& key : kKeys) {
    int line = 0;
    const std::string misspelt = key.key + std::string("e");
    const std::string message = refusal(with_line(key, misspelt, "", line));
    SCOPED_TRACE(message);
    Wrong wrong = key;
    wrong.key = misspelt.c_str();
    EXPECT_TRUE(message.starts_with(fmt::format("plan.toml:{}: unknown key \"{}\"", line, path_of(wrong))));
    // "d" with an "e" is as near to other short words; the list of accepted keys follows in any case.
    if (std::string(key.key) != "d") expect_contains(message, fmt::format("did you mean \"{}\"?", key.key));
    expect_contains(message, "accepted");
  }
}

TEST(Reader, MisspeltTablesAreRefused) {
  for (const char* table : {"problem", "sweep", "activation", "train", "fit", "figure"}) {
    const std::string message =
        refusal(replaced(kFullPlan, fmt::format("[{}]", table), fmt::format("[{}s]", table)));
    expect_contains(message, fmt::format("unknown key \"{}s\"; did you mean \"{}\"?", table, table));
  }
}

TEST(Reader, MissingKeysAreNamed) {
  for (const Wrong& key : kKeys) {
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

}  // namespace
}  // namespace lazygap::plan
