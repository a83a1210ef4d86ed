#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lazygap/plan/plan.h"
#include "plan/plan_keys.h"

namespace lazygap::plan {
namespace {

constexpr std::array<std::string_view, 9> kTables{
    "problem", "network", "sweep", "activation", "train", "fit", "curve", "state_evolution", "figure"};

std::string_view table_of(std::string_view path) { return path.substr(0, path.find('.')); }
std::string name_in_table(const std::string& path) { return path.substr(path.find('.') + 1); }

bool is_empty(const Value& value) {
  if (const auto* list = std::get_if<std::vector<double>>(&value)) return list->empty();
  if (const auto* matrix = std::get_if<question::SharedMatrix>(&value)) return !*matrix;
  if (const auto* text = std::get_if<std::string>(&value)) return text->empty();
  return false;
}

/// Keys that a plan sweeps or repeats over; one of them is in a plan where somebody gave it.
bool is_coordinate(const Key& key) {
  return table_of(key.path) == "network" || key.path == "train.step_size";
}

/// Whether the default of the key is another one at some point of the axes.
bool varies(const Plan& plan, const Key& key) {
  const Value base = key.get(plan.base);
  for (std::size_t point = 0; point < plan.points(); ++point)
    if (!question::equal(key.get(plan.at(Method::limit, Regime::nn, point)), base)) return true;
  return false;
}

bool has_a_say(const Question& question, const Key& key) {
  if (key.is_written) return key.is_written(question);
  if (key.conflict && !key.conflict(question).empty()) return false;
  return !is_empty(key.get(question));
}

bool is_written(const Plan& plan, const Key& key) {
  const Question& base = plan.base;
  if (plan.axis_of(key) != nullptr) return false;
  if (is_coordinate(key)) return question::is_given(base, key);
  // A default that depends on other keys may be another one elsewhere on the axes.
  if (key.standard && !question::is_given(base, key) && (plan.axes.size() > 1 || varies(plan, key)))
    return false;
  if (has_a_say(base, key)) return true;
  // What is idle in the base may be read where the axes have other values.
  if (!question::is_given(base, key)) return false;
  for (std::size_t point = 0; point < plan.points(); ++point)
    if (has_a_say(plan.at(Method::limit, Regime::nn, point), key)) return true;
  return false;
}

}  // namespace

std::string to_toml(const Plan& plan) {
  std::string text;
  for (const std::string_view table : kTables) {
    std::string lines;
    for (const Key& key : question::keys())
      if (table_of(key.path) == table && is_written(plan, key))
        lines += fmt::format("{} = {}\n", name_in_table(key.path), question::toml_text(key.get(plan.base)));
    for (const PlanKey& key : plan_keys())
      if (table_of(key.path) == table && key.path != table)
        if (const std::string value = key.write(plan); !value.empty())
          lines += fmt::format("{} = {}\n", name_in_table(key.path), value);
    if (!lines.empty()) text += fmt::format("\n[{}]\n{}", table, lines);
    if (table == "sweep")
      if (const std::string axes = axes_to_toml(plan); !axes.empty()) text += "\n[axes]\n" + axes;
  }
  return fmt::format("name = {}\n", question::toml_string(plan.name)) + text;
}

}  // namespace lazygap::plan
