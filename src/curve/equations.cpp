#include "curve/equations.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace lazygap::curve {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// w = m / (1 + xi m) of each pair: between m, for many samples or much ridge, and 1/xi, for m -> infinity.
/// With a = theta m = < xi w > and b = ridge m, sums over A_k = theta s_k + ridge are sums over (a s_k + b) /
/// m, so that nothing overflows however small the ridge is.
Eigen::ArrayXd weights(const View& view, double m) { return m / (1 + view.leverage() * m); }

/// What the equations give at one m: `squares` is m^-2 D2, `bias` is ridge^2 sum_k c_k / A_k^2.
Solution solve_at(const View& view, const Eigen::ArrayXd& w, double squares, double bias, double noise) {
  const Eigen::ArrayXd& xi = view.leverage();
  const Eigen::ArrayXd residuals = view.squared_residuals() + noise;
  Solution solution{};
  solution.excess =
      (bias + (residuals * xi * w.square()).mean() * squares) / (1 - (xi * w).square().mean() * squares);
  solution.gcv = ((xi * solution.excess + residuals) * w.square()).mean() / std::pow(w.mean(), 2);
  return solution;
}

/// < xi m / (1 + xi m) >: the share of the samples that is fitted.
double share(const View& view, double m) { return (view.leverage() * m / (1 + view.leverage() * m)).mean(); }

Solution with_ridge(const View& view, double n, double ridge, double noise) {
  const auto theta = [&](double m) { return (view.leverage() / (1 + view.leverage() * m)).mean(); };
  // Both sides multiplied by theta: the left one increases with m, the right one decreases.
  const auto balance = [&](double log_m) {
    const double m = std::exp(log_m), t = theta(m);
    return t * m - view.sum([&](const auto& s) { return t * s / (t * s + ridge); }) / n;
  };
  // 0 <= theta <= 1.
  const double low = std::log(view.sum([&](const auto& s) { return s / (s + ridge); }) / n);
  const double high = std::log(view.trace() / n) - std::log(ridge);
  const double m = std::exp(root(balance, low, std::max(low, high)));
  const Eigen::ArrayXd w = weights(view, m);
  const double fitted = (view.leverage() * w).mean(), rest = ridge * m;  // a and b of weights()
  const double squares = view.sum([&](const auto& s) { return (s / (fitted * s + rest)).square(); }) / n;
  const double bias = view.power_sum([&](const auto& s) { return (rest / (fitted * s + rest)).square(); });
  Solution solution = solve_at(view, w, squares, bias, noise);
  solution.train = solution.gcv * std::pow(w.mean() / m, 2);
  solution.degrees = view.sum([&](const auto& s) { return fitted * s / (fitted * s + rest); });
  solution.kappa = rest / fitted;
  return solution;
}

/// ridge = 0 and n > D: ordinary least squares.
Solution least_squares(const View& view, double n, double noise) {
  const double fitted = view.rank() / n;
  // xi m/(1 + xi m) is concave in xi, with mean xi = 1, and at least its value at the least xi.
  const double low = std::log(fitted / (1 - fitted)), high = low - std::log(view.leverage().minCoeff());
  const double m = std::exp(root([&](double x) { return share(view, std::exp(x)) - fitted; }, low, high));
  const Eigen::ArrayXd w = weights(view, m);
  // a = D/n and b = 0: each of the D terms of m^-2 D2 is a^-2.
  Solution solution = solve_at(view, w, 1 / fitted, 0, noise);
  solution.train = solution.gcv * std::pow(w.mean() / m, 2);
  solution.degrees = view.rank();
  // The mean of an inverse Wishart matrix of order D is n/(n - D - 1), not n/(n - D).
  const double left = n - view.rank();
  solution.excess = left > 1 ? solution.excess * left / (left - 1) : kInfinity;
  return solution;
}

/// ridge = 0 and n < D: the interpolation of least norm, m -> infinity.
Solution interpolation(const View& view, double n, double noise) {
  const auto degrees = [&](double kappa) { return view.sum([&](const auto& s) { return s / (s + kappa); }); };
  // n = sum s/(s + kappa) <= (sum s)/kappa, and kappa = s_min (D - n)/n leaves at least n.
  const double low = std::log(view.least() * (view.rank() - n) / n), high = std::log(view.trace() / n);
  const double kappa = std::exp(root([&](double x) { return n - degrees(std::exp(x)); }, low, high));
  const double gamma = view.sum([&](const auto& s) { return (s / (s + kappa)).square(); }) / n;
  const double bias = view.power_sum([&](const auto& s) { return (kappa / (s + kappa)).square(); });
  // w = 1/xi, a = 1, b = kappa.
  Solution solution = solve_at(view, 1 / view.leverage(), gamma, bias, noise);
  solution.degrees = n;
  solution.kappa = kappa;
  return solution;
}

}  // namespace

View::View(const Model& model, Equivalent equivalent) : model_(&model) {
  for (const Density& density : model.densities) densities_.push_back(&density);
  count();
  if (equivalent == Equivalent::elliptic && model.leverage.size() > 0) {
    leverage_ = model.leverage.array();
    squared_residuals_ = model.squared_residuals.array();
  } else {
    leverage_ = Eigen::ArrayXd::Ones(1);
    squared_residuals_ = Eigen::ArrayXd::Constant(1, model.residual_risk);
  }
}

View View::without_pairs(int g, int groups) && {
  Index kept = 0;
  for (Index i = 0; i < leverage_.size(); ++i)
    if (i % groups != g) {
      leverage_[kept] = leverage_[i];
      squared_residuals_[kept] = squared_residuals_[i];
      ++kept;
    }
  leverage_.conservativeResize(kept);
  squared_residuals_.conservativeResize(kept);
  leverage_ /= leverage_.mean();
  if (const double mean = squared_residuals_.mean(); mean > 0)
    squared_residuals_ *= model_->residual_risk / mean;
  return std::move(*this);
}

View View::without_density(int p) && {
  densities_.erase(densities_.begin() + p);
  count();
  return std::move(*this);
}

void View::count() {
  rank_ = sum([](const auto& s) { return Eigen::ArrayXd::Ones(s.size()); });
}

double View::least() const {
  double value = kInfinity;
  for (const Density* density : densities_) value = std::min(value, density->values.minCoeff());
  return value;
}

double View::trace() const {
  return sum([](const auto& s) { return s; });
}

Solution solve_equations(const View& view, double n, double ridge, double noise) {
  if (view.rank() == 0 || view.trace() == 0) {  // no feature: f = 0
    const double train = view.residual_risk() + noise;
    return {.excess = 0, .train = train, .gcv = train, .degrees = 0, .kappa = ridge};
  }
  if (ridge > 0) return with_ridge(view, n, ridge, noise);
  if (n > view.rank()) return least_squares(view, n, noise);
  if (n < view.rank()) return interpolation(view, n, noise);
  return {.excess = kInfinity, .train = 0, .gcv = kInfinity, .degrees = n, .kappa = 0};
}

std::string doubt_near(double n, double threshold) {
  constexpr double kPeak = 3;
  if (std::abs(n - threshold) > kPeak) return {};
  return fmt::format(
      "n is within {} of the interpolation threshold {:.0f}, where the mean risk without ridge need not "
      "exist",
      kPeak, threshold);
}

double root(const std::function<double(double)>& f, double low, double high) {
  const double at_low = f(low), at_high = f(high);
  if (!(at_low < 0)) return low;
  if (!(at_high > 0)) return high;
  std::uintmax_t iterations = 200;
  const auto [a, b] = boost::math::tools::toms748_solve(
      f, low, high, at_low, at_high, boost::math::tools::eps_tolerance<double>(52), iterations);
  return a + (b - a) / 2;
}

double minimum(const std::function<double(double)>& f, double low, double high) {
  constexpr int kBits = 12;
  return boost::math::tools::brent_find_minima(f, low, high, kBits).first;
}

}  // namespace lazygap::curve
