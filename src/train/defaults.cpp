#include "lazygap/train/defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "lazygap/core/error.h"
#include "lazygap/math/gaussian_rule.h"
#include "train/protocol.h"

namespace lazygap::train {
namespace {

/// Multiples of the stability estimate that make the grid: empirical, docs/theory/train.md.
constexpr double kNnMultiples[] = {0.15, 0.4, 1.0, 2.0, 4.0};
constexpr double kGeneralNnMultiples[] = {0.006, 0.02, 0.06, 0.15, 0.4, 1.0};
constexpr double kNtMultiples[] = {0.005, 0.015, 0.05, 0.15, 0.5, 1.2, 2.0};

/// Trace of S, in absolute value, of the best f = c + x^T S x whose S has one sign and any rank; whitened.
double target_trace(const PolynomialTarget& problem) {
  const Vector& B = problem.eigenvalues();
  return std::max(B.cwiseMax(0.0).sum(), (-B).cwiseMax(0.0).sum());
}
double target_trace(const GaussianMixture& problem) {
  const Eigen::ArrayXd D = problem.whitened_delta().array();
  const Eigen::ArrayXd per_direction = D / (1 + D.square());
  const double learnt = std::max(per_direction.max(0.0).sum(), (-per_direction).max(0.0).sum());
  return 2 / (2 + (D * per_direction).sum()) * learnt;
}

/// The solution a > 0 of a (1 + 2 a^2) = t, t > 0.
double shared_weight(double t) {
  double a = std::cbrt(t / 2);  // above the solution; the left side is convex, so Newton's method decreases
  for (int iteration = 0; iteration < 50; ++iteration) a -= (a * (1 + 2 * a * a) - t) / (1 + 6 * a * a);
  return a;
}

/// E f(sqrt(1 + tau^2) G)^2: u = <w_i,x> + b_i has this variance at the start, on average over the neurons.
double second_moment(const std::function<double(double)>& f, const Options& options) {
  const double scale = std::sqrt(1 + options.bias_scale * options.bias_scale);
  std::vector<double> kinks;
  for (const double kink : options.activation.kinks) kinks.push_back(kink / scale);
  const math::GaussianRule rule =
      math::gaussian_rule(kinks, std::min(0.5, options.activation.length / scale));
  double sum = 0;
  for (Index j = 0; j < rule.nodes.size(); ++j) {
    const double value = f(scale * rule.nodes[j]);
    sum += rule.weights[j] * value * value;
  }
  return sum;
}

/// Rate of the residual of a sample of NN that is no quadratic form, see docs/theory/train.md.
double general_nn_rate(const Problem& problem, const Options& options, const Scaling& scale, double N,
                       double own) {
  // Both layers grow until f reaches the size of y: |a_i|^2 and |w_i|^2 by the same amount, as their rates
  // are the same.
  const double growth = 1 + scale.label * std::sqrt(null_risk(problem)) / (scale.kappa * N);
  const bool is_fixed = options.second_layer == SecondLayer::fixed;
  const double a2 = is_fixed ? options.second_layer_value * options.second_layer_value : growth;
  const double both = scale.kappa * scale.neurons * N;
  const double of_neurons = both * a2 * second_moment(options.activation.derivative, options) * own;
  if (is_fixed) return of_neurons + 2;
  const double constant = options.activation.hermite.lambda_0;
  const double values = second_moment(options.activation.value, options);
  return of_neurons + both * growth * (constant * constant + values / static_cast<double>(options.batch)) + 2;
}

/// The step size at which one step takes back the residual of a sample of its own batch twice over, near the
/// end of training: 2 / (rate of the residual). Beyond about this the run is unstable or noisy.
double stable_step_size(Regime regime, const Problem& problem, Index neurons, const Options& options) {
  const Scaling scale = scaling(problem, neurons, options);
  const double d = static_cast<double>(dimension(problem)), N = static_cast<double>(neurons);
  // The other samples of the batch count as the population, the sample itself with |x|^2 / b = d / b.
  const double own = 1 + d / static_cast<double>(options.batch);
  if (regime == Regime::nt) {
    // sigma(u) = u^2: 4 for E sigma'^2, without biases.
    const double slope = second_moment(options.activation.derivative, options);
    return 2 / (scale.kappa * scale.neurons * N * slope * own + 2);
  }
  if (!is_quadratic_form(regime, options)) return 2 / general_nn_rate(problem, options, scale, N, own);
  const double t =
      scale.label * std::visit([](const auto& p) { return target_trace(p); }, problem) / scale.kappa;
  const bool shared = options.second_layer == SecondLayer::shared;
  // q = sum_i <w_i,x>^2 is N at the start. Shared a: ||W||^2 - 2 N a^2 is conserved.
  const double a = shared ? shared_weight(t / N) : std::abs(options.second_layer_value);
  // Where the network of the start is subtracted, the target comes on top of it.
  const double fixed_q = options.subtract_start ? N + t / a : std::max(N, t / a);
  const double q = shared ? N * (1 + 2 * a * a) : fixed_q;
  const double of_weights = 2 * scale.kappa * scale.weights * a * a * q * own;
  const double of_shared = shared ? scale.kappa * scale.shared * q * q : 0;
  return 2 / (of_weights + of_shared + 2);
}

}  // namespace

std::vector<double> default_step_sizes(Regime regime, const Problem& problem, Index neurons,
                                       const Options& options) {
  if (regime != Regime::nn && regime != Regime::nt)
    throw UsageError(
        fmt::format("train::default_step_sizes: regime is {}, but must be NN or NT", to_string(regime)));
  check_options("train::default_step_sizes", regime, neurons, options);
  const double stable = stable_step_size(regime, problem, neurons, options);
  std::vector<double> grid;
  std::span<const double> multiples = kNtMultiples;
  if (regime == Regime::nn)
    multiples = is_quadratic_form(regime, options) ? std::span<const double>(kNnMultiples)
                                                   : std::span<const double>(kGeneralNnMultiples);
  for (const double multiple : multiples) {
    // Two significant digits, so that the grid can be read and typed.
    const double value = multiple * stable;
    const double scale = std::pow(10.0, 1 - std::floor(std::log10(value)));
    grid.push_back(std::round(value * scale) / scale);
  }
  return grid;
}

}  // namespace lazygap::train
