#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lazygap/problem/spiked.h"
#include "lazygap/route/limit.h"
#include "lazygap/route/route.h"
#include "report/frame_parts.h"
#include "report/slope.h"
#include "report/titles.h"

/// Frames of R/R0 against a key.
namespace lazygap::report {
namespace {

/// Enough that a curve looks smooth on paper.
constexpr int kPointsOfACurve = 160;
/// Beyond this ratio of its ends an axis is logarithmic, unless the plan says otherwise.
constexpr double kLogarithmic = 10;

const Key& x_key(const Plan& plan) {
  if (plan.figure.x != nullptr) return *plan.figure.x;
  const Key& rho = question::key_at("network.rho");
  return plan.axis_of(rho) != nullptr ? rho : question::key_at("network.width");
}

double as_number(const plan::Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  return std::nan("");
}

/// Where a value lies on the axis: numbers where they are, words at 0, 1, ...
double position(const Plan& plan, const Key& key, const plan::Value& value) {
  const double number = as_number(value);
  if (!std::isnan(number)) return number;
  const plan::Axis* axis = plan.axis_of(key);
  if (axis == nullptr) return 0;
  const auto k = std::find(axis->keys.begin(), axis->keys.end(), &key) - axis->keys.begin();
  for (std::size_t i = 0; i < axis->points.size(); ++i)
    if (question::equal(axis->points[i][static_cast<std::size_t>(k)], value)) return static_cast<double>(i);
  return 0;
}

/// Where a row lies on the axis; `collapsed`: widths over the square of the effective dimension.
double place(const Plan& plan, const Row& row, Method method, bool collapsed) {
  const Key& x = x_key(plan);
  const question::Question question = plan.at(method, row.regime, row.point);
  const double at = position(plan, x, x.get(question));
  if (!collapsed) return at;
  const question::ProblemSpec& problem = question.problem;
  const double effective = SpikedCovariates(problem.d, problem.signals, problem.spike).effective_dimension();
  return at / (effective * effective);
}

/// The words along the axis, at 0, 1, ...; empty where it is one of numbers.
std::vector<std::string> words_along(const Plan& plan, const Key& key) {
  std::vector<std::string> words;
  const plan::Axis* axis = plan.axis_of(key);
  if (axis == nullptr) return words;
  const auto k =
      static_cast<std::size_t>(std::find(axis->keys.begin(), axis->keys.end(), &key) - axis->keys.begin());
  for (const auto& point : axis->points)
    if (std::isnan(as_number(point[k]))) words.push_back(question::plain_text(point[k]));
  return words.size() == axis->points.size() ? words : std::vector<std::string>();
}

/// The keys that tell series apart: those named, or every swept one that is not x, facet or reduced. Keys
/// that are tied to x follow it.
std::vector<const Key*> series_keys(const Plan& plan) {
  if (!plan.figure.series.empty()) return plan.figure.series;
  const Key& x = x_key(plan);
  std::vector<const Key*> keys;
  for (const Key* key : coordinates(plan)) {
    const plan::Axis* axis = plan.axis_of(*key);
    if (key == &x || key == plan.figure.facet || (axis != nullptr && axis->has(x))) continue;
    // Of tied keys the first one speaks for all.
    if (axis == nullptr || axis->keys.front() == key) keys.push_back(key);
  }
  for (const char* path : {"network.width", "network.rho"}) {
    const Key& key = question::key_at(path);
    const plan::Axis* axis = plan.axis_of(key);
    if (axis != nullptr && axis->points.size() > 1 && &key != &x && !axis->has(x) &&
        axis->keys.front() == &key)
      keys.push_back(&key);
  }
  return keys;
}

std::string label_of(const Plan& plan, const std::vector<const Key*>& keys, const Row& row) {
  const question::Question question = plan.at(Method::limit, row.regime, row.point);
  std::vector<std::string> parts;
  for (const Key* key : keys)
    if (key->path != "network.regime" && key->path != "train.step_size")
      parts.push_back(value_label(*key, question));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// Samples behind a summary; empty: infinitely many.
std::optional<double> samples_of(const Summary& summary) {
  if (summary.results.empty() || !summary.results.front().n) return {};
  return static_cast<double>(*summary.results.front().n);
}

/// Smooth limits of a series: between its widths, too.
Series limit_curve(const Plan& plan, Series series, const std::vector<const Row*>& rows) {
  const auto& widths = question::key_at("network.width");
  const question::Question question = plan.at(Method::limit, rows.front()->regime, rows.front()->point);
  const auto instance = plan.instances->of(question);
  const Index factor = question.neurons() / question.network.width;
  std::set<Index> grid;
  for (const Row* row : rows)
    grid.insert(std::get<std::int64_t>(widths.get(plan.at(Method::limit, row->regime, row->point))));
  const auto least = static_cast<double>(*grid.begin()), most = static_cast<double>(*grid.rbegin());
  for (int i = 0; i < kPointsOfACurve; ++i)
    grid.insert(
        static_cast<Index>(std::llround(least * std::pow(most / least, double(i) / (kPointsOfACurve - 1)))));
  const Index d = question.problem.d;  // where NT and NN have a kink
  if (static_cast<double>(d) > least && static_cast<double>(d) < most) grid.insert(d);
  std::vector<Index> neurons;
  for (const Index N : grid) neurons.push_back(factor * N);
  const std::vector<double> ratios = route::limit_ratios(question, *instance, neurons);
  std::size_t i = 0;
  for (const Index N : grid) {
    series.points.push_back(point_at(neurons[i], static_cast<double>(N), ratios[i]));
    ++i;
  }
  return series;
}

/// A line from one end of the axis to the other.
Series constant_line(Series series, const Summary& summary, double left, double right) {
  for (const double x : {left, right}) series.points.push_back(point_at(0, x, summary.risk.ratio));
  return series;
}

/// Whether the route does not read the key along the axis, so that its risk is a line and not a point.
bool is_constant(const Plan& plan, const std::vector<const Row*>& rows, Method method) {
  if (rows.size() < 2) return false;
  const std::string first = route::name(plan.at(method, rows[0]->regime, rows[0]->point));
  return first == route::name(plan.at(method, rows[1]->regime, rows[1]->point));
}

struct Range {
  double least = std::numeric_limits<double>::infinity(), most = -std::numeric_limits<double>::infinity();
  void add(double x) {
    least = std::min(least, x);
    most = std::max(most, x);
  }
};

Range range_of(const Plan& plan, const std::vector<Row>& rows, bool collapsed) {
  Range range;
  for (const Row& row : rows)
    if (row.N > 0) range.add(place(plan, row, Method::limit, collapsed));
  return range;
}

/// R/R0 against the step size: the grid itself, not its best. One point for each of its step sizes.
void add_step_sizes(Frame& frame, const Row& row, const std::string& label, int tint) {
  for (const Method method : {Method::train, Method::dynamics}) {
    const Summary* summary = row.find(method);
    if (summary == nullptr) continue;
    // Where some draws diverged, the mean of the others says nothing.
    Index all = 0;
    for (const auto& [step_size, risk] : summary->by_step_size) all = std::max(all, risk.draws);
    Series series = named(row.regime, method, label, tint);
    for (const auto& [step_size, risk] : summary->by_step_size)
      if (risk.draws == all) series.points.push_back(point_at(row.N, step_size, risk, samples_of(*summary)));
    add(frame, std::move(series));
  }
}

/// Rows of one regime and label.
struct Group {
  std::string label;
  int tint = 0;
  std::vector<const Row*> rows;
};

/// Whether the route is asked the same question in another group: it does not read what tells them apart.
/// Then one series serves all, and only the first group has it.
bool is_shared(const Plan& plan, Method method, const Group& group, const std::vector<Group>& groups,
               bool* first) {
  const Row& own = *group.rows.front();
  const std::string name = route::name(plan.at(method, own.regime, own.point));
  bool shared = false;
  *first = true;
  for (const Group& other : groups) {
    const Row& row = *other.rows.front();
    if (&other == &group) {
      if (!shared) *first = true;
      continue;
    }
    if (row.regime != own.regime || route::name(plan.at(method, row.regime, row.point)) != name) continue;
    if (&other < &group) *first = false;
    shared = true;
  }
  return shared;
}

/// The points of one route along the axis.
std::vector<Point> points_of(const Plan& plan, Method method, const std::vector<const Row*>& rows,
                             bool collapsed) {
  std::vector<Point> points;
  for (const Row* row : rows) {
    const Summary* summary = row->find(method);
    if (summary == nullptr || summary->risk.draws == 0) continue;
    const double at = place(plan, *row, method, collapsed);
    points.push_back(point_at(row->N, at, summary->risk, samples_of(*summary)));
  }
  return points;
}

void add_series(Frame& frame, const Plan& plan, const Group& group, const std::vector<Group>& groups,
                const Range& range, bool collapsed) {
  const std::vector<const Row*>& rows = group.rows;
  const Regime regime = rows.front()->regime;
  for (const Method method : plan.methods) {
    const bool any =
        std::any_of(rows.begin(), rows.end(), [&](const Row* row) { return row->ratio(method).has_value(); });
    if (!any || method == Method::flow) continue;
    bool first = true;
    // What does not read the spike has a place for each of them on the collapsed axis.
    const bool shared = !collapsed && is_shared(plan, method, group, groups, &first);
    if (!first) continue;
    Series series =
        shared ? named(regime, method, "", kSharedTint) : named(regime, method, group.label, group.tint);
    if (regime == Regime::bayes || is_constant(plan, rows, method)) {
      // The exact Bayes risk takes the place of its limit.
      if (regime == Regime::bayes && method == Method::limit && rows.front()->ratio(Method::exact)) continue;
      series = constant_line(std::move(series), *rows.front()->find(method), range.least, range.most);
    } else if (!collapsed && method == Method::limit && x_key(plan).path == "network.width") {
      series = limit_curve(plan, std::move(series), rows);
    } else {
      series.points = points_of(plan, method, rows, collapsed);
    }
    add(frame, std::move(series));
  }
}

/// Beside RF after a giant step: RF without one, in the limit, as lines across the axis.
void add_lines_without_step(Frame& frame, const Plan& plan, const std::vector<Row>& rows, const Range& range,
                            int tint) {
  const auto row = std::find_if(rows.begin(), rows.end(), [](const Row& r) { return is_rf(r.regime); });
  if (row == rows.end() || !plan.asks(Method::limit)) return;
  for (const Regime regime : {Regime::rf_isotropic, Regime::rf_aligned}) {
    question::Question question = plan.at(Method::limit, regime, row->point);
    question.network.one_step = 0;
    const auto instance = plan.instances->of(question);
    if (route::route_of(Method::limit).refuses(question, *instance)) continue;
    Summary limit;
    limit.risk.ratio = route::limit_ratios(question, *instance, {question.neurons()}).front();
    add(frame, constant_line(named(regime, Method::limit, "no step", tint), limit, range.least, range.most));
  }
}

/// How fast the exact risk comes to its limit as d grows: a sentence for each series in which it can be seen.
std::string convergence_text(const std::vector<const Row*>& rows, const std::string& label) {
  std::vector<SlopePoint> points;
  for (const Row* row : rows) {
    const Summary* exact = row->find(Method::exact);
    const auto limit = row->ratio(Method::limit);
    if (exact != nullptr && exact->risk.se && limit)
      points.push_back({.x = static_cast<double>(row->d),
                        .y = std::abs(exact->risk.ratio - *limit),
                        .se = *exact->risk.se});
  }
  const auto slope = fitted_slope(points);
  if (!slope) return {};
  return fmt::format("{}{}{}: |exact − limit| falls like d to the power {:.2f} ± {:.2f}",
                     to_string(rows.front()->regime), label.empty() ? "" : ", ", label, slope->value,
                     slope->se);
}

/// The same of the excess of fits over the exact risk, as n grows, beside what is predicted: the predictions
/// at the same n, with the same weights.
std::string exponent_text(const std::vector<const Row*>& rows, const std::string& label) {
  std::vector<SlopePoint> fitted, predicted;
  for (const Row* row : rows) {
    const Summary* fit = row->find(Method::fit);
    const auto curve = row->ratio(Method::curve), exact = row->ratio(Method::exact);
    const auto n = fit == nullptr ? std::nullopt : samples_of(*fit);
    if (!n || !fit->excess || !fit->excess_se || !curve || !exact) continue;
    fitted.push_back({.x = *n, .y = *fit->excess, .se = *fit->excess_se});
    const double excess = *curve - *exact;
    predicted.push_back({.x = *n, .y = excess, .se = *fit->excess_se * excess / *fit->excess});
  }
  const auto slope = fitted_slope(fitted), theory = fitted_slope(predicted);
  if (!slope || !theory) return {};
  return fmt::format("{}{}{}: fit − exact falls like n to the power {:.3f} ± {:.3f}, predicted {:.3f}",
                     to_string(rows.front()->regime), label.empty() ? "" : ", ", label, slope->value,
                     slope->se, theory->value);
}

}  // namespace

Series named(Regime regime, Method method, const std::string& label, int tint) {
  Series series;
  series.regime = to_string(regime);
  series.method = to_string(method);
  series.label = label;
  series.tint = tint;
  series.name = label.empty() ? fmt::format("{} {}", series.regime, series.method)
                              : fmt::format("{} {} {}", series.regime, series.method, label);
  std::replace(series.name.begin(), series.name.end(), ',', ';');
  return series;
}

void add(Frame& frame, Series series) {
  if (!series.points.empty()) frame.series.push_back(std::move(series));
}

int place_of(std::vector<std::string>& labels, const std::string& label) {
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found == labels.end()) {
    labels.push_back(label);
    return static_cast<int>(labels.size()) - 1;
  }
  return static_cast<int>(found - labels.begin());
}

bool collapses(const Plan& plan) {
  return plan.base.problem.signals > 0 && x_key(plan).path == "network.width" &&
         plan.axis_of(question::key_at("problem.spike")) != nullptr;
}

void add_against_key(Frame& frame, const Plan& plan, const std::vector<Row>& rows, bool collapsed) {
  const Key& x = x_key(plan);
  frame.x.label = collapsed ? "{/:Italic N} / (effective dimension)²" : axis_label(x);
  frame.x.words = words_along(plan, x);
  const bool by_step_size = x.path == "train.step_size";
  const bool by_width = x.path == "network.width";
  Range range = by_step_size ? Range() : range_of(plan, rows, collapsed);
  // Series in the order of their first rows.
  std::vector<std::string> labels;
  std::vector<Group> groups;
  const std::vector<const Key*> keys = series_keys(plan);
  for (const Row& row : rows) {
    const std::string label = row.regime == Regime::bayes ? "" : label_of(plan, keys, row);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.label == label && g.rows.front()->regime == row.regime;
    });
    if (group == groups.end())
      group = groups.insert(groups.end(), {.label = label, .tint = place_of(labels, label), .rows = {}});
    group->rows.push_back(&row);
  }
  for (const Group& group : groups) {
    if (by_step_size) {
      for (const Row* row : group.rows) add_step_sizes(frame, *row, group.label, group.tint);
      for (const Series& series : frame.series)
        for (const Point& point : series.points) range.add(point.x);
      continue;
    }
    add_series(frame, plan, group, groups, range, collapsed);
    std::string text;
    if (x.path == "problem.d") text = convergence_text(group.rows, group.label);
    if (x.path == "fit.samples") text = exponent_text(group.rows, group.label);
    if (!text.empty()) frame.findings.push_back(std::move(text));
  }
  if (x.path == "network.one_step" && std::isfinite(range.least))
    add_lines_without_step(frame, plan, rows, range, place_of(labels, "no step"));
  // The exact risk does not read the step size.
  for (const Group& group : groups)
    for (const Method method : {Method::limit, Method::exact})
      if (const Summary* summary = group.rows.front()->find(method); by_step_size && summary != nullptr) {
        bool first = true;
        const bool shared = is_shared(plan, method, group, groups, &first) && labels.size() == groups.size();
        Series series = named(group.rows.front()->regime, method, shared ? "" : group.label,
                              shared ? kSharedTint : group.tint);
        if (first && std::isfinite(range.least))
          add(frame, constant_line(std::move(series), *summary, range.least, range.most));
      }
  frame.x.log =
      plan.figure.frame == "left" || (plan.figure.x_scale == "log") ||
      (plan.figure.x_scale == "automatic" && range.least > 0 && range.most / range.least >= kLogarithmic);
  frame.joined = plan.figure.frame == "axes";
  if (plan.figure.frame == "left" && by_width && !collapsed && frame.d > 0)
    frame.mark = static_cast<double>(frame.d);
}

}  // namespace lazygap::report
