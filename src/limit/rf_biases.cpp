#include "lazygap/limit/rf_biases.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>

#include "activation/summary.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/limit/rf.h"
#include "lazygap/math/gaussian_rule.h"
#include "limit/check_quadratic.h"
#include "limit/whitened_gamma.h"

namespace lazygap::limit {
namespace {

/// Hermite coefficients of u -> sigma(u + b), one entry for each bias b. An expectation over b is the sum of
/// the entries with `weight`.
struct Coefficients {
  Eigen::ArrayXd weight, mean, lambda_1, lambda_2, lambda_tilde;
};

Coefficients coefficients(const Activation& activation, const Vector& biases, const Vector& weights) {
  const Index count = biases.size();
  Coefficients c{.weight = weights,
                 .mean = Eigen::ArrayXd(count),
                 .lambda_1 = Eigen::ArrayXd(count),
                 .lambda_2 = Eigen::ArrayXd(count),
                 .lambda_tilde = Eigen::ArrayXd(count)};
  for (Index i = 0; i < count; ++i) {
    const HermiteSummary summary = biased_summary(activation, biases[i]);
    c.mean[i] = summary.lambda_0 - activation.hermite.lambda_0;
    c.lambda_1[i] = summary.lambda_1;
    c.lambda_2[i] = summary.lambda_2;
    c.lambda_tilde[i] = summary.lambda_tilde;
  }
  return c;
}

/// For b ~ N(0, tau^2), by quadrature.
Coefficients coefficients(const Activation& activation, double tau) {
  if (tau == 0) return coefficients(activation, Vector::Zero(1), Vector::Ones(1));
  // The coefficients, as functions of b, vary on the scale 1: sigma is smoothed by a Gaussian.
  const math::GaussianRule rule = math::gaussian_rule({}, 0.5 / std::max(1.0, tau));
  constexpr double kNegligible = 1e-22;  // all weights below this amount to less than 1e-18
  const Index skipped = (rule.weights.array() < kNegligible).count() / 2;
  const Index kept = rule.weights.size() - 2 * skipped;
  return coefficients(activation, tau * rule.nodes.segment(skipped, kept),
                      rule.weights.segment(skipped, kept));
}

/// q of the fixed point. With q(p) = mean_i[t_i / (1 + t_i p)], the function 1 - <lambda_1, lambda_1>_q(p) /
/// p of p > 0 increases, because p q(p) does: one root.
double fixed_point(const Coefficients& c, const Eigen::ArrayXd& t, double rho) {
  constexpr double kUnbounded = 1e200;
  const Eigen::ArrayXd square = c.lambda_1.square();
  const auto q_of = [&](double p) { return (t / (1 + t * p)).mean(); };
  const auto p_of = [&](double q) {
    return rho * (square > 0).select(c.weight * square / (c.lambda_tilde + square * q), 0).sum();
  };
  const double least = p_of(t.mean());
  if (least == 0) return t.mean();  // lambda_1(b) = 0 for all b
  const auto excess = [&](double p) { return 1 - p_of(q_of(p)) / p; };
  if (excess(least) >= 0) return q_of(least);  // up to rounding
  double most = least;
  do most *= 2;
  while (most < kUnbounded && excess(most) < 0);
  // No finite root: at least d neurons are affine up to rounding, as relu neurons of large bias are. They can
  // cancel the linear part of all other neurons, which then adds nothing to the noise: q = 0.
  if (most >= kUnbounded) return 0;
  std::uintmax_t iterations = 200;
  const auto [left, right] = boost::math::tools::toms748_solve(
      excess, least, most, boost::math::tools::eps_tolerance<double>(), iterations);
  return q_of(left + (right - left) / 2);
}

/// What takes the place of psi lambda_2^2 in Theorems 1 and 4 (rf_biases.h).
double explained(const Coefficients& c, const Eigen::ArrayXd& t, double rho) {
  const Eigen::ArrayXd noise = c.lambda_tilde + c.lambda_1.square() * fixed_point(c, t, rho);
  // A large bias can make a neuron constant. Its noise is then 0 and it sees nothing of the target, but it
  // serves as an offset: <m, m> is infinite.
  const auto product = [&](const Eigen::ArrayXd& f, const Eigen::ArrayXd& g) {
    return rho * (f * g != 0).select(c.weight * f * g / noise, 0).sum();
  };
  const double mixed = product(c.lambda_2, c.mean);
  const double free = 1 / static_cast<double>(t.size()) + product(c.mean, c.mean);
  return product(c.lambda_2, c.lambda_2) - mixed * mixed / free;
}

double ratio(const char* function, const Problem& problem, const FirstLayerLaw& law, const Coefficients& c,
             double rho) {
  check_size(function, "law", law.dimension(), "the dimension d of the problem", dimension(problem));
  if (const auto* target = std::get_if<PolynomialTarget>(&problem)) {
    constexpr double kCentred = 1e-9;  // b0 = -tr B up to rounding
    if (std::abs(target->mean()) > kCentred * std::sqrt(target->null_risk()))
      throw UsageError(
          fmt::format("{}: the mean of f* is {}, but must be 0 (centred)", function, target->mean()));
  }
  check_quadratic(function, problem);
  const Eigen::ArrayXd t = whiten_gamma(problem, law).spectrum;
  const double strength = explained(c, t, rho);
  if (!(strength > 0)) return 1;  // lambda_2(b) = 0 for all b
  // Theorems 1 and 4 depend on sigma and rho only through the product psi lambda_2^2. For an activation with
  // lambda_1 = 0 and lambda_2 = lambda_tilde = 1, psi is rho and the product is rho. So the theorem is called
  // for this activation, with the product computed above in the place of rho.
  return rf_ratio(problem, law, HermiteSummary{.lambda_2 = 1, .lambda_tilde = 1}, strength);
}

}  // namespace

double rf_ratio(const Problem& problem, const FirstLayerLaw& law, const Activation& activation, double tau,
                double rho) {
  return rf_ratios(problem, law, activation, tau, {rho}).front();
}

std::vector<double> rf_ratios(const Problem& problem, const FirstLayerLaw& law, const Activation& activation,
                              double tau, const std::vector<double>& rhos) {
  constexpr auto kFunction = "limit::rf_ratio";
  check_nonnegative(kFunction, "tau", tau);
  for (const double rho : rhos) check_positive(kFunction, "rho", rho);
  const Coefficients c = coefficients(activation, tau);
  std::vector<double> ratios;
  for (const double rho : rhos) ratios.push_back(ratio(kFunction, problem, law, c, rho));
  return ratios;
}

double rf_ratio_given_biases(const Problem& problem, const FirstLayerLaw& law, const Activation& activation,
                             const Vector& biases) {
  constexpr auto kFunction = "limit::rf_ratio_given_biases";
  check_not_empty(kFunction, "biases", biases.size());
  check_finite(kFunction, "biases", biases);
  const auto N = static_cast<double>(biases.size());
  const Coefficients c = coefficients(activation, biases, Vector::Constant(biases.size(), 1 / N));
  return ratio(kFunction, problem, law, c, N / static_cast<double>(dimension(problem)));
}

}  // namespace lazygap::limit
