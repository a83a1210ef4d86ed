#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/frame_parts.h"
#include "report/titles.h"

/// Frames of R/R0 along training.
namespace lazygap::report {
namespace {

/// Mean over draws, with its standard error, of trajectories that were recorded at the same steps.
std::vector<Point> average(const std::vector<store::Result>& draws, Index N, double d) {
  std::vector<Point> points;
  if (draws.empty()) return points;
  const auto& recorded = draws.front().trajectory;
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    std::vector<double> ratios;
    for (const store::Result& draw : draws)
      if (i < draw.trajectory.size() && draw.trajectory[i].step == recorded[i].step)
        ratios.push_back(draw.trajectory[i].risk / draw.null_risk);
    const auto [mean, se] = mean_and_se(ratios);
    const Average at{.draws = static_cast<Index>(ratios.size()), .ratio = mean, .se = se};
    points.push_back(point_at(N, recorded[i].samples / d, at, recorded[i].samples));
  }
  return points;
}

}  // namespace

void add_training(Frame& frame, const Plan& plan, const std::vector<Row>& rows) {
  frame.x.label = "samples per dimension, {/:Italic n} / {/:Italic d}";
  std::vector<const Key*> keys = coordinates(plan);
  std::vector<std::string> labels;
  for (const Row& row : rows) {
    if (!question::is_trained(row.regime)) continue;
    const question::Question question = plan.at(Method::train, row.regime, row.point);
    const double d = static_cast<double>(row.d);
    const train::Options& options = question.train.options;
    const double end = static_cast<double>(options.steps) * static_cast<double>(options.batch) / d;
    std::vector<std::string> parts{fmt::format("N = {}", row.N)};
    for (const Key* key : keys) parts.push_back(value_label(*key, question));
    const std::string label = fmt::format("{}", fmt::join(parts, ", "));
    const int tint = place_of(labels, label);
    const auto series_of = [&](Method method) { return named(row.regime, method, label, tint); };
    if (const auto limit = row.ratio(Method::limit)) {
      Series series = series_of(Method::limit);
      for (const double x : {0.0, end}) series.points.push_back(point_at(row.N, x, *limit));
      add(frame, std::move(series));
    }
    // The flow starts from the W of draw 0, the exact risk is a mean: where the curve is of fewer draws, so
    // is this.
    const Summary* trained = row.find(Method::train);
    // With an output scale training ends elsewhere than at the minimum of NN.
    const bool is_scaled = row.regime == Regime::nn && question.network.subtract_start;
    const Method goal = is_scaled ? Method::lazy_rich : Method::exact;
    if (const Summary* exact = row.find(goal); exact != nullptr && exact->risk.draws > 0) {
      Series series = series_of(goal);
      Average same = exact->risk;
      if (trained != nullptr && trained->exact_ratio)
        same = {.draws = trained->risk.draws, .ratio = *trained->exact_ratio, .se = trained->exact_se};
      series.points.push_back(point_at(row.N, end, same, std::nullopt));
      add(frame, std::move(series));
    }
    if (trained != nullptr) {
      Series series = series_of(Method::train);
      series.points = average(trained->results, row.N, d);
      add(frame, std::move(series));
    }
    // No samples are drawn: the axis is time = step size x steps, shown as SGD would have used samples.
    for (const Method method : {Method::flow, Method::dynamics})
      if (const Summary* summary = row.find(method)) {
        Series series = series_of(method);
        series.points = average(summary->results, row.N, d);
        for (Point& point : series.points) point.n.reset();
        add(frame, std::move(series));
      }
  }
}

}  // namespace lazygap::report
