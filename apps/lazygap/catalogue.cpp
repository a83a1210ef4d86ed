#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "exit_codes.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"
#include "lazygap/plan/plan.h"
#include "lazygap/question/value.h"
#include "lazygap/report/table.h"
#include "lazygap/store/integrity.h"
#include "lazygap/store/store.h"
#include "output.h"

/// plans, keys, new, store: what there is.
namespace lazygap::app {
namespace {

using plan::Plan;

std::vector<std::string> words_of(const std::vector<Regime>& regimes) {
  std::vector<std::string> words;
  for (const Regime regime : regimes) words.emplace_back(to_string(regime));
  return words;
}
std::vector<std::string> words_of(const std::vector<question::Method>& methods) {
  std::vector<std::string> words;
  for (const question::Method method : methods) words.emplace_back(to_string(method));
  return words;
}

/// The swept keys of a plan with the ends of their ranges: "network.width 10 to 1000".
std::string axes_text(const Plan& plan) {
  std::vector<std::string> parts;
  for (const plan::Axis& axis : plan.axes)
    for (std::size_t k = 0; k < axis.keys.size(); ++k) {
      const std::string first = question::plain_text(axis.points.front()[k]);
      const std::string last = question::plain_text(axis.points.back()[k]);
      const std::string name = axis.keys[k]->path == "network.width" ? "N" : axis.keys[k]->path;
      parts.push_back(first == last ? fmt::format("{} {}", name, first)
                                    : fmt::format("{} {} to {}", name, first, last));
    }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// What a new plan looks like: it runs as it is.
constexpr std::string_view kNewPlan =
    R"toml(# A plan of lazygap: "lazygap run {0}.toml" computes it, "lazygap figure {0}.toml" draws it.
# "lazygap keys" lists every key; --set KEY=VALUE changes one for one run.
name = "{0}"

[problem]
model = "qf"                         # "qf", "mg" (a mixture of Gaussians) or "polynomial"
d = 50                               # dimension of x
spectrum = {{ law = "exponential" }}   # eigenvalues of B

[sweep]
regimes = ["NN", "NT", "RF(I)"]      # which functions may be learnt
neurons = [5, 10, 25, 50, 100, 200]  # widths N
methods = ["limit", "exact"]         # add "train" (SGD) and "fit" (least squares) to simulate
draws = 4                            # draws of the first layer
seed = 1                             # everything random follows from it

# Any other key can be swept, too; several take their values together where they are tied:
# [axes]
# "activation.name" = ["relu", "quadratic"]

[activation]
name = "quadratic"

[train]
steps = 5000
batch = 100
draws = 1

[fit]
samples = 20000

[figure]
frame = "left"                       # R/R0 against N; "right": along training; "axes": against figure.x
)toml";

int merge_stores(const Request& request) {
  store::Store target = store::Store::open(request.word);
  for (const std::string& file : request.files) {
    const store::Merged merged = store::merge(target, store::Store::open_read_only(file));
    print(fmt::format("{}: {} results added, {} were there, {} states of unfinished computations\n",
                      printable(file), merged.added, merged.present, merged.states));
  }
  return kExitOk;
}

int check_store(const Request& request) {
  const store::Integrity found = store::check(request.word);
  report::Table table{.header = {"method", "status", "results"}, .lines = {}};
  nlohmann::ordered_json json{
      {"file", request.word}, {"problems", found.problems}, {"results", nlohmann::ordered_json::array()}};
  for (const auto& count : found.counts) {
    table.lines.push_back({count.method, count.status, fmt::format("{}", count.results)});
    json["results"].push_back(
        {{"method", count.method}, {"status", count.status}, {"results", count.results}});
  }
  std::string text = align(table);
  for (const std::string& problem : found.problems) text += problem + "\n";
  print(request.json ? json.dump() + "\n" : text);
  return found.problems.empty() ? kExitOk : kExitFiles;
}

}  // namespace

int plans(const Request& request) {
  if (!request.word.empty()) {
    print(plan::built_in_plan(request.word));
    return kExitOk;
  }
  report::Table table{.header = {"name", "model", "d", "axes", "regimes", "methods"}, .lines = {}};
  std::string json;
  for (const std::string& name : plan::built_in_plans()) {
    const Plan plan = plan::load_plan(name);
    const auto regimes = words_of(plan.regimes), methods = words_of(plan.methods);
    const bool sweeps_d = plan.axis_of(question::key_at("problem.d")) != nullptr;
    if (request.json)
      json +=
          nlohmann::ordered_json{{"name", name},
                                 {"model", plan.base.problem.model},
                                 {"d", plan.at(question::Method::limit, plan.regimes.front(), 0).problem.d},
                                 {"axes", axes_text(plan)},
                                 {"regimes", regimes},
                                 {"methods", methods}}
              .dump() +
          "\n";
    table.lines.push_back({name, plan.base.problem.model,
                           sweeps_d ? "swept" : fmt::format("{}", plan.base.problem.d), axes_text(plan),
                           fmt::format("{}", fmt::join(regimes, " ")),
                           fmt::format("{}", fmt::join(methods, " "))});
  }
  print(request.json ? json : report::align(table));
  return kExitOk;
}

int keys(const Request& request) {
  std::string text, json;
  for (const plan::KeyDescription& key : plan::describe_keys()) {
    const bool found = request.word.empty() || key.path.find(request.word) != std::string::npos ||
                       key.doc.find(request.word) != std::string::npos;
    if (!found) continue;
    json +=
        nlohmann::ordered_json{
            {"key", key.path}, {"accepted", key.accepted}, {"default", key.standard}, {"meaning", key.doc}}
            .dump() +
        "\n";
    text += fmt::format("{}\n    {}\n    accepted: {}\n", key.path, key.doc, key.accepted);
    if (!key.standard.empty()) text += fmt::format("    default: {}\n", key.standard);
  }
  if (text.empty())
    throw UsageError(
        fmt::format("no key has {} in its name or meaning; \"lazygap keys\" lists all", quote(request.word)));
  print(request.json ? json : text);
  return kExitOk;
}

int new_plan(const Request& request) {
  const std::string name = request.word.empty() ? "my-plan" : request.word;
  const auto text_for = [](const std::string& called) { return fmt::format(fmt::runtime(kNewPlan), called); };
  // Refuses a name that no plan can have, before it stands in the text.
  static_cast<void>(
      plan::plan_from_text(text_for("my-plan"), "the new plan", {{"name", question::toml_string(name)}}));
  print(text_for(name));
  return kExitOk;
}

int look_after_store(const Request& request) {
  return request.files.empty() ? check_store(request) : merge_stores(request);
}

}  // namespace lazygap::app
