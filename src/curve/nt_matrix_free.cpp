#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "curve/nt_ways.h"
#include "math/lanczos.h"
#include "network/neuron_functions.h"

namespace lazygap::curve {
namespace {

/// Ritz values below this share of the largest belong to the null space.
constexpr double kSingular = 1e-10;
/// Relative residuals of the best network and of the leverages.
constexpr double kTolerance = 1e-8, kLeverageTolerance = 1e-3;
constexpr int kMaxIterations = 5000, kLeverageIterations = 300;

/// A vector of independent signs.
Vector signs(const Options& options, Index size, std::uint32_t probe) {
  std::vector<std::uint32_t> words(static_cast<std::size_t>((size + 31) / 32));
  // The steps of the fresh samples are small numbers: probes count down from the largest.
  fill_words({.seed = options.seed, .purpose = Purpose::leverage, .index = options.draw, .step = ~probe},
             words);
  Vector result(size);
  for (Index i = 0; i < size; ++i)
    result[i] = ((words[static_cast<std::size_t>(i / 32)] >> (i % 32)) & 1u) != 0 ? 1 : -1;
  return result;
}

/// `rule` without the null space, as a density.
Density density(const LanczosRule& rule) {
  const double cut = kSingular * rule.nodes.tail(1)[0];
  const Index kept = (rule.nodes.array() > cut && rule.weights.array() > 0).count();
  Density result{.values = Vector(kept), .counts = Vector(kept)};
  Index filled = 0;
  for (Index j = 0; j < rule.nodes.size(); ++j)
    if (rule.nodes[j] > cut && rule.weights[j] > 0) {
      result.values[filled] = rule.nodes[j];
      result.counts[filled++] = rule.weights[j];
    }
  return result;
}

/// sum_k c_k g(s_k) = h^T g(K) K^{-1} h, from the measure seen from h, scaled to sum_k c_k = `explained`.
void set_powers(const LanczosRule& rule, double explained, Model& model) {
  const Density measure = density(rule);
  model.power_values = measure.values;
  model.powers = measure.counts.cwiseQuotient(measure.values);
  if (const double sum = model.powers.sum(); sum > 0) model.powers *= explained / sum;
}

}  // namespace

bool nt_matrix_free(const TangentProblem& nt, const Control& control, Model& model) {
  const Index d = nt.W.rows(), N = nt.W.cols(), size = d * N;
  // The ridge and the least norm are those of coefficients in the coordinates of the data.
  const LinearOperator apply = [&](const Vector& p, Vector& Kp) {
    Matrix product(d, N);
    nt.moments.apply(network::whiten_neurons(nt.problem, p.reshaped(d, N)), product);
    Kp = network::mix(nt.problem, product).reshaped();
  };
  const Matrix& h = nt.moments.projections();
  const ConjugateGradientSolution best = nt.moments.solve(kTolerance, kMaxIterations);
  if (stopped(control, 0.1)) return false;
  const double null = null_risk(nt.problem);
  model.residual_risk = std::max(null - best.form, 0.0);
  if (h.squaredNorm() > 0) {
    const LanczosRule powers =
        lanczos_quadrature(apply, network::mix(nt.problem, h).reshaped(), kPowerSteps, control.stop);
    if (powers.nodes.size() == 0) return false;
    set_powers(powers, null - model.residual_risk, model);
  }
  for (Index p = 0; p < nt.options.probes; ++p) {
    if (stopped(control, 0.2 + 0.3 * static_cast<double>(p) / static_cast<double>(nt.options.probes)))
      return false;
    const LanczosRule trace = lanczos_quadrature(
        apply, signs(nt.options, size, static_cast<std::uint32_t>(p)), kProbeSteps, control.stop);
    if (trace.nodes.size() == 0) return false;
    model.densities.push_back(density(trace));
  }

  const TangentMoments::Solver solve = nt.moments.solver(kLeverageTolerance, kLeverageIterations);
  const auto A = best.x.reshaped(d, N);
  const double mean_label = network::mean_label(nt.problem);
  bool stop = false;
  const auto visit = [&](const Matrix& X, Vector& leverage, Vector& fitted) {
    const Matrix Z = network::whiten_samples(nt.problem, X), S = nt.gates(X);
    for (Index j = 0; j < X.cols(); ++j) {
      stop = stop || (control.stop && control.stop());
      if (stop) return;
      const Matrix feature = Z.col(j) * S.col(j).transpose() - nt.moments.means();
      fitted[j] = mean_label + feature.cwiseProduct(A).sum();
      leverage[j] = solve(feature).form;
    }
  };
  if (!add_fresh_samples(nt.problem, nt.options, nt.options.matrix_free_samples, after(0.5, control), visit,
                         model) ||
      stop)
    return false;
  model.message = fmt::format("without the (N d) x (N d) matrix, {} probes", nt.options.probes);
  model.status = best.converged ? Status::ok : Status::not_converged;
  if (!best.converged)
    model.message +=
        fmt::format("; conjugate gradients for R_inf ended at a relative residual of {:.1e}", best.residual);
  return true;
}

}  // namespace lazygap::curve
