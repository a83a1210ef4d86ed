#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/program.h"
#include "lazygap/plan/plan.h"
#include "support/sanitizers.h"

namespace lazygap::cli {
namespace {

namespace fs = std::filesystem;

/// Every route in well under a second.
constexpr const char* kSmallPlan = R"toml(name = "small"
[problem]
model = "qf"
d = 6
spectrum = { law = "exponential" }
[sweep]
regimes = ["NN", "NT", "RF(I)", "RF(Gamma*)"]
neurons = [2, 6]
methods = ["limit", "exact", "train", "fit"]
draws = 2
[train]
steps = 200
batch = 10
step_sizes = [0.005, 0.01, 0.02]
draws = 2
records = 10
test_samples = 200
[fit]
samples = 500
)toml";

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> objects;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) objects.push_back(nlohmann::json::parse(line));
  return objects;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class Cli : public testing::Test {
 protected:
  Cli() { place_.write("small.toml", kSmallPlan); }
  Workplace place_;
};

TEST_F(Cli, HelpOfEveryCommandHasAnExample) {
  const Answer all = place_.run("--help");
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(place_.run("").out, all.out) << "alone";
  EXPECT_EQ(all.err, "");
  for (const std::string command : {"limit", "exact", "run", "figure", "show", "plans", "keys", "new",
                                    "store", "doctor", "completion", "man"}) {
    EXPECT_NE(all.out.find("\n  " + command + " "), std::string::npos) << command;
    const Answer help = place_.run(command + " --help");
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_NE(help.out.find("Example:\n  lazygap " + command), std::string::npos) << help.out;
    EXPECT_EQ(help.err, "") << command;
  }
}

TEST_F(Cli, WeightsGoOutAndComeIn) {
  const std::string one =
      "run small.toml --json --set sweep.neurons=[6] --set sweep.draws=1 --set train.draws=1 ";
  const auto methods = [](const char* method) {
    return fmt::format("--set sweep.methods='[\"{}\"]' ", method);
  };
  const auto regimes = [](const char* regime) {
    return fmt::format("--set sweep.regimes='[\"{}\"]' ", regime);
  };
  const std::string trained =
      one + methods("train") + "--set train.step_sizes=[0.01] --set train.keep_weights=true ";
  const auto kept = [&](const char* regime) {
    const Answer run = place_.run(trained + regimes(regime) + "--out " + regime);
    EXPECT_EQ(run.code, 0) << run.err;
    return json_lines(run.out).at(0);
  };
  const nlohmann::json nn = kept("NN"), nt = kept("NT");
  const fs::path of_nn = place_ / "NN" / nn["weights"].get<std::string>(),
                 of_nt = place_ / "NT" / nt["weights"].get<std::string>();
  for (const char* file : {"W.npy", "a.npy", "c.npy"}) EXPECT_TRUE(fs::exists(of_nn / file)) << file;
  for (const char* file : {"W.npy", "A.npy", "c.npy"}) EXPECT_TRUE(fs::exists(of_nt / file)) << file;

  // Training goes on from W, and the question says so by its content.
  const Answer next =
      place_.run(trained + regimes("NN") + "--out next --set train.initial=" + (of_nn / "W.npy").string());
  ASSERT_EQ(next.code, 0) << next.err;
  EXPECT_TRUE(json_lines(next.out).at(0)["question"]["initial"].get<std::string>().starts_with("6x6 "));
  EXPECT_NE(json_lines(next.out).at(0)["ratio"], nn["ratio"]);

  // The W that NT has kept is the one for which the exact risk is computed.
  const std::string exact = one + methods("exact") + regimes("NT");
  const Answer drawn = place_.run(exact + "--out drawn"),
               given =
                   place_.run(exact + "--out given --set sweep.first_layer=" + (of_nt / "W.npy").string());
  ASSERT_EQ(given.code, 0) << given.err;
  EXPECT_EQ(json_lines(given.out).at(0)["risk"], json_lines(drawn.out).at(0)["risk"]);

  place_.write("W.csv", "1,0\n0,1\n");
  const Answer wrong = place_.run("run small.toml --set train.initial=W.csv");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("train.initial is a 2 x 2 matrix, but must have d = 6 rows"), std::string::npos)
      << wrong.err;
  const Answer missing = place_.run("run small.toml --set sweep.first_layer=no.npy");
  EXPECT_EQ(missing.code, 4);
  EXPECT_NE(missing.err.find("no.npy"), std::string::npos) << missing.err;
}

TEST_F(Cli, MechanismIsInTheJson) {
  const Answer run = place_.run(
      "run small.toml --json --set train.mechanism=true --set train.overlap_ranks=[1,2] --set "
      "sweep.methods='[\"train\"]'");
  ASSERT_EQ(run.code, 0) << run.err;
  std::size_t with = 0;
  for (const nlohmann::json& row : json_lines(run.out)) {
    if (row["method"] != "train" || row["status"] != "ok") continue;
    ++with;
    EXPECT_EQ(row["mechanism"]["ranks"], nlohmann::json({1, 2}));
    EXPECT_EQ(row["mechanism"]["points"].back()["step"], 200);
  }
  EXPECT_GT(with, 0u);
}

TEST_F(Cli, Version) {
  const Answer run = place_.run("--version");
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.out.find('.'), std::string::npos) << run.out;
}

TEST_F(Cli, WrongCommandLinesAreExit2AndOneSentence) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"plot", "unknown command \"plot\""},
      {"figur 1", "unknown command \"figur\"; did you mean \"figure\"?"},
      {"run small.toml --jbs 2", "did you mean \"--jobs\"?"},
      {"run small.toml -q -v", "--quiet"},
      {"completion tcsh", "tcsh"},
      {"limit", "PLAN is required; see \"lazygap limit --help\""},
      {"limit small.toml extra", "extra"},
      {"limit small.toml --sett a=b", "--sett"},
      {"limit small.toml --set", "--set"},
      {"limit small.toml --set sweep.draws", "--set \"sweep.draws\" is not of the form key=value"},
      {"limit small.toml --set =3", "--set \"=3\" is not of the form key=value"},
      {"exact small.toml --jobs 0", "--jobs"},
      {"exact small.toml --jobs many", "many"},
      {"figure 1 --scale huge", "huge"},
      {"show small.toml --jobs 2", "--jobs"},
      {"doctor small.toml", "small.toml"},
      {"limit nowhere.toml", "nowhere.toml: no such file and no such built-in plan"},
      {"figure figure-1-lefft", "did you mean \"figure-1-left\", "},
      {"run double-descend", "did you mean \"double-descent\"?"},
      {"plans no-such-plan", "no-such-plan"},
      {"keys no-such-word", "no key has \"no-such-word\" in its name or meaning"},
      {"new -- -rf", "starting with a letter or a digit"},
      {"show small.toml --format xml", "xml"},
      {"store", "subcommand"},
      {"compare t.csv --target y --group g --ordered", "--group"},
  };
  for (const auto& [arguments, message] : cases) {
    const Answer run = place_.run(arguments);
    EXPECT_EQ(run.code, 2) << arguments;
    EXPECT_EQ(run.out, "") << arguments;
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    EXPECT_EQ(run.err.rfind("lazygap: ", 0), 0u) << run.err;
    EXPECT_NE(run.err.find(message), std::string::npos) << arguments << ": " << run.err;
  }
}

TEST_F(Cli, SentencesNameNoFunctionOfTheLibrary) {
  place_.write("five.csv", "a,g,y\n1,1,2\n2,2,3\n3,1,4\n3,2,1\n1,1,9\n");
  const std::string compare = "compare five.csv --target y ";
  EXPECT_EQ(place_.run(compare + "--group g").err,
            "lazygap: there are 2 groups, but 5 folds need at least 5\n");
  EXPECT_EQ(place_.run(compare + "--folds 7").err,
            "lazygap: there are 5 samples, but 7 folds need at least 14\n");
  EXPECT_EQ(place_.run(compare + "--ordered --repeats 3").err,
            "lazygap: repeats is 3, but ordered splits have nothing to repeat: 1\n");
}

/// An argument that a shell passes on as it stands: it sets a colour and clears the screen of a terminal.
constexpr const char* kHostile = "$'\\e[31m\\e[2J\\u202e'";

TEST_F(Cli, ArgumentsAreQuotedInSentences) {
  const std::string shown = "\"\\x1b[31m\\x1b[2J\\u202e\"";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"X", "unknown command Q; \"lazygap --help\" lists them"},
      {"run small.toml --jobs X", "--jobs is Q, but must be a whole number from 1 to 4096"},
      {"run small.toml -jX", "--jobs is Q, but must be a whole number from 1 to 4096"},
      {"run small.toml --shard X", "--shard Q is not of the form i/n"},
      {"run small.toml X", "unexpected argument Q; see \"lazygap run --help\""},
      {"run small.toml X and more", "unexpected argument Q (and 2 more)"},
      {"run small.toml --X=3", "unknown option \"--\\x1b[31m"},
      {"run small.toml --no-such=X", "unknown option \"--no-such\"; see"},
      {"run small.toml --json=X", "--json takes no value, but has Q"},
      {"run small.toml --set X", "--set Q is not of the form key=value"},
      {"run small.toml --set sweep.draws=X", "sweep.draws"},
      {"run small.toml --set X=3", "\\x1b[31m"},
      {"figure 1 --scale X", "--scale is Q, but must be one of laptop, paper"},
      {"show small.toml --format X", "--format is Q, but must be one of table, csv, markdown, latex, json"},
      {"completion X", "SHELL is Q, but must be one of bash, zsh, fish"},
      {"store X", "lazygap"},
      {"keys X", "no key has Q in its name or meaning"},
      {"new X", "starting with a letter or a digit"},
      {"compare small.csv --widths 10,X", "--widths is Q, but must be a whole number from 1"},
      {"compare small.csv --margin X", "--margin is Q, but must be a positive finite number"},
      {"compare small.csv --margin inf", "--margin is \"inf\", but must be a positive finite number"},
      {"compare small.csv --seed X", "--seed is Q, but must be a whole number from 0"},
      {"compare small.csv --task X", "--task is Q, but must be one of regression, classes"},
      {"compare small.csv --folds 1", "--folds is \"1\", but must be a whole number from 2 to 1000"},
      {"run small.toml --jobs", "--jobs needs a value"},
      {"run small.toml --jobs 1 --jobs 2", "--jobs is given 2 times, but can be given once only"},
      {"run small.toml --out ''", "--out must have a name"},
  };
  const auto replaced = [](std::string text, char letter, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(letter, at)) != std::string::npos; at += by.size())
      text.replace(at, 1, by);
    return text;
  };
  for (const auto& [arguments, expected] : cases) {
    // Of the shells only bash knows $'...'.
    place_.write("line.sh", "'" LAZYGAP_PROGRAM "' " + replaced(arguments, 'X', kHostile) + "\n");
    const Answer run = place_.run("--version >/dev/null; bash line.sh");
    EXPECT_EQ(run.code, 2) << arguments << ": " << run.err;
    EXPECT_EQ(run.out, "") << arguments;
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    EXPECT_EQ(run.err.find('\x1b'), std::string::npos) << arguments;
    EXPECT_NE(run.err.find(replaced(expected, 'Q', shown)), std::string::npos)
        << arguments << ": " << run.err;
  }
}

TEST_F(Cli, LongArgumentsAreCutInSentences) {
  // The longest argument that Linux hands to a program has 128 KiB.
  constexpr std::size_t kLong = 100'000, kSentence = 300;
  const std::string word(kLong, 'x');
  for (const std::string& arguments :
       {word, "run small.toml --jobs " + word, "run small.toml --" + word, "run small.toml " + word,
        "run small.toml --set " + word, "run small.toml --shard " + word, "run small.toml --json=" + word,
        "figure 1 --scale " + word, "completion " + word, "keys " + word, "compare a.csv --widths " + word}) {
    const Answer run = place_.run(arguments);
    const std::string start = arguments.substr(0, 40);
    EXPECT_EQ(run.code, 2) << start;
    EXPECT_LT(run.err.size(), kSentence) << start;
    EXPECT_NE(run.err.find("…"), std::string::npos) << start << ": " << run.err;
  }
}

TEST_F(Cli, NumbersOfOptionsAreDecimal) {
  EXPECT_EQ(place_.run("run small.toml --dry-run --jobs 010").code, 0);  // ten, not the octal eight
  EXPECT_NE(place_.run("run small.toml --jobs 0x10").err.find("--jobs is \"0x10\""), std::string::npos);
}

TEST_F(Cli, WrongPlansAreExit2AndNameThePlace) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"--set sweep.drawss=3", "sweep.drawss"},
      {"--set sweep.draws=-1", "sweep.draws"},
      {"--set sweep.draws=many", "many"},
      {"--set problem.model=xy", "xy"},
      {"--set 'problem.eigenvalues=[1, nan]'", "eigenvalues"},
      {"--set 'sweep.regimes=[\"Bayes\"]'", "Bayes"},
  };
  for (const auto& [arguments, message] : cases)
    for (const std::string command : {"limit", "exact", "run", "show", "figure"}) {
      const Answer run = place_.run(command + " small.toml " + arguments);
      EXPECT_EQ(run.code, 2) << command << " " << arguments << ": " << run.err;
      EXPECT_EQ(run.out, "");
      EXPECT_EQ(lines(run.err), 1u) << run.err;
      EXPECT_NE(run.err.find(message), std::string::npos) << run.err;
    }
  place_.write("bad.toml", std::string(kSmallPlan) + "[fit\n");
  const Answer run = place_.run("limit bad.toml");
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find("bad.toml:"), std::string::npos) << run.err;
}

TEST_F(Cli, MissingFilesAreExit4) {
  place_.write("no-file.toml", R"toml(name = "no-file"
[problem]
model = "qf"
file = "nowhere.npy"
[sweep]
regimes = ["NN"]
neurons = [1]
methods = ["limit"]
)toml");
  for (const std::string arguments :
       {"limit no-file.toml", "show small.toml", "store check nowhere.sqlite"}) {
    const Answer run = place_.run(arguments);
    EXPECT_EQ(run.code, 4) << arguments << run.err;
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    EXPECT_EQ(run.out, "");
  }
  EXPECT_NE(place_.run("limit no-file.toml").err.find("nowhere.npy"), std::string::npos);
  EXPECT_NE(place_.run("show small.toml").err.find("\"lazygap run small.toml\" computes them"),
            std::string::npos);
}

TEST_F(Cli, LimitAndExactAnswerWhateverTheMethodsAndWriteNoFiles) {
  for (const std::string method : {"limit", "exact"}) {
    const Answer run = place_.run(method + " small.toml --set 'sweep.methods=[\"fit\"]'");
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(lines(run.out), 1u + 4u * 2u) << run.out;
    EXPECT_NE(run.out.find(method), std::string::npos) << run.out;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(place_ / "."), fs::directory_iterator()), 1);
}

TEST_F(Cli, LimitAndExactWriteWhereAsked) {
  const Answer run = place_.run("exact small.toml --out kept");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(read(place_ / "kept" / "small-exact.txt"), run.out);
  EXPECT_TRUE(fs::exists(place_ / "kept" / "results.sqlite"));
}

TEST_F(Cli, JsonLinesHaveTheFieldsThatScriptsNeed) {
  for (const std::string command : {"limit", "exact", "run"}) {
    const Answer run = place_.run(command + " small.toml --json");
    EXPECT_EQ(run.code, 0) << run.err;
    const std::vector<nlohmann::json> objects = json_lines(run.out);
    ASSERT_FALSE(objects.empty()) << command;
    std::set<std::string> methods;
    for (const nlohmann::json& object : objects) {
      for (const char* field : {"model", "regime", "method", "d", "N", "rho", "n", "draw", "risk",
                                "null_risk", "ratio", "se", "status"})
        EXPECT_TRUE(object.contains(field)) << command << " " << field << " " << object;
      EXPECT_EQ(object["model"], "qf");
      EXPECT_EQ(object["d"], 6);
      EXPECT_EQ(object["n"].is_null(), object["method"] == "limit" || object["method"] == "exact") << object;
      methods.insert(object["method"]);
    }
    if (command == "run")
      EXPECT_EQ(methods, (std::set<std::string>{"limit", "exact", "train", "fit"}));
    else
      EXPECT_EQ(methods, std::set<std::string>{command});
  }
}

TEST_F(Cli, RunKeepsItsResultsAndShowRepeatsTheTable) {
  const Answer first = place_.run("run small.toml --jobs 1");
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(lines(first.out), 1u + 4u * 2u) << first.out;
  EXPECT_TRUE(fs::exists(place_ / "results" / "small" / "results.sqlite"));
  const Answer again = place_.run("run small.toml");
  EXPECT_EQ(again.out, first.out);
  EXPECT_NE(again.err.find("from the store"), std::string::npos) << again.err;
  const Answer show = place_.run("show small.toml");
  EXPECT_EQ(show.code, 0);
  EXPECT_EQ(show.out, first.out);
  EXPECT_EQ(show.err, "");
  const std::vector<nlohmann::json> shown = json_lines(place_.run("show small.toml --json").out);
  const std::vector<nlohmann::json> ran = json_lines(place_.run("run small.toml --json").out);
  EXPECT_EQ(shown, ran);
}

TEST_F(Cli, ShowHasAFormatForEveryReader) {
  ASSERT_EQ(place_.run("run small.toml").code, 0);
  const auto show = [&](const std::string& format) {
    const Answer run = place_.run("show small.toml --format " + format);
    EXPECT_EQ(run.code, 0) << run.err;
    return run.out;
  };
  EXPECT_EQ(show("table"), place_.run("show small.toml").out);
  EXPECT_EQ(show("csv").rfind("regime,method,d,N,rho,", 0), 0u);
  EXPECT_EQ(show("markdown").rfind("| regime |", 0), 0u);
  EXPECT_EQ(show("latex").rfind("\\begin{tabular}", 0), 0u);
  const std::vector<nlohmann::json> objects = json_lines(show("json"));
  EXPECT_EQ(objects.size() + 1, lines(show("csv"))) << "and the header";
  for (const nlohmann::json& object : objects)
    for (const char* column : {"regime", "method", "d", "N", "rho", "ratio", "se", "draws"})
      EXPECT_TRUE(object.contains(column)) << column;
}

TEST_F(Cli, KeysAreListedAndSearched) {
  const Answer all = place_.run("keys");
  EXPECT_EQ(all.code, 0);
  for (const char* key : {"problem.d\n", "train.momentum\n", "figure.x\n", "sweep.best\n"})
    EXPECT_NE(all.out.find(key), std::string::npos) << key;
  const Answer some = place_.run("keys momentum");
  EXPECT_EQ(some.code, 0);
  EXPECT_EQ(some.out.rfind("train.momentum\n", 0), 0u) << some.out;
  EXPECT_NE(some.out.find("accepted: from 0 to below 1"), std::string::npos) << some.out;
  for (const nlohmann::json& key : json_lines(place_.run("keys --json").out))
    for (const char* field : {"key", "accepted", "default", "meaning"})
      EXPECT_TRUE(key.contains(field)) << key;
}

TEST_F(Cli, ANewPlanRuns) {
  const Answer made = place_.run("new mine");
  EXPECT_EQ(made.code, 0) << made.err;
  place_.write("mine.toml", made.out);
  EXPECT_NE(made.out.find("name = \"mine\""), std::string::npos);
  EXPECT_EQ(place_.run("run mine.toml --set problem.d=10 --set 'sweep.neurons=[5]'").code, 0);
}

TEST_F(Cli, APlanIsShownAsItIsWritten) {
  const Answer shown = place_.run("plans figure-1-left-laptop");
  EXPECT_EQ(shown.code, 0);
  EXPECT_NE(shown.out.find("name = \"figure-1-left-laptop\""), std::string::npos);
  place_.write("copy.toml", shown.out);
  EXPECT_EQ(place_.run("run copy.toml --dry-run").code, 0);
}

TEST_F(Cli, ShowListsWhatAStoreHolds) {
  ASSERT_EQ(place_.run("run small.toml").code, 0);
  ASSERT_EQ(place_
                .run("run small.toml --set activation.name=relu --set 'sweep.regimes=[RF(I)]' --set "
                     "'sweep.methods=[exact]'")
                .code,
            0);
  const Answer folder = place_.run("show results/small");
  EXPECT_EQ(folder.code, 0) << folder.err;
  for (const char* word : {"relu", "quadratic", "limit", "train", "activation.name"})
    EXPECT_NE(folder.out.find(word), std::string::npos) << word << "\n" << folder.out;
  EXPECT_EQ(place_.run("show results/small/results.sqlite").out, folder.out);
  const Answer csv = place_.run("show results/small --format csv");
  EXPECT_EQ(lines(csv.out), lines(folder.out));
  EXPECT_EQ(json_lines(place_.run("show results/small --json").out).size() + 1, lines(csv.out));
  EXPECT_EQ(place_.run("show results/small --set problem.d=3").code, 2);
}

TEST_F(Cli, VerboseSaysBeforehandWhatIsDone) {
  const Answer run = place_.run("run small.toml -v");
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.err.find("error form, "), std::string::npos) << run.err;
  EXPECT_EQ(place_.run("run small.toml").out, run.out);
}

// One source: the command line itself.
TEST_F(Cli, CompletionAndManualHaveEveryCommandAndOption) {
  const std::string help = place_.run("run --help").out;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const Answer made = place_.run("completion " + shell);
    EXPECT_EQ(made.code, 0) << made.err;
    for (const char* word :
         {"limit", "exact", "run", "figure", "show", "plans", "keys", "new", "store", "doctor", "completion",
          "man", "jobs", "quiet", "markdown", "figure-1-left-laptop", "problem.noise_to_signal=", "1-relu"})
      EXPECT_NE(made.out.find(word), std::string::npos) << shell << " " << word;
    place_.write("completion." + shell, made.out);
    // Where the shell is there, it reads the script.
    if (std::system(("command -v " + shell + " >/dev/null 2>&1").c_str()) == 0) {
      EXPECT_EQ(std::system((shell + " -n '" + (place_ / ("completion." + shell)).string() + "'").c_str()), 0)
          << shell;
    }
  }
  const Answer manual = place_.run("man");
  EXPECT_EQ(manual.code, 0);
  EXPECT_EQ(manual.out.rfind(".TH LAZYGAP 1", 0), 0u);
  for (const char* word : {".SS lazygap run PLAN", "\\-\\-shard", ".SH EXIT STATUS", "128 + N", "NO_COLOR"})
    EXPECT_NE(manual.out.find(word), std::string::npos) << word;
}

TEST_F(Cli, BashCompletesCommandsPlansAndKeys) {
  place_.write("lazygap.bash", place_.run("completion bash").out);
  const auto complete = [&](const std::string& words, int place) {
    const std::string script =
        "source " + (place_ / "lazygap.bash").string() + "; compopt() { :; }; COMP_WORDS=(" + words +
        "); COMP_CWORD=" + std::to_string(place) + "; _lazygap; printf '%s\\n' \"${COMPREPLY[@]}\"";
    place_.write("try.sh", script);
    const std::string out = (place_ / "completed").string();
    EXPECT_EQ(std::system(("bash '" + (place_ / "try.sh").string() + "' >'" + out + "'").c_str()), 0);
    return read(out);
  };
  EXPECT_EQ(complete("lazygap fi", 1), "figure\n");
  EXPECT_EQ(complete("lazygap run spiked", 2), "spiked-covariates\n");
  EXPECT_EQ(complete("lazygap run x.toml --set train.mom", 4), "train.momentum=\n");
  EXPECT_EQ(complete("lazygap show x.toml --format mark", 4), "markdown\n");
  EXPECT_EQ(complete("lazygap figure 1 --sc", 3), "--scale\n");
}

TEST_F(Cli, WholeNumbersMayBeWrittenWithExponents) {
  const Answer run = place_.run("run small.toml --dry-run --set train.steps=1e3");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(place_.run("run small.toml --dry-run --set train.steps=1.5e0").err.find("train.steps is 1.5"),
            std::string::npos);
}

TEST_F(Cli, WhatCannotFitIsRefusedAlikeByTheDryRun) {
  const std::string huge =
      " small.toml --set problem.d=3000000 --set 'sweep.neurons=[3000000]' --set 'sweep.methods=[exact]'";
  const Answer dry = place_.run("run --dry-run" + huge), real = place_.run("run" + huge);
  EXPECT_EQ(dry.code, 2) << dry.err;
  EXPECT_EQ(real.code, 2) << real.err;
  // What is available changes from moment to moment.
  const auto needed = [](const std::string& text) { return text.substr(0, text.find(" of memory, but ")); };
  EXPECT_EQ(needed(dry.err), needed(real.err));
  EXPECT_NE(real.err.find(" of memory, but "), std::string::npos) << real.err;
  EXPECT_EQ(lines(real.err), 1u) << real.err;
}

TEST_F(Cli, NoiseRelativeToR0IsThatNoise) {
  // R0 = 2 ||B||_F^2 = 12 for B = I in d = 6: a ratio of 0.75 is a standard deviation of 3.
  const std::string plan =
      "run small.toml --json --set 'problem.spectrum={law=\"identity\"}' --set 'sweep.methods=[fit]' --set "
      "'sweep.regimes=[RF(I)]' --set ";
  const auto relative = json_lines(place_.run(plan + "problem.noise_to_signal=0.75").out);
  const auto absolute = json_lines(place_.run(plan + "problem.label_noise=3").out);
  ASSERT_EQ(relative.size(), absolute.size());
  ASSERT_FALSE(relative.empty());
  for (std::size_t i = 0; i < relative.size(); ++i) {
    EXPECT_EQ(relative[i]["null_risk"], 12);
    EXPECT_EQ(relative[i]["risk"], absolute[i]["risk"]);
    EXPECT_NE(relative[i]["key"], absolute[i]["key"]);
  }
  EXPECT_NE(place_.run("run small.toml --set problem.noise_to_signal=1 --set problem.label_noise=1")
                .err.find("is given beside"),
            std::string::npos);
}

TEST_F(Cli, AStoreIsChecked) {
  ASSERT_EQ(place_.run("run small.toml").code, 0);
  const std::string store = "results/small/results.sqlite";
  const Answer good = place_.run("store check " + store);
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_NE(good.out.find("train"), std::string::npos) << good.out;
  const nlohmann::json json = json_lines(place_.run("store check --json " + store).out).at(0);
  EXPECT_TRUE(json["problems"].empty());
  EXPECT_FALSE(json["results"].empty());
  place_.write("not.sqlite", "no database");
  EXPECT_EQ(place_.run("store check not.sqlite").code, 4);
}

TEST_F(Cli, AxesAreColumnsOfTheTable) {
  const Answer run = place_.run(
      "run small.toml --set 'axes.fit.ridge=[0, 0.5]' --set 'sweep.methods=[exact, fit]' --set "
      "'sweep.regimes=[RF(I)]'");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(lines(run.out), 1u + 2u * 2u) << run.out;
  EXPECT_NE(run.out.find("ridge"), std::string::npos) << run.out;
}

TEST_F(Cli, HalvingTellsTheWorkItTook) {
  const std::string sentence = "small: successive halving took ", rest = " % of the steps of the full grid";
  const Answer halving = place_.run("run small.toml --set train.search=halving");
  EXPECT_EQ(halving.code, 0) << halving.err;
  EXPECT_NE(halving.err.find(sentence), std::string::npos) << halving.err;
  EXPECT_NE(halving.err.find(rest), std::string::npos) << halving.err;
  EXPECT_EQ(place_.run("run small.toml").err.find("successive halving"), std::string::npos);
}

TEST_F(Cli, DryRunComputesAndWritesNothing) {
  for (const std::string command : {"limit", "exact", "run", "figure"}) {
    const Answer run = place_.run(command + " small.toml --dry-run");
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("expected: "), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("memory"), std::string::npos) << run.out;
    const bool trains = command == "run" || command == "figure";
    EXPECT_EQ(run.out.find("error form, ") != std::string::npos, trains) << run.out;
    for (const nlohmann::json& object : json_lines(place_.run(command + " small.toml --dry-run --json").out))
      EXPECT_TRUE(object.contains("seconds") && object.contains("bytes") && object.contains("path"))
          << object;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(place_ / "."), fs::directory_iterator()), 1);
}

TEST_F(Cli, FigureOfAPlan) {
  const Answer run = place_.run("figure small.toml --out picture");
  EXPECT_EQ(run.code, 0) << run.err;
  std::istringstream stream(run.out);
  std::set<std::string> endings;
  for (std::string file; std::getline(stream, file);) {
    EXPECT_GT(fs::file_size(place_ / file), 0u) << file;
    endings.insert(fs::path(file).extension());
  }
  EXPECT_TRUE(endings.count(".csv") && endings.count(".gp") && endings.count(".html")) << run.out;
  if (run.err.find("gnuplot-nox") == std::string::npos) {
    EXPECT_EQ(endings.size(), 6u) << run.out;
  }
  const std::string report = read(place_ / "picture" / "report.html");
  EXPECT_NE(report.find("<code>lazygap figure small.toml --out picture</code>"), std::string::npos);
  for (const char* path : {"error form, ", "direct, "})  // of NT and NN, which has at most d neurons
    EXPECT_NE(report.find(path), std::string::npos) << path;
  EXPECT_EQ(place_.run("show small.toml --out picture").code, 0) << "the results are where the guide says";
}

TEST_F(Cli, TheScaleBelongsToFiguresOfTwoFrames) {
  const Answer run = place_.run("figure small.toml --scale paper");
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find("--scale paper belongs to the figures of two frames"), std::string::npos) << run.err;
  EXPECT_EQ(place_.run("run small.toml --out ''").code, 2);
}

TEST_F(Cli, FigureWithoutGnuplotSaysWhatToInstall) {
  const Answer run = place_.run("figure small.toml", "PATH=/nowhere");
  EXPECT_EQ(run.code, 4) << "pictures were asked for: " << run.err;
  EXPECT_NE(run.err.find("install the package gnuplot-nox"), std::string::npos) << run.err;
  EXPECT_TRUE(fs::exists(place_ / "results" / "small" / "small.csv"));
  EXPECT_TRUE(fs::exists(place_ / "results" / "small" / "small.gp"));
  EXPECT_TRUE(fs::exists(place_ / "results" / "small" / "report.html"));
  EXPECT_FALSE(fs::exists(place_ / "results" / "small" / "small.svg"));
}

TEST_F(Cli, FoldersThatCannotBeWrittenAreExit4) {
  place_.write("file", "in the way");
  for (const std::string arguments :
       {"run small.toml --out file/inside", "figure small.toml --out file", "exact small.toml --out file",
        "limit small.toml --out /proc/nowhere"}) {
    const Answer run = place_.run(arguments);
    EXPECT_EQ(run.code, 4) << arguments << ": " << run.err;
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    EXPECT_EQ(run.out, "");
  }
  if (::geteuid() == 0) return;  // nothing is read-only to root
  fs::create_directory(place_ / "locked");
  fs::permissions(place_ / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(place_.run("run small.toml --out locked").code, 4);
  fs::permissions(place_ / "locked", fs::perms::owner_all);
}

TEST_F(Cli, AFullStandardOutputIsExit4) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  for (const std::string arguments : {"limit small.toml", "limit small.toml --json", "plans", "doctor",
                                      "--help", "limit --help", "run small.toml"}) {
    const Answer run = place_.run(arguments + " >/dev/full");
    EXPECT_EQ(run.code, 4) << arguments;
    EXPECT_NE(run.err.find("standard output cannot be written"), std::string::npos)
        << arguments << ": " << run.err;
  }
}

TEST_F(Cli, EveryStepSizeDivergingIsExit3) {
  const Answer run = place_.run("run small.toml --set 'train.step_sizes=[1e6]'");
  EXPECT_EQ(run.code, 3) << run.out << run.err;
  EXPECT_NE(run.out.find("diverged"), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("lack a result"), std::string::npos) << run.err;
}

TEST_F(Cli, PlansAreListed) {
  const Answer run = place_.run("plans");
  EXPECT_EQ(run.code, 0);
  std::size_t plans = 0;
  for (const nlohmann::json& plan : json_lines(place_.run("plans --json").out)) {
    const std::string name = plan["name"];
    EXPECT_NE(run.out.find(name), std::string::npos) << name;
    // The plans beyond the paper are for machines with more memory than this one may have.
    const std::string elsewhere = name.find("-large") != std::string::npos ? " --machines 1" : "";
    EXPECT_EQ(place_.run("run " + name + " --dry-run --set sweep.draws=1" + elsewhere).code, 0) << name;
    ++plans;
  }
  EXPECT_EQ(plans, plan::built_in_plans().size());
  EXPECT_EQ(lines(run.out), plans + 1) << "and the header";
}

TEST_F(Cli, FiguresKnowTheirPlans) {
  for (const std::string number : {"1", "2", "1-relu", "1-tanh", "2-relu", "2-tanh", "2-rotated"})
    for (const std::string scale : {"laptop", "paper"}) {
      const Answer run = place_.run("figure " + number + " --scale " + scale + " --dry-run");
      EXPECT_EQ(run.code, 0) << run.err;
      const std::string ending = scale == "laptop" ? "-laptop:" : ":";
      for (const std::string side : {"left", "right"})
        EXPECT_NE(run.out.find("figure-" + number + "-" + side + ending), std::string::npos) << run.out;
    }
}

TEST_F(Cli, DoctorShowsVersionsAndWarnsAboutPresets) {
  const Answer run = place_.run("doctor");
  EXPECT_EQ(run.code, 0) << run.err;
  for (const char* word :
       {"processor", "instruction set", "threads", "Eigen", "OpenBLAS", "Boost", "SQLite", "gnuplot"})
    EXPECT_NE(run.out.find(std::string("\n") + word + " "), std::string::npos) << word << "\n" << run.out;
  const std::string warning = "warning: OPENBLAS_CORETYPE=Haswell is set in the environment";
  EXPECT_NE(place_.run("doctor", "OPENBLAS_CORETYPE=Haswell").out.find(warning), std::string::npos);
  EXPECT_EQ(place_.run("doctor", "env -u OPENBLAS_CORETYPE").out.find(warning), std::string::npos);
  EXPECT_NE(place_.run("doctor", "PATH=/nowhere").out.find("install the package gnuplot-nox"),
            std::string::npos);
  EXPECT_TRUE(json_lines(place_.run("doctor --json").out).at(0).contains("instruction set"));
}

// The commands of docs/clusters.md.
TEST_F(Cli, SharesOfAPlanAreMerged) {
  const std::string whole = place_.run("run small.toml --out whole -q").out;
  for (const std::string part : {"1", "2"})
    EXPECT_EQ(place_.run("run small.toml -q --shard " + part + "/2 --out part-" + part).code, 0);
  const Answer merged =
      place_.run("store merge all/results.sqlite part-1/results.sqlite part-2/results.sqlite");
  EXPECT_EQ(merged.code, 0) << merged.err;
  EXPECT_NE(merged.out.find("part-2/results.sqlite: "), std::string::npos) << merged.out;
  EXPECT_EQ(place_.run("run small.toml --out all -q").out, whole);
  for (const std::string shard : {"3/2", "0/2", "2", "a/b", "1/2/3", "1/0"}) {
    const Answer refused = place_.run("run small.toml --shard " + shard);
    EXPECT_EQ(refused.code, 2) << shard;
    EXPECT_NE(refused.err.find("shard"), std::string::npos) << refused.err;
  }
}

TEST_F(Cli, MachinesThatAreNotHereArePredicted) {
  const std::string command =
      "run small.toml --dry-run --machines 4 --cores 2 --latency 1e-4 --bandwidth 1e8";
  const Answer run = place_.run(command);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("predicted for 4 machines of 2 cores as fast as one here: "), std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("0.0001 s, 1e+08 bytes a second"), std::string::npos) << run.out;
  const nlohmann::json object = json_lines(place_.run(command + " --json").out).at(0);
  EXPECT_EQ(object["machines"], 4);
  EXPECT_EQ(object["cores"], 2);
  EXPECT_GT(object["work_seconds"], 0);
  EXPECT_GE(object["seconds"], object["longest_seconds"]);
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"--machines 4", "--machines requires --dry-run"},
      {"--dry-run --cores 4", "--cores requires --machines"},
      {"--dry-run --machines 0", "the number of machines is 0, but must be from 1 to 1000000"},
      {"--dry-run --machines 2 --cores 0", "the number of cores of a machine is 0"},
      {"--dry-run --machines 2 --latency=-1", "the latency is -1 s, but must be at least 0"},
      {"--dry-run --machines 2 --bandwidth 0", "the bandwidth is 0 bytes a second"},
      {"--dry-run --machines 2 --shard 1/2", "--shard excludes --machines"}};
  for (const auto& [options, sentence] : refused) {
    const Answer answer = place_.run("run small.toml " + options);
    EXPECT_EQ(answer.code, 2) << options;
    EXPECT_NE(answer.err.find(sentence), std::string::npos) << answer.err;
  }
}

// Where OpenBLAS had threads of its own, each would spin for ever for want of its buffer of 128 MiB.
TEST_F(Cli, AnAddressSpaceTooSmallForTheBlasIsRefusedAtOnce) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space themselves";
  for (const char* limit : {"130000", "200000"})
    for (const char* command :
         {"run small.toml", "run small.toml --dry-run --jobs 32", "exact small.toml", "plans"}) {
      const Answer run = place_.run(command, std::string("ulimit -v ") + limit + "; timeout 20");
      EXPECT_EQ(run.code, 2) << limit << command << run.err;
      EXPECT_NE(run.err.find("the limit on the address space (ulimit -v) leaves"), std::string::npos)
          << run.err;
    }
}

/// The program starts no thread before main(), and does without further ones where it must.
TEST_F(Cli, ALimitOnThreadsIsNoObstacle) {
  if (kSanitized) GTEST_SKIP() << "sanitizers start threads";
  // No such limit holds for root.
  const std::string user = ::geteuid() == 0 ? "setpriv --reuid=65534 --clear-groups " : "";
  const auto run = [&](const std::string& command) {
    return place_.run(command, "cd / && timeout 60 " + user + "prlimit --nproc=1");
  };
  const Answer plans = run("plans");
  if (plans.err.find("Permission denied") != std::string::npos) GTEST_SKIP() << "not for other users to run";
  EXPECT_EQ(plans.code, 0) << plans.err;
  const Answer exact = run("exact figure-1-left-laptop --set sweep.neurons=[10] --jobs 2");
  EXPECT_EQ(exact.code, 0) << exact.err;
  EXPECT_NE(exact.err.find("2 of 2 jobs could not be started"), std::string::npos) << exact.err;
}

}  // namespace
}  // namespace lazygap::cli
