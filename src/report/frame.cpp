#include "lazygap/report/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lazygap/core/error.h"
#include "lazygap/experiment/cells.h"

namespace lazygap::report {
namespace {

using experiment::Average;
using experiment::Curves;
using experiment::Plan;
using experiment::Row;

/// Enough that a curve looks smooth on paper.
constexpr int kPointsOfACurve = 160;

/// Widths for a smooth curve: about evenly spaced on the log axis, with N = d, where NT and NN have a kink.
std::vector<Index> fine_widths(const Plan& plan) {
  const auto [least, most] = std::minmax_element(plan.sweep.neurons.begin(), plan.sweep.neurons.end());
  std::set<Index> grid(plan.sweep.neurons.begin(), plan.sweep.neurons.end());
  const double ratio = static_cast<double>(*most) / static_cast<double>(*least);
  for (int i = 0; i < kPointsOfACurve; ++i)
    grid.insert(static_cast<Index>(
        std::llround(static_cast<double>(*least) * std::pow(ratio, double(i) / (kPointsOfACurve - 1)))));
  if (plan.problem.d > *least && plan.problem.d < *most) grid.insert(plan.problem.d);
  return {grid.begin(), grid.end()};
}

Point point_at(Index N, double x, double ratio) {
  Point point;
  point.x = x;
  point.N = N;
  point.ratio = ratio;
  return point;
}

Point point_at(Index N, double x, const Average& average, std::optional<double> n) {
  Point point = point_at(N, x, average.ratio);
  point.n = n;
  point.se = average.se;
  point.draws = average.draws;
  return point;
}

void add(Frame& frame, Series series) {
  if (!series.points.empty()) frame.series.push_back(std::move(series));
}

std::vector<const Row*> rows_of(const std::vector<Row>& rows, Regime regime) {
  std::vector<const Row*> found;
  for (const Row& row : rows)
    if (row.regime == regime) found.push_back(&row);
  return found;
}

Series named(Regime regime, std::string_view method, Index N = 0) {
  Series series;
  series.regime = to_string(regime);
  series.method = method;
  series.N = N;
  series.name = N > 0 ? fmt::format("{} N={} {}", series.regime, N, method)
                      : fmt::format("{} {}", series.regime, method);
  return series;
}

/// Neurons of the regime where NT and NN have N.
Index neurons(const Plan& plan, Regime regime, Index N) {
  return plan.sweep.equal_parameters && is_rf(regime) ? N * (plan.problem.d + 1) : N;
}

/// Where a width of the regime lies on the axis of the left frame: with equal parameters, at the N of NT and
/// NN.
double position(const Plan& plan, const Row& row) {
  const auto N = static_cast<double>(row.N);
  return plan.sweep.equal_parameters && is_rf(row.regime) ? N / static_cast<double>(plan.problem.d + 1) : N;
}

Series limit_curve(const Plan& plan, const experiment::Setting& setting, Regime regime) {
  Series series = named(regime, "limit");
  const std::vector<Index> grid = fine_widths(plan);
  std::vector<Index> wide;
  for (const Index N : grid) wide.push_back(neurons(plan, regime, N));
  const std::vector<double> ratios = experiment::limit_ratios(setting, plan, regime, wide);
  for (std::size_t i = 0; i < grid.size(); ++i)
    series.points.push_back(point_at(wide[i], static_cast<double>(grid[i]), ratios[i]));
  return series;
}

void add_left(Frame& frame, const Plan& plan, const std::vector<Row>& rows) {
  const experiment::Setting setting = experiment::make_setting(plan);
  const auto [least, most] = std::minmax_element(plan.sweep.neurons.begin(), plan.sweep.neurons.end());
  for (const Regime regime : plan.sweep.regimes) {
    const std::vector<const Row*> own = rows_of(rows, regime);
    if (regime == Regime::bayes) {
      if (own.empty()) continue;
      const bool exact = own.front()->exact.draws > 0;
      if (!exact && !own.front()->limit) continue;
      const double ratio = exact ? own.front()->exact.ratio : *own.front()->limit;
      Series line = named(regime, exact ? "exact" : "limit");
      for (const Index N : {*least, *most}) line.points.push_back(point_at(0, static_cast<double>(N), ratio));
      add(frame, std::move(line));
      continue;
    }
    if (std::any_of(own.begin(), own.end(), [](const Row* row) { return row->limit.has_value(); }))
      add(frame, limit_curve(plan, setting, regime));
    Series exact = named(regime, "exact"), train = named(regime, "train"), fit = named(regime, "fit");
    const double trained_on =
        static_cast<double>(plan.train.options.steps) * static_cast<double>(plan.train.options.batch);
    for (const Row* row : own) {
      const double x = position(plan, *row);
      if (row->exact.draws > 0) exact.points.push_back(point_at(row->N, x, row->exact, std::nullopt));
      if (row->train.risk.draws > 0) train.points.push_back(point_at(row->N, x, row->train.risk, trained_on));
      if (row->fit.risk.draws > 0)
        fit.points.push_back(point_at(row->N, x, row->fit.risk, static_cast<double>(plan.fit.samples)));
    }
    add(frame, std::move(exact));
    add(frame, std::move(fit));
    add(frame, std::move(train));
  }
}

/// Mean over draws, with its standard error, of trajectories that were recorded at the same steps.
std::vector<Point> average(const std::vector<store::Result>& draws, Index N, double d) {
  std::vector<Point> points;
  if (draws.empty()) return points;
  for (std::size_t i = 0; i < draws.front().trajectory.size(); ++i) {
    double sum = 0, squares = 0;
    Index count = 0;
    for (const store::Result& draw : draws)
      if (i < draw.trajectory.size() && draw.trajectory[i].step == draws.front().trajectory[i].step) {
        sum += draw.trajectory[i].risk / draw.null_risk;
        ++count;
      }
    const double mean = sum / static_cast<double>(count);
    for (const store::Result& draw : draws)
      if (i < draw.trajectory.size() && draw.trajectory[i].step == draws.front().trajectory[i].step)
        squares += std::pow(draw.trajectory[i].risk / draw.null_risk - mean, 2);
    Average at;
    at.draws = count;
    at.ratio = mean;
    if (count > 1) at.se = std::sqrt(squares / static_cast<double>(count * (count - 1)));
    const double samples = draws.front().trajectory[i].samples;
    points.push_back(point_at(N, samples / d, at, samples));
  }
  return points;
}

void add_right(Frame& frame, const Plan& plan, const std::vector<Row>& rows,
               const std::vector<Curves>& curves) {
  const double d = static_cast<double>(plan.problem.d);
  const double end =
      static_cast<double>(plan.train.options.steps) * static_cast<double>(plan.train.options.batch) / d;
  for (const Row& row : rows) {
    if (row.regime != Regime::nn && row.regime != Regime::nt) continue;
    if (row.limit) {
      Series limit = named(row.regime, "limit", row.N);
      for (const double x : {0.0, end}) limit.points.push_back(point_at(row.N, x, *row.limit));
      add(frame, std::move(limit));
    }
    if (row.exact.draws > 0) {
      Series exact = named(row.regime, "exact", row.N);
      exact.points.push_back(point_at(row.N, end, row.exact, std::nullopt));
      add(frame, std::move(exact));
    }
    for (const Curves& curve : curves) {
      if (curve.regime != row.regime || curve.N != row.N) continue;
      Series train = named(row.regime, "train", row.N), flow = named(row.regime, "flow", row.N);
      train.points = average(curve.train, row.N, d);
      if (curve.flow) {
        flow.points = average({*curve.flow}, row.N, d);
        // No samples are drawn: the axis is time = step size x steps, shown as SGD would have used samples.
        for (Point& point : flow.points) {
          point.n.reset();
          point.draws = 0;
        }
      }
      add(frame, std::move(train));
      add(frame, std::move(flow));
    }
  }
}

std::string default_title(const Plan& plan) {
  const std::string_view model = plan.problem.model == "qf"   ? "Quadratic function"
                                 : plan.problem.model == "mg" ? "Mixture of Gaussians"
                                                              : "Polynomial target";
  const std::string activation =
      experiment::is_quadratic(plan) ? "" : ", " + experiment::make_activation(plan).name;
  return fmt::format("{}, d = {}{}{}", model, plan.problem.d, activation,
                     plan.figure.frame == "right" ? ", along training" : "");
}

}  // namespace

Frame make_frame(const Plan& plan, const std::vector<Row>& rows, const std::vector<Curves>& curves) {
  if (plan.name.empty() || plan.name.front() == '.' ||
      plan.name.find_first_of("/\n,'\"") != std::string::npos)
    throw UsageError(
        fmt::format("report::make_frame: the name of the plan is \"{}\", but must be usable as a file name: "
                    "not empty, no dot at "
                    "its start, no slash, comma, quote or line break",
                    plan.name));
  Frame frame;
  frame.name = plan.name;
  frame.title = plan.figure.title.empty() ? default_title(plan) : plan.figure.title;
  frame.model = plan.problem.model;
  frame.d = plan.problem.d;
  frame.along_training = plan.figure.frame == "right";
  frame.equal_parameters = plan.sweep.equal_parameters;
  if (frame.along_training)
    add_right(frame, plan, rows, curves);
  else
    add_left(frame, plan, rows);
  return frame;
}

std::string describe(const Frame& frame) {
  std::set<std::string> regimes;
  for (const Series& series : frame.series) regimes.insert(series.regime);
  return fmt::format(
      "{}: R/R0 against {} for {}; every number is in {}.csv.", frame.title,
      frame.along_training     ? "the number of samples divided by d"
      : frame.equal_parameters ? "the number of neurons N of NT and NN, N(d+1) of RF,"
                               : "the number of neurons N",
      regimes.empty() ? "no regime (there are no results yet)" : fmt::format("{}", fmt::join(regimes, ", ")),
      frame.name);
}

}  // namespace lazygap::report
