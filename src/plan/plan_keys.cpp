#include "plan/plan_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "lazygap/core/quote.h"
#include "lazygap/core/suggestion.h"
#include "lazygap/route/route.h"

namespace lazygap::plan {
namespace {

using question::key_at;
using question::toml_string;

constexpr std::int64_t kMostDraws = 10'000;
constexpr std::string_view kWidths = "network.width";
constexpr std::string_view kStepSize = "train.step_size";

template <class List, class Format>
std::string toml_list(const List& list, Format format) {
  std::string text;
  for (const auto& entry : list) text += (text.empty() ? "" : ", ") + std::string(format(entry));
  return "[" + text + "]";
}

std::string path_text(const Key* key) { return toml_string(key->path); }
std::string regime_text(Regime regime) { return toml_string(to_string(regime)); }

/// "NT(I)" is another way to write NT.
Regime regime_at(std::size_t place) { return regime_from_string(regime_words()[place]); }

std::vector<std::string> route_words() {
  std::vector<std::string> words;
  for (const route::Route& route : route::routes()) words.emplace_back(route.name);
  return words;
}

std::vector<std::string> key_paths() {
  std::vector<std::string> paths;
  for (const Key& key : question::keys()) paths.push_back(key.path);
  return paths;
}

void read_name(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  plan.name = reader.text(node, path);
  const std::string& name = plan.name;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool clean = std::all_of(name.begin(), name.end(),
                                 [&](char c) { return is_letter(c) || c == '-' || c == '_' || c == '.'; });
  // The name becomes a folder, and a word of command lines.
  if (name.empty() || !clean || !is_letter(name.front()) || name.size() > 100)
    reader.refuse(node, path,
                  "1 to 100 letters, digits, '-', '_' and '.', starting with a letter or a digit");
}

void read_title(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  plan.figure.title = reader.text(node, path);
  const std::string& title = plan.figure.title;
  const bool has_control =
      std::any_of(title.begin(), title.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (has_control || title.size() > 300)
    reader.refuse(node, path, "text of at most 300 characters without control characters");
}

/// For keys that [axes] can give, too.
void refuse_second(const Reader& reader, const toml::node& node, const std::string& path,
                   std::string_view other) {
  reader.complain(node, path, fmt::format("is given beside axes.{}, but only one of them can be", other));
}

void read_regimes(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  if (!plan.regimes.empty()) refuse_second(reader, node, path, "network.regime");
  for (const std::size_t place : reader.words(node, path, regime_words()))
    plan.regimes.push_back(regime_at(place));
  plan.fit_regimes.clear();
  std::copy_if(plan.regimes.begin(), plan.regimes.end(), std::back_inserter(plan.fit_regimes), is_rf);
}

void read_fit_regimes(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  plan.fit_regimes.clear();
  for (const std::size_t place : reader.words(node, path, regime_words())) {
    const Regime regime = regime_at(place);
    const bool asked = std::find(plan.regimes.begin(), plan.regimes.end(), regime) != plan.regimes.end();
    if (!asked || !route::route_of(Method::fit).applies(regime))
      reader.complain(
          node, path,
          fmt::format("contains {}, but must name some of sweep.regimes, RF or NT", to_string(regime)));
    plan.fit_regimes.push_back(regime);
  }
}

void read_methods(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  plan.methods.clear();
  for (const std::size_t place : reader.words(node, path, route_words()))
    plan.methods.push_back(route::routes()[place].method);
}

void read_widths(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  if (plan.axis_of(key_at(kWidths)) != nullptr) refuse_second(reader, node, path, kWidths);
  Axis axis{.keys = {&key_at(kWidths)}, .points = {}};
  for (Value& N : reader.increasing(key_at(kWidths), node, path, "a list of integers"))
    axis.points.push_back({std::move(N)});
  plan.axes.push_back(std::move(axis));
}

void read_step_sizes(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  if (!plan.step_sizes.empty()) refuse_second(reader, node, path, kStepSize);
  for (const Value& value : reader.increasing(key_at(kStepSize), node, path, "a list of positive numbers"))
    plan.step_sizes.push_back(std::get<double>(value));
}

const Key* read_key(const Reader& reader, const toml::node& node, const std::string& path) {
  static const std::vector<std::string> paths = key_paths();
  const std::string word = reader.text(node, path);
  const Key* key = question::find_key(word);
  if (key == nullptr) reader.refuse(node, path, "a key of a question" + suggestion(word, paths));
  return key;
}

std::vector<const Key*> read_keys(const Reader& reader, const toml::node& node, const std::string& path) {
  std::vector<const Key*> keys;
  const toml::array& list = reader.list(node, path, "a list of keys");
  for (std::size_t i = 0; i < list.size(); ++i)
    keys.push_back(read_key(reader, *list.get(i), fmt::format("{}[{}]", path, i)));
  return keys;
}

Index& draws_of(Plan& plan, std::optional<Method> method) {
  return method ? plan.own_draws[*method] : plan.draws;
}

/// How often a route repeats its questions; `method` empty: every route that has no number of its own.
PlanKey draws_key(const std::string& path, const std::string& doc, const std::string& standard,
                  std::optional<Method> method) {
  return {.path = path,
          .accepted = fmt::format("an integer from 1 to {}", kMostDraws),
          .standard = standard,
          .doc = doc,
          .read =
              [method](Plan& plan, const Reader& reader, const toml::node& node, const std::string& place) {
                draws_of(plan, method) = reader.integer(node, place, 1, kMostDraws);
              },
          .write =
              [method](const Plan& plan) {
                if (!method) return fmt::format("{}", plan.draws);
                const auto own = plan.own_draws.find(*method);
                return own == plan.own_draws.end() ? std::string() : fmt::format("{}", own->second);
              }};
}

PlanKey figure_word(const std::string& path, std::vector<std::string> words, const std::string& doc,
                    std::string FigureSpec::*member) {
  return {
      .path = path,
      .accepted = fmt::format("one of {}", fmt::join(words, ", ")),
      .standard = fmt::format("`\"{}\"`", FigureSpec().*member),
      .doc = doc,
      .read = [words, member](
                  Plan& plan, const Reader& reader, const toml::node& node,
                  const std::string& place) { plan.figure.*member = words[reader.word(node, place, words)]; },
      .write = [member](const Plan& plan) { return toml_string(plan.figure.*member); }};
}

PlanKey figure_key(const std::string& path, const std::string& doc, const Key* FigureSpec::*member) {
  return {.path = path,
          .accepted = "a key of a question",
          .doc = doc,
          .read = [member](Plan& plan, const Reader& reader, const toml::node& node,
                           const std::string& place) { plan.figure.*member = read_key(reader, node, place); },
          .write =
              [member](const Plan& plan) {
                const Key* key = plan.figure.*member;
                return key == nullptr ? std::string() : path_text(key);
              }};
}

/// Whether an axis is the one that `sweep.neurons` stands for: the last one, of widths alone, which increase.
bool is_of_widths(const Plan& plan, std::size_t axis) {
  if (axis + 1 != plan.axes.size() || plan.axes[axis].keys != std::vector{&key_at(kWidths)}) return false;
  const auto& points = plan.axes[axis].points;
  return std::is_sorted(points.begin(), points.end(), [](const auto& a, const auto& b) {
    return std::get<std::int64_t>(a[0]) < std::get<std::int64_t>(b[0]);
  });
}

void add_sweep(std::vector<PlanKey>& rows) {
  rows.push_back({.path = "sweep.regimes",
                  .accepted = "a list of RF(I), RF(Gamma*), RF, NT (also NT(I)), NN, Bayes (mg), none twice",
                  .standard = "needed",
                  .doc = "which functions may be learnt",
                  .is_needed = true,
                  .read = read_regimes,
                  .write = [](const Plan& plan) { return toml_list(plan.regimes, regime_text); }});
  rows.push_back({.path = "sweep.neurons",
                  .accepted = "a list of integers, increasing",
                  .standard = "needed, unless `network.width` or `network.rho` is given or swept",
                  .doc = "widths N: short for the last axis, `axes.network.width`",
                  .read = read_widths,
                  .write = [](const Plan& plan) {
                    return is_of_widths(plan, plan.axes.size() - 1)
                               ? toml_list(plan.axes.back().points,
                                           [](const auto& point) { return question::toml_text(point[0]); })
                               : std::string();
                  }});
  rows.push_back({.path = "sweep.methods",
                  .accepted = fmt::format("a list of {}, none twice", fmt::join(route_words(), ", ")),
                  .standard = "needed",
                  .doc = "the routes that are asked",
                  .is_needed = true,
                  .read = read_methods,
                  .write = [](const Plan& plan) {
                    return toml_list(plan.methods,
                                     [](Method method) { return toml_string(to_string(method)); });
                  }});
  rows.push_back(draws_key("sweep.draws", "draws of W", "10", std::nullopt));
  rows.push_back({.path = "sweep.best",
                  .accepted = "a list of keys that are swept",
                  .doc = "axes of which tables and figures keep the best value, as they do of the step size",
                  .read = [](Plan& plan, const Reader& reader, const toml::node& node,
                             const std::string& path) { plan.best = read_keys(reader, node, path); },
                  .write =
                      [](const Plan& plan) {
                        return plan.best.empty() ? std::string() : toml_list(plan.best, path_text);
                      }});
  static const std::vector<std::string> criteria{"risk", "gcv", "leave-one-out"};
  rows.push_back(
      {.path = "sweep.best_by",
       .accepted = fmt::format("one of {}", fmt::join(criteria, ", ")),
       .standard = "`\"risk\"`",
       .doc = "what makes a value of sweep.best the best one; routes that do not know the error go by the "
              "risk",
       .read = [](Plan& plan, const Reader& reader, const toml::node& node,
                  const std::string& path) { plan.best_by = criteria[reader.word(node, path, criteria)]; },
       .write =
           [](const Plan& plan) {
             return plan.best_by == "risk" ? std::string() : toml_string(plan.best_by);
           }});
}

std::vector<PlanKey> make_rows() {
  std::vector<PlanKey> rows;
  rows.push_back({.path = "name",
                  .accepted = "1 to 100 letters, digits, '-', '_', '.', starting with a letter or a digit",
                  .standard = "needed",
                  .doc = "names the results folder",
                  .is_needed = true,
                  .read = read_name,
                  .write = [](const Plan& plan) { return toml_string(plan.name); }});
  add_sweep(rows);
  rows.push_back({.path = "train.step_sizes",
                  .accepted = "a list of positive numbers, increasing",
                  .standard = "chosen for each regime and width",
                  .doc = "the grid of step sizes of which the best is kept",
                  .read = read_step_sizes,
                  .write = [](const Plan& plan) {
                    return plan.step_sizes.empty() ? std::string()
                                                   : toml_list(plan.step_sizes, question::toml_number);
                  }});
  rows.push_back(draws_key("train.draws", "independent runs of each step size", "1", Method::train));
  rows.push_back(draws_key("fit.draws", "draws of W that are fitted", "`sweep.draws`", Method::fit));
  rows.push_back({.path = "fit.regimes",
                  .accepted = "a list of some of sweep.regimes, RF or NT",
                  .standard = "those of RF",
                  .doc = "which regimes are fitted",
                  .read = read_fit_regimes,
                  .write = [](const Plan& plan) {
                    return plan.fit_regimes.empty() ? std::string()
                                                    : toml_list(plan.fit_regimes, regime_text);
                  }});
  rows.push_back(
      figure_word("figure.frame", {"left", "right", "axes"},
                  "left: R/R0 against N; right: R/R0 against n/d along training; axes: R/R0 against "
                  "figure.x",
                  &FigureSpec::frame));
  rows.push_back({.path = "figure.title",
                  .accepted = "text of at most 300 characters",
                  .standard = "made from the values in force",
                  .doc = "title of the figure",
                  .read = read_title,
                  .write = [](const Plan& plan) { return toml_string(plan.figure.title); }});
  rows.push_back(figure_key("figure.x", "frame axes: the swept key along the axis", &FigureSpec::x));
  rows.push_back(
      {.path = "figure.series",
       .accepted = "a list of keys that are swept",
       .doc = "frame axes: what tells lines apart beside the regime; every other axis, if not given",
       .read = [](Plan& plan, const Reader& reader, const toml::node& node,
                  const std::string& path) { plan.figure.series = read_keys(reader, node, path); },
       .write =
           [](const Plan& plan) {
             return plan.figure.series.empty() ? std::string() : toml_list(plan.figure.series, path_text);
           }});
  rows.push_back(
      figure_key("figure.facet", "one frame for each value of this swept key", &FigureSpec::facet));
  rows.push_back(figure_word("figure.x_scale", {"automatic", "linear", "log"},
                             "frame axes; automatic: log where x spans a factor of 10",
                             &FigureSpec::x_scale));
  rows.push_back(figure_word("figure.y_scale", {"linear", "log"}, "scale of R/R0", &FigureSpec::y_scale));
  rows.push_back(figure_word(
      "figure.size", {"column", "page", "slide"},
      "column: 3.4 in wide with text of 8 pt; page: 6.5 in, 10 pt; slide: 10 in, 16 pt", &FigureSpec::size));
  rows.push_back({.path = "figure.latex",
                  .accepted = "true or false",
                  .standard = "false",
                  .doc = "draws NAME-latex.tex and NAME-latex.pdf, too: a picture whose text LaTeX sets",
                  .read =
                      [](Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
                        if (!node.is_boolean()) reader.refuse(node, path, "true or false");
                        plan.figure.latex = node.as_boolean()->get();
                      },
                  .write = [](const Plan& plan) { return plan.figure.latex ? "true" : std::string(); }});
  return rows;
}

/// The values of one axis; the node is a list.
std::vector<Value> read_values(const Key& key, const Reader& reader, const toml::node& node,
                               const std::string& path) {
  const toml::array& list = reader.list(node, path, "a list of values");
  std::vector<Value> values;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", path, i);
    values.push_back(reader.value(key, *list.get(i), place));
  }
  return values;
}

void read_axis(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path,
               const std::string& place) {
  static const std::vector<std::string> paths = key_paths();
  const Key* key = question::find_key(path);
  if (key == nullptr)
    reader.complain(
        node, quote(path).size() == path.size() + 2 ? place : "axes",  // nothing raw in messages
        fmt::format("sweeps {}, which is not a key of a question{}", quote(path), suggestion(path, paths)));
  if (path == "network.regime") return read_regimes(plan, reader, node, place);
  if (path == "network.draw")
    reader.complain(node, place,
                    "cannot be swept: sweep.draws, train.draws and fit.draws say how many there are");
  if (path == kStepSize) return read_step_sizes(plan, reader, node, place);
  if (plan.axis_of(*key) != nullptr) reader.complain(node, place, "is swept twice");
  Axis axis{.keys = {key}, .points = {}};
  for (Value& value : read_values(*key, reader, node, place)) axis.points.push_back({std::move(value)});
  plan.axes.push_back(std::move(axis));
}

/// Dotted keys are tables within tables in TOML; quoted ones are not.
void walk_axes(Plan& plan, const Reader& reader, const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string path =
        prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
    if (path == "tied") continue;
    if (node.is_table())
      walk_axes(plan, reader, *node.as_table(), path);
    else
      read_axis(plan, reader, node, path, "axes." + path);
  }
}

/// Tied keys may repeat their values, but no two points of an axis are the same.
void check_distinct(const Axis& axis, const Reader& reader, const toml::table& axes) {
  const auto same = [](const std::vector<Value>& a, const std::vector<Value>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), question::equal);
  };
  for (std::size_t i = 0; i < axis.points.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (same(axis.points[i], axis.points[k]))
        reader.complain(
            axes, "axes." + axis.keys.front()->path,
            fmt::format("has its value {} twice: {}", i + 1, toml_list(axis.points[i], question::toml_text)));
}

/// Joins the axes of tied keys into the first one of them.
void tie(Plan& plan, const Reader& reader, const toml::node& node, const std::string& path) {
  const toml::array& groups = reader.list(node, path, "a list of lists of keys");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", path, i);
    const std::vector<const Key*> keys = read_keys(reader, *groups.get(i), place);
    Axis* first = nullptr;
    for (const Key* key : keys) {
      const auto found =
          std::find_if(plan.axes.begin(), plan.axes.end(), [&](const Axis& axis) { return axis.has(*key); });
      if (found == plan.axes.end())
        reader.complain(*groups.get(i), place, fmt::format("ties {}, which is not swept", key->path));
      if (first == nullptr) {
        first = &*found;
        continue;
      }
      if (&*found == first) reader.complain(*groups.get(i), place, fmt::format("ties {} twice", key->path));
      if (found->points.size() != first->points.size())
        reader.complain(*groups.get(i), place,
                        fmt::format("ties {}, which has {} values, to {}, which has {}", key->path,
                                    found->points.size(), first->keys.front()->path, first->points.size()));
      first->keys.insert(first->keys.end(), found->keys.begin(), found->keys.end());
      for (std::size_t k = 0; k < first->points.size(); ++k)
        first->points[k].insert(first->points[k].end(), found->points[k].begin(), found->points[k].end());
      const auto first_place = first - plan.axes.data();
      const auto erased = found - plan.axes.begin();
      plan.axes.erase(found);
      first = &plan.axes[static_cast<std::size_t>(first_place - (erased < first_place ? 1 : 0))];
    }
  }
}

}  // namespace

std::vector<std::string> regime_words() {
  return {"RF(I)", "RF(Gamma*)", "RF", "NT", "NT(I)", "NN", "Bayes"};
}

std::span<const PlanKey> plan_keys() {
  static const std::vector<PlanKey> rows = make_rows();
  return rows;
}

void read_axes(Plan& plan, const Reader& reader, const toml::table& axes) {
  walk_axes(plan, reader, axes, "");
}

void tie_axes(Plan& plan, const Reader& reader, const toml::table& axes) {
  if (const toml::node* tied = axes.get("tied")) tie(plan, reader, *tied, "axes.tied");
  for (const Axis& axis : plan.axes) check_distinct(axis, reader, axes);
}

std::string axes_to_toml(const Plan& plan) {
  std::string text, tied;
  for (std::size_t i = 0; i < plan.axes.size(); ++i) {
    if (is_of_widths(plan, i)) continue;
    const Axis& axis = plan.axes[i];
    for (std::size_t k = 0; k < axis.keys.size(); ++k)
      text += fmt::format(
          "{} = {}\n", path_text(axis.keys[k]),
          toml_list(axis.points, [&](const auto& point) { return question::toml_text(point[k]); }));
    if (axis.keys.size() > 1) tied += (tied.empty() ? "" : ", ") + toml_list(axis.keys, path_text);
  }
  return tied.empty() ? text : text + fmt::format("tied = [{}]\n", tied);
}

}  // namespace lazygap::plan
