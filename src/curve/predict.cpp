#include "lazygap/curve/predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "curve/equations.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::curve {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check(const char* function, const Model& model, const Setting& setting) {
  if (model.status == Status::none)
    throw UsageError(fmt::format("{}: the model is empty, because it was not made or stopped", function));
  check_at_least(function, "samples", setting.samples, 1);
  check_nonnegative(function, "ridge", setting.ridge);
  check_nonnegative(function, "label_noise", setting.label_noise);
}

bool has_offset(const Model& model) { return model.features != Features::rf; }

/// The equations for one view of a model, with the offset of NT.
Solution solve(const View& view, const Setting& setting) {
  const auto n = static_cast<double>(setting.samples);
  const double noise = setting.label_noise * setting.label_noise;
  if (!view.offset()) return solve_equations(view, n, setting.ridge, noise);
  if (setting.samples == 1)  // the offset is the label
    return {.excess = view.null_risk() - view.residual_risk() + view.null_risk() + noise,
            .train = 0,
            .gcv = std::numeric_limits<double>::quiet_NaN(),
            .degrees = 0,
            .kappa = kInfinity};
  const double share = (n - 1) / n;
  Solution solution = solve_equations(view, n - 1, setting.ridge / share, noise);
  // The offset makes the mean residual of the samples vanish, which is off by N(0, T/n).
  solution.excess += (view.residual_risk() + solution.excess + noise) / n;
  solution.train *= share;
  solution.gcv /= share;
  return solution;
}

/// Jackknife over `groups` views with a group left out each: square of the standard error of the excess.
template <class Leave>
double jackknife(int groups, const Setting& setting, const Leave& leave) {
  Eigen::ArrayXd excess(groups);
  for (int g = 0; g < groups; ++g) excess[g] = solve(leave(g), setting).excess;
  return (groups - 1.0) / groups * (excess - excess.mean()).square().sum();
}

double standard_error(const Model& model, const Setting& setting, Equivalent equivalent) {
  constexpr int kGroups = 10;
  double variance = 0;
  if (equivalent == Equivalent::elliptic && model.leverage.size() >= kGroups)
    variance +=
        jackknife(kGroups, setting, [&](int g) { return View(model, equivalent).without_pairs(g, kGroups); });
  if (const auto probes = static_cast<int>(model.densities.size()); probes > 1)
    variance += jackknife(probes, setting, [&](int p) { return View(model, equivalent).without_density(p); });
  return std::sqrt(variance);
}

/// Regions where simulations disagree with both equivalents, from docs/theory/curve.md.
std::string doubt(const Model& model, const Setting& setting) {
  constexpr double kSeriesAccuracy = 1e-6;
  constexpr Index kFewNeurons = 8;
  constexpr double kWideLeverage = 0.5;
  constexpr double kFewSamples = 1.0 / 3;
  const auto n = static_cast<double>(setting.samples);
  const double threshold = model.rank() + (has_offset(model) ? 1 : 0);
  if (model.kernel_error > kSeriesAccuracy)
    return fmt::format("the moments of the features are known to {:.1e} only", model.kernel_error);
  if (model.status != Status::ok) return model.message;
  if (setting.ridge == 0)
    if (std::string near = doubt_near(n, threshold); !near.empty()) return near;
  if (model.features == Features::nt && model.neurons < kFewNeurons)
    return fmt::format("NT features of {} neurons (fewer than {}) are not near the law that is assumed",
                       model.neurons, kFewNeurons);
  if (model.features == Features::nt && model.leverage_spread() > kWideLeverage)
    return fmt::format("the leverage of NT features spreads by {:.2f} of its mean, more than {}",
                       model.leverage_spread(), kWideLeverage);
  if (model.features == Features::nt_quadratic && n < kFewSamples * threshold)
    return fmt::format(
        "n is below a third of the interpolation threshold {:.0f}, where risks are predicted too low",
        threshold);
  return {};
}

}  // namespace

double Model::rank() const {
  double sum = 0;
  for (const Density& density : densities) sum += density.counts.sum();
  return densities.empty() ? 0 : sum / static_cast<double>(densities.size());
}

double Model::leverage_spread() const {
  if (leverage.size() == 0) return 0;
  return std::sqrt((leverage.array() - leverage.mean()).square().mean());
}

Prediction predict(const Model& model, const Setting& setting, Equivalent equivalent) {
  check("curve::predict", model, setting);
  const Solution solution = solve(View(model, equivalent), setting);
  return {.risk = model.residual_risk + solution.excess,
          .risk_se = std::isfinite(solution.excess) ? standard_error(model, setting, equivalent) : 0,
          .train = solution.train,
          .gcv = solution.gcv,
          .degrees = solution.degrees,
          .kappa = solution.kappa,
          .doubt = doubt(model, setting)};
}

BestRidge best_ridge(const Model& model, const Setting& setting, Equivalent equivalent) {
  check("curve::best_ridge", model, setting);
  const View view(model, equivalent);
  const auto excess = [&](double ridge) {
    Setting at = setting;
    at.ridge = ridge;
    return solve(view, at).excess;
  };
  double best = 0;
  if (const double trace = view.trace(); trace > 0) {
    constexpr double kStep = 1.2;  // in log ridge; the risk is smooth on that scale
    const double lowest = std::log(1e-8 * trace / view.rank()), highest = std::log(1e4 * trace);
    const auto at = [&](double log_ridge) { return excess(std::exp(log_ridge)); };
    double position = lowest, least = kInfinity;
    for (double x = lowest; x <= highest; x += kStep)
      if (const double value = at(x); value < least) {
        least = value;
        position = x;
      }
    position = minimum(at, std::max(lowest, position - kStep), std::min(highest, position + kStep));
    if (at(position) < excess(0)) best = std::exp(position);
  }
  Setting chosen = setting;
  chosen.ridge = best;
  return {.ridge = best, .prediction = predict(model, chosen, equivalent)};
}

}  // namespace lazygap::curve
