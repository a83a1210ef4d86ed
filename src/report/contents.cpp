#include "lazygap/report/contents.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lazygap::report {
namespace {

using Json = nlohmann::json;
using Fields = std::map<std::string, std::string>;  ///< what a question says, by place in its name

constexpr auto kUnknown = "-";

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) return fmt::format("{} numbers", value.size());
  return value.dump();
}

void flatten(const Json& table, const std::string& prefix, Fields& fields) {
  for (const auto& [name, value] : table.items()) {
    const std::string place = prefix.empty() ? name : fmt::format("{}.{}", prefix, name);
    if (value.is_object())
      flatten(value, place, fields);
    else
      fields[place] = text_of(value);
  }
}

/// The key that stands at a place in names; null: several do, or none.
const question::Key* key_of(const std::string& place) {
  for (const question::Key& key : question::keys())
    if (key.place == place && !key.in_name) return &key;
  return nullptr;
}

/// The activation stands alone in a name where nothing else is said of it, and in a table elsewhere.
std::string settled(const std::string& place) { return place == "activation" ? "activation.name" : place; }

/// The name of a question without what its results have columns for.
Fields fields_of(const store::Result& result) {
  Fields all, fields;
  const Json name = Json::parse(result.parameters, nullptr, false);
  if (name.is_object()) flatten(name, "", all);
  static const std::set<std::string> elsewhere{"task",
                                               "version",
                                               "regime",
                                               question::key_at("network.draw").place,
                                               question::key_at("train.step_size").place,
                                               "N",  // of network.width and network.rho
                                               question::key_at("problem.d").place,
                                               question::key_at("problem.model").place};
  for (const auto& [place, value] : all)
    if (!elsewhere.contains(place)) fields[settled(place)] = value;
  return fields;
}

struct Group {
  store::Result first;
  Fields fields;
  std::map<double, std::vector<double>> ratios;  ///< by step size; 0 where there is none
  std::map<double, std::size_t> other;           ///< results without a number
};

std::vector<Group> groups_of(const store::Store& store) {
  std::map<std::tuple<std::string, std::string, std::string, std::int64_t, std::int64_t, Fields>, Group>
      groups;
  const std::vector<std::string> keys = store.keys();
  for (std::optional<store::Result>& found : store.find_all(keys)) {
    if (!found) continue;
    Fields fields = fields_of(*found);
    Group& group = groups[{found->model, found->regime, found->method, found->d, found->N, fields}];
    const double step_size = found->step_size.value_or(0);
    if (found->status == Status::ok)
      group.ratios[step_size].push_back(found->ratio);
    else
      ++group.other[step_size];
    found->trajectory.clear();
    group.first = std::move(*found);
    group.fields = std::move(fields);
  }
  std::vector<Group> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

/// Places in which the questions to one route differ, or that are not at their default.
std::vector<std::string> told_places(const std::vector<Group>& groups) {
  std::map<std::string, std::map<std::string, std::set<std::string>>> values;  // by place and route
  for (const Group& group : groups)
    for (const auto& [place, value] : group.fields) values[place][group.first.method].insert(value);
  std::vector<std::string> places;
  for (const auto& [place, by_route] : values) {
    const question::Key* key = key_of(place);
    const std::string usual =
        key == nullptr ? "" : question::plain_text(question::standard(question::Question(), *key));
    const bool told = std::any_of(by_route.begin(), by_route.end(), [&](const auto& entry) {
      const std::set<std::string>& found = entry.second;
      return found.size() > 1 || (key != nullptr && key->omitted_at_default && *found.begin() != usual);
    });
    if (told) places.push_back(place);
  }
  return places;
}

/// The step size with the least mean among those where every draw has a number.
std::optional<double> best_of(const Group& group) {
  std::optional<double> best;
  double least = 0;
  for (const auto& [step_size, ratios] : group.ratios) {
    const double mean = mean_and_se(ratios).first;
    if (group.other.contains(step_size) || (best && mean >= least)) continue;
    best = step_size;
    least = mean;
  }
  return best;
}

}  // namespace

Table contents(const store::Store& store) {
  const std::vector<Group> groups = groups_of(store);
  const std::vector<std::string> places = told_places(groups);
  Table table{.header = {"model", "regime", "route", "d", "N"}, .lines = {}};
  for (const std::string& place : places) {
    const question::Key* key = key_of(place);
    table.header.push_back(key == nullptr ? place : key->path);
  }
  for (const char* name : {"R/R0", "draws", "step size", "without a number"}) table.header.emplace_back(name);
  for (const Group& group : groups) {
    std::vector<std::string> line{group.first.model, group.first.regime, group.first.method,
                                  fmt::format("{}", group.first.d),
                                  group.first.N > 0 ? fmt::format("{}", group.first.N) : kUnknown};
    for (const std::string& place : places) {
      const auto found = group.fields.find(place);
      line.push_back(found == group.fields.end() ? kUnknown : found->second);
    }
    std::size_t without = 0;
    for (const auto& [step_size, count] : group.other) without += count;
    const std::optional<double> best = best_of(group);
    const auto [mean, se] =
        best ? mean_and_se(group.ratios.at(*best)) : std::pair<double, std::optional<double>>();
    line.push_back(best ? with_error(mean, se) : kUnknown);
    line.push_back(best ? fmt::format("{}", group.ratios.at(*best).size()) : "0");
    line.push_back(best && *best > 0 ? fmt::format("{:.4g}", *best) : kUnknown);
    line.push_back(fmt::format("{}", without));
    table.lines.push_back(std::move(line));
  }
  return table;
}

}  // namespace lazygap::report
