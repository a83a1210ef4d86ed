#include "lazygap/schedule/prediction.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/machine.h"
#include "lazygap/plan/cells.h"
#include "lazygap/route/dynamics.h"
#include "lazygap/route/route.h"

namespace lazygap::schedule {
namespace {

using plan::Plan;
using question::Instance;
using question::Method;
using question::Question;

/// The curves of the grid, of which the best end is kept.
void find_best(const Plan& plan, const Question& question, const Instance& instance, Prediction& prediction) {
  Question own = question;
  for (const double step_size : step_sizes(plan, question)) {
    own.train.options.step_size = step_size;
    route::Control control;
    control.finished = [&](std::size_t, const store::Result& result) {
      if (result.status != Status::ok || result.ratio >= prediction.ratio) return;
      prediction.best_step_size = step_size;
      prediction.ratio = result.ratio;
    };
    route::route_of(Method::dynamics).answer(instance, {&own, 1}, control);
  }
}

/// Steps of the recursion in which the largest stable step size is found, roughly.
constexpr double kStepsOfStability = 4000;

double operations_of_a_step(const Question& question) {
  return route::route_of(Method::dynamics).cost({&question, 1}).operations /
         static_cast<double>(question.train.options.steps);
}

/// Operations of all curves of the grid.
double operations_of(const Plan& plan, const Question& question) {
  return static_cast<double>(step_sizes(plan, question).size()) *
         route::route_of(Method::dynamics).cost({&question, 1}).operations;
}

/// Whether all there is to say is that it would take longer.
bool is_empty(const Prediction& prediction) { return !prediction.largest_stable && prediction.is_too_long; }

std::vector<std::string> found(const Prediction& prediction) {
  std::vector<std::string> parts;
  if (prediction.largest_stable)
    parts.push_back(fmt::format("largest stable step size {:.3g}", *prediction.largest_stable));
  if (prediction.best_step_size)
    parts.push_back(fmt::format("best of the grid {:.3g}, which ends at R/R0 = {:.4f}{}",
                                *prediction.best_step_size, prediction.ratio,
                                prediction.regime == Regime::nn ? " (approximate)" : ""));
  else
    parts.emplace_back(prediction.is_too_long ? "the best step size takes longer: the route dynamics finds it"
                                              : "all step sizes of the grid diverge");
  return parts;
}

}  // namespace

std::vector<Prediction> predict_training(const Plan& plan, double seconds) {
  std::vector<Prediction> predictions;
  if (!plan.asks(Method::train)) return predictions;
  const route::Route& dynamics = route::route_of(Method::dynamics);
  const double rate = matrix_product_rate();
  std::set<std::string> asked;
  for (const Regime regime : plan.regimes)
    for (std::size_t point = 0; dynamics.applies(regime) && point < plan.points(); ++point) {
      const Question question = plan.at(Method::dynamics, regime, point);
      const auto instance = plan.instances->of(question);
      if (dynamics.refuses(question, *instance) || !asked.insert(route::name(question)).second) continue;
      Prediction prediction{.regime = regime, .point = point, .neurons = question.neurons()};
      const double of_stability = kStepsOfStability * operations_of_a_step(question) / rate;
      if (regime == Regime::nt && of_stability <= seconds) {
        seconds -= of_stability;
        prediction.largest_stable = route::largest_stable_step_size(question, *instance);
      }
      const double needed = operations_of(plan, question) / rate;
      prediction.is_too_long = needed > seconds;
      if (!prediction.is_too_long) {
        seconds -= needed;
        find_best(plan, question, *instance, prediction);
      }
      predictions.push_back(prediction);
    }
  return predictions;
}

std::vector<std::string> to_lines(const std::vector<Prediction>& predictions) {
  std::vector<std::string> lines;
  for (auto first = predictions.begin(); first != predictions.end();) {
    const auto end = std::find_if(first + 1, predictions.end(), [&](const Prediction& next) {
      return !is_empty(*first) || !is_empty(next) || next.regime != first->regime;
    });
    const auto [least, most] = std::minmax_element(
        first, end, [](const Prediction& a, const Prediction& b) { return a.neurons < b.neurons; });
    const std::string widths = least->neurons == most->neurons
                                   ? fmt::format("{}", least->neurons)
                                   : fmt::format("{} to {}", least->neurons, most->neurons);
    lines.push_back(
        fmt::format("{}, N = {}: {}", to_string(first->regime), widths, fmt::join(found(*first), "; ")));
    first = end;
  }
  return lines;
}

}  // namespace lazygap::schedule
