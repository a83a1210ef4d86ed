#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "lazygap/core/error.h"
#include "lazygap/core/ordinary_file.h"
#include "lazygap/core/quote.h"
#include "lazygap/core/suggestion.h"
#include "lazygap/plan/plan.h"
#include "plan/built_in_plans.h"
#include "plan/check.h"
#include "plan/document.h"
#include "plan/plan_keys.h"
#include "plan/reader.h"

namespace lazygap::plan {
namespace {

namespace fs = std::filesystem;
using question::find_key;
using question::keys;

/// The keys of the document with their nodes, tables taken apart.
using Leaves = std::map<std::string, const toml::node*, std::less<>>;

std::vector<std::string> all_paths() {
  std::vector<std::string> paths;
  for (const PlanKey& key : plan_keys()) paths.push_back(key.path);
  for (const Key& key : keys()) paths.push_back(key.path);
  return paths;
}

/// What may stand in a table: "problem" at the top, "d" in problem.
std::vector<std::string> accepted_in(const std::string& table) {
  static const std::vector<std::string> paths = all_paths();
  std::vector<std::string> words;
  const std::string prefix = table.empty() ? "" : table + ".";
  for (const std::string& path : paths) {
    if (!path.starts_with(prefix)) continue;
    const std::string word = path.substr(prefix.size(), path.find('.', prefix.size()) - prefix.size());
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  if (table.empty()) words.emplace_back("axes");
  return words;
}

bool is_key(const std::string& path) {
  static const std::vector<std::string> paths = all_paths();
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

/// Takes a table apart; refuses keys that do not exist and values where a table is needed.
void collect(const Document& document, const Reader& reader, const toml::table& table,
             const std::string& prefix, Leaves& leaves) {
  const std::vector<std::string> accepted = accepted_in(prefix);
  for (const auto& [key, node] : table) {
    const std::string word(key.str());
    const std::string path = prefix.empty() ? word : fmt::format("{}.{}", prefix, word);
    if (std::find(accepted.begin(), accepted.end(), word) == accepted.end())
      throw UsageError(fmt::format("{}: unknown key {}{}; accepted {} {}", document.where(path, node),
                                   quote(path), suggestion(word, accepted),
                                   prefix.empty() ? "at the top are" : fmt::format("in [{}] are", prefix),
                                   fmt::join(accepted, ", ")));
    if (is_key(path)) {
      leaves.emplace(path, &node);
    } else if (!node.is_table()) {
      reader.refuse(node, path, "a table");
    } else if (path != "axes") {
      collect(document, reader, *node.as_table(), path, leaves);
    }
  }
}

/// Whether the leaf is `key` or lies in the table `key`.
bool is_within(const std::string& path, std::string_view key) {
  return path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
}

/// The keys of which one says what the problem is. One on the command line replaces the plan's; two side by
/// side contradict each other.
void settle_source(const Document& document, const Reader& reader, Leaves& leaves) {
  static const std::vector<std::string> sources{"problem.spectrum", "problem.eigenvalues", "problem.matrix",
                                                "problem.file"};
  std::vector<std::string> given, overridden;
  for (const std::string& source : sources)
    if (std::any_of(leaves.begin(), leaves.end(),
                    [&](const auto& leaf) { return is_within(leaf.first, source); })) {
      given.push_back(source);
      if (document.is_overridden(source)) overridden.push_back(source);
    }
  if (!overridden.empty() && overridden.size() < given.size())
    std::erase_if(leaves, [&](const auto& leaf) {
      return std::any_of(given.begin(), given.end(), [&](const std::string& source) {
        return is_within(leaf.first, source) &&
               std::find(overridden.begin(), overridden.end(), source) == overridden.end();
      });
    });
  const std::vector<std::string>& left = overridden.empty() ? given : overridden;
  if (left.size() < 2) return;
  const auto leaf = std::find_if(leaves.begin(), leaves.end(),
                                 [&](const auto& entry) { return is_within(entry.first, left[1]); });
  reader.complain(
      *leaf->second, left[1],
      fmt::format("is given beside {}, but only one of spectrum, eigenvalues, matrix and file can be",
                  left[0]));
}

/// The three ways to name an activation, likewise; all are the plan's or all the command line's.
void settle_activation(const Document& document, const Reader& reader, Leaves& leaves) {
  static const std::vector<std::string> sources{"activation.name", "activation.expression",
                                                "activation.hermite"};
  std::vector<std::string> given, overridden;
  for (const std::string& source : sources)
    if (leaves.contains(source)) {
      given.push_back(source);
      if (document.is_overridden(source)) overridden.push_back(source);
    }
  if (overridden.size() == 1 && given.size() > 1)
    std::erase_if(given, [&](const std::string& source) {
      if (source == overridden[0]) return false;
      leaves.erase(source);
      return true;
    });
  if (given.size() > 1)
    reader.complain(
        *leaves.at(given[1]), given[1],
        fmt::format("is given beside {}, but only one of name, expression and hermite can be", given[0]));
}

void read_question_keys(const Document& document, const Reader& reader, const Leaves& leaves,
                        Question& base) {
  for (const Key& key : keys()) {
    const auto leaf = leaves.find(key.path);
    if (leaf == leaves.end()) continue;
    const Index d = base.problem.d;
    const bool had_d = leaves.contains("problem.d");
    set(base, key, reader.value(key, *leaf->second, key.path));
    // A list or a matrix says what d is; only problem.d comes before them in the table.
    if (base.problem.d != d && had_d && key.path != "problem.d")
      reader.complain(*leaves.at("problem.d"), "problem.d",
                      fmt::format("is {}, but must be {}, the number of {} of {}, or left out", d,
                                  base.problem.d, base.problem.matrix ? "rows" : "entries", key.path));
  }
  static_cast<void>(document);
}

Plan read_plan(const Document& document, std::optional<Method> only) {
  const Reader reader(document);
  Leaves leaves;
  collect(document, reader, document.root(), "", leaves);
  settle_source(document, reader, leaves);
  settle_activation(document, reader, leaves);

  Plan plan;
  read_question_keys(document, reader, leaves, plan.base);
  const toml::node* axes = document.root().get("axes");
  if (axes != nullptr) read_axes(plan, reader, *axes->as_table());
  for (const PlanKey& key : plan_keys()) {
    const auto leaf = leaves.find(key.path);
    if (leaf != leaves.end()) key.read(plan, reader, *leaf->second, key.path);
  }
  if (axes != nullptr) tie_axes(plan, reader, *axes->as_table());
  question::complete(plan.base);
  if (only) {
    plan.methods = {*only};
    // Nothing is trained without its prediction.
    if (*only == Method::train && plan.base.train.search == train::Search::predicted)
      plan.methods = {Method::dynamics, *only};
    if (plan.figure.frame == "right") plan.figure.frame = "left";
  }
  check_plan(plan, document, reader, leaves);
  return plan;
}

const BuiltInPlan* find_built_in(std::string_view name) {
  for (const BuiltInPlan& plan : built_in_plan_texts())
    if (plan.name == name) return &plan;
  return nullptr;
}

/// A name that is neither a file nor a built-in plan.
constexpr std::size_t kSuggestions = 4;
[[noreturn]] void refuse_name(const std::string& name) {
  throw UsageError(
      fmt::format("{}: no such file and no such built-in plan{}; \"lazygap plans\" lists those built in",
                  printable(name), suggestion(name, built_in_plans(), kSuggestions)));
}

/// Far more than a plan with every matrix written out.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 28;

}  // namespace

Plan plan_from_text(std::string_view text, const std::string& label, const Overrides& overrides,
                    std::optional<Method> only) {
  return read_plan(Document(text, label, fs::path(), overrides), only);
}

Plan load_plan(const std::string& file_or_name, const Overrides& overrides, std::optional<Method> only) {
  std::error_code error;
  const fs::path path(file_or_name);
  const bool is_built_in = find_built_in(file_or_name) != nullptr;
  // A folder of results may have the name of its plan.
  const bool is_file = fs::exists(path, error) && !(is_built_in && fs::is_directory(path, error));
  if (is_file || (error && !is_built_in)) {
    Plan plan = read_plan(Document(read_ordinary_file(path, kMostBytes), printable(file_or_name),
                                   path.parent_path(), overrides),
                          only);
    plan.source = file_or_name;
    return plan;
  }
  if (!is_built_in) refuse_name(file_or_name);
  const BuiltInPlan* built_in = find_built_in(file_or_name);
  Plan plan =
      plan_from_text(built_in->text, fmt::format("built-in plan {}", built_in->name), overrides, only);
  plan.source = "built-in";
  return plan;
}

std::vector<std::string> built_in_plans() {
  std::vector<std::string> names;
  for (const BuiltInPlan& plan : built_in_plan_texts()) names.emplace_back(plan.name);
  return names;
}

std::string built_in_plan(std::string_view name) {
  const BuiltInPlan* plan = find_built_in(name);
  if (plan == nullptr) refuse_name(std::string(name));
  return std::string(plan->text);
}

std::vector<KeyDescription> describe_keys() {
  std::vector<KeyDescription> all;
  for (const PlanKey& key : plan_keys()) all.push_back({key.path, key.accepted, key.standard, key.doc});
  for (const Key& key : keys())
    all.push_back({key.path, key.accepted, question::standard_text(key), key.doc});
  const auto table = [](const KeyDescription& key) { return key.path.substr(0, key.path.find('.')); };
  const std::vector<std::string> order{"name",  "problem", "network", "sweep",           "activation",
                                       "train", "fit",     "curve",   "state_evolution", "figure"};
  std::stable_sort(all.begin(), all.end(), [&](const KeyDescription& a, const KeyDescription& b) {
    return std::find(order.begin(), order.end(), table(a)) < std::find(order.begin(), order.end(), table(b));
  });
  return all;
}

}  // namespace lazygap::plan
