#include "curve/equations.h"

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

/// Means over the pairs that the risk is made of, at one m.
struct Means {
  double noise;    ///< < (r^2 + tau^2) xi / (1 + xi m)^2 >
  double squares;  ///< < xi^2 / (1 + xi m)^2 >
};

Means means(const View& view, double m, double noise) {
  const Eigen::ArrayXd &xi = view.leverage(), &r2 = view.squared_residuals();
  const Eigen::ArrayXd weight = xi / (1 + xi * m).square();
  return {.noise = ((r2 + noise) * weight).mean(), .squares = (xi * weight).mean()};
}

void set_training_error(const View& view, double m, double noise, Solution& solution) {
  const Eigen::ArrayXd &xi = view.leverage(), &r2 = view.squared_residuals();
  const Eigen::ArrayXd left = 1 / (1 + xi * m);
  solution.train = ((xi * solution.excess + r2 + noise) * left.square()).mean();
  solution.gcv = solution.train / std::pow(left.mean(), 2);
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
  const double t = theta(m);
  const auto squared = [&](const auto& s) { return (s / (t * s + ridge)).square(); };
  const auto biased = [&](const auto& s) { return (ridge / (t * s + ridge)).square(); };
  const Means of = means(view, m, noise);
  const double D2 = view.sum(squared) / n;
  Solution solution{};
  solution.excess = (view.power_sum(biased) + of.noise * D2) / (1 - of.squares * D2);
  solution.degrees = view.sum([&](const auto& s) { return t * s / (t * s + ridge); });
  solution.kappa = ridge / t;
  set_training_error(view, m, noise, solution);
  return solution;
}

/// ridge = 0 and n > D: ordinary least squares.
Solution least_squares(const View& view, double n, double noise) {
  const double fitted = view.rank() / n;
  // xi m/(1 + xi m) is concave in xi, with mean xi = 1, and at least its value at the least xi.
  const double low = std::log(fitted / (1 - fitted)), high = low - std::log(view.leverage().minCoeff());
  const double m = std::exp(root([&](double x) { return share(view, std::exp(x)) - fitted; }, low, high));
  const double theta = fitted / m;
  const double D2 = fitted / (theta * theta);
  const Means of = means(view, m, noise);
  Solution solution{.excess = of.noise * D2 / (1 - of.squares * D2),
                    .train = 0,
                    .gcv = 0,
                    .degrees = view.rank(),
                    .kappa = 0};
  set_training_error(view, m, noise, solution);
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
  const Eigen::ArrayXd inverse = 1 / view.leverage();
  const Eigen::ArrayXd residuals = view.squared_residuals() + noise;
  const double excess = (bias + (residuals * inverse).mean() * gamma) / (1 - gamma);
  return {.excess = excess,
          .train = 0,
          .gcv = ((excess + residuals * inverse) * inverse).mean() / std::pow(inverse.mean(), 2),
          .degrees = n,
          .kappa = kappa};
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
