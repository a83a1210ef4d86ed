#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "lazygap/route/lazy_rich.h"
#include "report/frame_parts.h"
#include "report/titles.h"

/// Frames of what training does to the first layer (network/mechanism.h).
namespace lazygap::report {
namespace {

/// The runs of a row that recorded their mechanism; none: null.
const Summary* recorded(const Row& row) {
  const Summary* trained = row.find(Method::train);
  if (trained == nullptr || trained->results.empty()) return nullptr;
  return std::any_of(trained->results.begin(), trained->results.end(),
                     [](const store::Result& r) { return r.mechanism.empty(); })
             ? nullptr
             : trained;
}

/// The rows of the last point of the plan, which has the largest width, that recorded their mechanism.
std::vector<const Row*> last_rows(const std::vector<Row>& rows) {
  std::vector<const Row*> last;
  std::size_t point = 0;
  for (const Row& row : rows)
    if (recorded(row) != nullptr) point = std::max(point, row.point);
  for (const Row& row : rows)
    if (row.point == point && recorded(row) != nullptr) last.push_back(&row);
  return last;
}

using Quantity = std::function<double(const MechanismPoint&)>;

/// Mean over draws at the steps that all of them recorded.
std::vector<Point> average(const Row& row, const std::vector<store::Result>& draws,
                           const Quantity& quantity) {
  std::vector<Point> points;
  const auto& first = draws.front().mechanism.points;
  for (std::size_t i = 0; i < first.size(); ++i) {
    std::vector<double> values;
    for (const store::Result& draw : draws)
      if (const auto& own = draw.mechanism.points; i < own.size() && own[i].step == first[i].step)
        values.push_back(quantity(own[i]));
    const auto [mean, se] = mean_and_se(values);
    const Average at{.draws = static_cast<Index>(values.size()), .ratio = mean, .se = se};
    points.push_back(point_at(row.N, first[i].samples / static_cast<double>(row.d), at, first[i].samples));
  }
  return points;
}

/// What all frames of the mechanism have in common.
Frame named_frame(const Plan& plan, const std::vector<const Row*>& rows, const char* ending) {
  Frame frame;
  frame.name = fmt::format("{}-{}", plan.name, ending);
  frame.d = rows.front()->d;
  frame.model = plan.base.problem.model;
  frame.along_training = true;
  std::vector<Row> copies;
  for (const Row* row : rows) copies.push_back(*row);
  frame.caption = caption_of(plan, copies);
  frame.title = fmt::format("{}, N = {}", title_of(plan, frame), rows.front()->N);
  return frame;
}

/// Overlaps, change and tangent kernel against n/d.
Frame along_training(const Plan& plan, const std::vector<const Row*>& rows) {
  Frame frame = named_frame(plan, rows, "mechanism");
  frame.what = "overlap with the target's directions, change of W and cosine of the tangent kernels";
  frame.x.label = "samples per dimension, {/:Italic n} / {/:Italic d}";
  frame.y.label = "overlap, relative change, cosine";
  for (const Row* row : rows) {
    const std::vector<store::Result>& draws = recorded(*row)->results;
    int tint = 0;
    const auto add_quantity = [&](const std::string& label, const Quantity& quantity) {
      Series series = named(row->regime, Method::train, label, tint++);
      series.points = average(*row, draws, quantity);
      add(frame, std::move(series));
    };
    const std::vector<Index>& ranks = draws.front().mechanism.ranks;
    for (std::size_t i = 0; i < ranks.size(); ++i)
      add_quantity(fmt::format("overlap, k = {}", ranks[i]),
                   [i](const MechanismPoint& point) { return point.overlaps.at(i); });
    add_quantity("change of W", [](const MechanismPoint& point) { return point.change; });
    add_quantity("cosine of kernels", [](const MechanismPoint& point) { return point.kernel_cosine; });
  }
  return frame;
}

/// Directions of W and of the target before and after, of the first draw.
Frame directions(const Plan& plan, const std::vector<const Row*>& rows) {
  Frame frame = named_frame(plan, rows, "directions");
  frame.what = "shares of the target's directions in the eigenvectors of W W^T";
  for (const Row* row : rows) {
    const Mechanism& mechanism = recorded(*row)->results.front().mechanism;
    const std::string regime(to_string(row->regime));
    if (mechanism.before == mechanism.after) {
      frame.maps.push_back({regime + ", start and end", mechanism.before});
      continue;
    }
    frame.maps.push_back({regime + ", start", mechanism.before});
    frame.maps.push_back({regime + ", end", mechanism.after});
  }
  return frame;
}

/// Mean over draws of the cosine at the end of what was recorded; no draws: nothing was.
Average cosine_at_end(const Summary* summary) {
  std::vector<double> values;
  if (summary != nullptr)
    for (const store::Result& result : summary->results)
      if (!result.mechanism.empty()) values.push_back(result.mechanism.points.back().kernel_cosine);
  const auto [mean, se] = mean_and_se(values);
  return {.draws = static_cast<Index>(values.size()), .ratio = mean, .se = se};
}

/// Where NN ends, over the draws of the plan.
Average rich_end(const Plan& plan, const Row& row) {
  question::Question question = plan.at(Method::lazy_rich, row.regime, row.point);
  const auto instance = plan.instances->of(question);
  std::vector<double> values;
  for (const store::Result& result : row.find(Method::lazy_rich)->results) {
    question.draw = static_cast<std::uint32_t>(result.draw);
    values.push_back(route::rich_kernel_cosine(question, *instance));
  }
  const auto [mean, se] = mean_and_se(values);
  return {.draws = static_cast<Index>(values.size()), .ratio = mean, .se = se};
}

Summary summary_of(const Average& average) {
  Summary summary;
  summary.risk = average;
  return summary;
}

}  // namespace

std::vector<Row> kernel_rows(const Plan& plan, const std::vector<Row>& rows) {
  std::vector<Row> cosines;
  bool any = false;
  for (const Row& row : rows) {
    any |= recorded(row) != nullptr;
    Row copy = row;
    copy.summaries.clear();
    for (const Method method : {Method::train, Method::lazy_rich})
      if (const Average average = cosine_at_end(row.find(method)); average.draws > 0)
        copy.summaries[method] = summary_of(average);
    if (copy.find(Method::lazy_rich) != nullptr)
      copy.summaries[Method::exact] = summary_of(rich_end(plan, row));
    // The kernel of NT does not move.
    if (row.regime == Regime::nt && row.find(Method::exact) != nullptr)
      copy.summaries[Method::exact] = summary_of({.draws = 1, .ratio = 1, .se = {}});
    if (!copy.summaries.empty()) cosines.push_back(std::move(copy));
  }
  return any ? cosines : std::vector<Row>();
}

std::vector<Frame> mechanism_frames(const Plan& plan, const std::vector<Row>& rows) {
  const std::vector<const Row*> last = last_rows(rows);
  if (last.empty()) return {};
  return {along_training(plan, last), directions(plan, last)};
}

}  // namespace lazygap::report
