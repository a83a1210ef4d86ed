#include "lazygap/train/defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "lazygap/core/error.h"
#include "train/protocol.h"

namespace lazygap::train {
namespace {

/// Multiples of the stability estimate that make the grid: empirical, docs/theory/train.md.
constexpr double kNnMultiples[] = {0.15, 0.4, 1.0, 2.0, 4.0};
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

/// The step size at which one step takes back the residual of a sample of its own batch twice over, near the
/// end of training: 2 / (rate of the residual). Beyond about this the run is unstable or noisy.
double stable_step_size(Regime regime, const Problem& problem, Index neurons, const Options& options) {
  const Scaling scale = scaling(problem, neurons, options);
  const double d = static_cast<double>(dimension(problem)), N = static_cast<double>(neurons);
  // The other samples of the batch count as the population, the sample itself with |x|^2 / b = d / b.
  const double own = 1 + d / static_cast<double>(options.batch);
  if (regime == Regime::nt) return 2 / (2 * scale.form * N * own + 2);
  const double t =
      scale.label * std::visit([](const auto& p) { return target_trace(p); }, problem) / scale.kappa;
  const bool shared = options.second_layer == SecondLayer::shared;
  // q = sum_i <w_i,x>^2 is N at the start. Shared a: ||W||^2 - 2 N a^2 is conserved.
  const double a = shared ? shared_weight(t / N) : std::abs(options.second_layer_value);
  const double q = shared ? N * (1 + 2 * a * a) : std::max(N, t / a);
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
  for (const double multiple :
       regime == Regime::nt ? std::span<const double>(kNtMultiples) : std::span<const double>(kNnMultiples)) {
    // Two significant digits, so that the grid can be read and typed.
    const double value = multiple * stable;
    const double scale = std::pow(10.0, 1 - std::floor(std::log10(value)));
    grid.push_back(std::round(value * scale) / scale);
  }
  return grid;
}

}  // namespace lazygap::train
