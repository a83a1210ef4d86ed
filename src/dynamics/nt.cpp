#include "lazygap/dynamics/nt.h"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>

#include "dynamics/nt_moments.h"
#include "dynamics/protocol.h"
#include "lazygap/core/check.h"
#include "lazygap/network/nt_basis.h"
#include "network/scaling.h"

namespace lazygap::dynamics {
namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

/// The factor of the trained form, which depends on the target in no way. In problem units: the label factor
/// of the parameterisation multiplies E, p and the noise alike.
double form_factor(Parameterisation parameterisation, Index neurons) {
  return scaling(parameterisation, 1, PolynomialTarget(Vector::Ones(1)), neurons).form;
}

NtMoments moments_at_start(const PolynomialTarget& problem, const NtBasis& basis, double form,
                           const Options& options) {
  const Matrix E = basis.U.transpose() * problem.eigenvalues().asDiagonal() * basis.U;
  return {E, problem.offset(), basis.l, form, options.batch, options.label_noise * options.label_noise};
}

/// Whether the moments of what is trained grow for ever at a constant step size. They do where the spectral
/// radius of their recursion, a positive map, is above 1: the power method from a positive start.
bool is_unstable(const NtBasis& basis, double form, Index batch, double step_size) {
  constexpr int kMostSteps = 1000, kSteps = 20;
  // The factor of a step is settled where it changes by less than this part of its distance from 1.
  constexpr double kSettled = 0.02;
  constexpr double kHuge = 1e100;
  Matrix E = Matrix::Ones(basis.l.size(), basis.l.size());
  const Index null = (basis.l.array() == 0).count();
  E.bottomRightCorner(null, null).setZero();
  NtMoments moments(E, 1, basis.l, form, batch, 0);
  double factor = 0;
  for (int step = 0; step < kMostSteps; step += kSteps) {
    const double start = moments.risk();
    for (int k = 0; k < kSteps; ++k) moments.step(step_size);
    const double last = factor;
    factor = moments.risk() / start;
    if (!std::isfinite(factor)) return true;
    if (std::abs(factor - last) < kSettled * std::abs(factor - 1)) break;
    if (moments.risk() > kHuge || moments.risk() < 1 / kHuge) moments.scale(1 / moments.risk());
  }
  return factor > 1;
}

/// nt() with the basis of W at hand.
Curve curve(const PolynomialTarget& problem, const NtBasis& basis, double form, const Options& options,
            const Control& control) {
  NtMoments moments = moments_at_start(problem, basis, form, options);
  return run(moments, Regime::nt, problem.null_risk(), options, control);
}

double largest_stable(const NtBasis& basis, double form, Index batch, const Control& control) {
  constexpr double kPrecision = 1.005;
  const auto d = static_cast<double>(basis.l.size());
  // The scale of the step size, docs/theory/train.md.
  double stable = 1 / (1 + form * basis.l.sum() * (1 + d / static_cast<double>(batch)));
  const auto asks_to_stop = [&] { return control.stop && control.stop(); };
  while (is_unstable(basis, form, batch, stable)) {
    stable /= 2;
    if (asks_to_stop()) return kNotANumber;
  }
  double unstable = 2 * stable;
  while (!is_unstable(basis, form, batch, unstable)) {
    stable = unstable;
    unstable *= 2;
    if (asks_to_stop()) return kNotANumber;
  }
  while (unstable > kPrecision * stable) {
    if (asks_to_stop()) return kNotANumber;
    const double middle = std::sqrt(stable * unstable);
    (is_unstable(basis, form, batch, middle) ? unstable : stable) = middle;
  }
  return stable;
}

/// Progress of one part of several equal ones.
Control part_of(const Control& control, double first, double parts) {
  Control part{.stop = control.stop};
  if (control.progress)
    part.progress = [&control, first, parts](double fraction) {
      control.progress(std::min(1.0, (first + fraction) / parts));
    };
  return part;
}

}  // namespace

Curve nt(const PolynomialTarget& problem, const Matrix& W, const Options& options, const Control& control) {
  check_arguments("dynamics::nt", Regime::nt, problem, W, options);
  return curve(problem, nt_basis(W), form_factor(options.parameterisation, W.cols()), options, control);
}

double nt_largest_stable_step_size(const Matrix& W, Index batch, Parameterisation parameterisation,
                                   const Control& control) {
  constexpr auto kFunction = "dynamics::nt_largest_stable_step_size";
  check_weights(kFunction, W);
  check_at_least(kFunction, "batch", batch, 1);
  return largest_stable(nt_basis(W), form_factor(parameterisation, W.cols()), batch, control);
}

StepSizeChoice nt_best_step_size(const PolynomialTarget& problem, const Matrix& W, const Options& options,
                                 std::span<const double> grid, const Control& control) {
  constexpr auto kFunction = "dynamics::nt_best_step_size";
  check_not_empty(kFunction, "grid", static_cast<Index>(grid.size()));
  Options own = options;
  for (const double step_size : grid) {
    own.step_size = step_size;
    check_arguments(kFunction, Regime::nt, problem, W, own);
  }
  const NtBasis basis = nt_basis(W);
  const double form = form_factor(options.parameterisation, W.cols());
  StepSizeChoice best;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    own.step_size = grid[i];
    const Control part = part_of(control, static_cast<double>(i), static_cast<double>(grid.size()));
    const Curve found = curve(problem, basis, form, own, part);
    if (found.status == Status::none) return {};
    if (found.status == Status::ok && !(found.risk >= best.risk)) best = {grid[i], found.risk};
  }
  return best;
}

StepSizeChoice nt_best_step_size(const PolynomialTarget& problem, const Matrix& W, const Options& options,
                                 const Control& control) {
  check_arguments("dynamics::nt_best_step_size", Regime::nt, problem, W, options);
  const NtBasis basis = nt_basis(W);
  const double form = form_factor(options.parameterisation, W.cols());
  const double stable = largest_stable(basis, form, options.batch, control);
  if (std::isnan(stable)) return {};
  // Brent's method halves the interval, log 1e4 long, in one or two curves: 2^-9 of it is 2 %.
  constexpr double kLeast = 1e-4;
  constexpr int kBits = 9;
  constexpr std::uintmax_t kMostCurves = 16;
  bool is_stopped = false;
  double curves = 0;
  const auto risk = [&](double log_step_size) {
    Options own = options;
    own.step_size = std::exp(log_step_size);
    const Control part = part_of(control, curves++, static_cast<double>(kMostCurves));
    const Curve found = is_stopped ? Curve{} : curve(problem, basis, form, own, part);
    is_stopped = found.status == Status::none;
    return found.status == Status::ok ? found.risk : std::numeric_limits<double>::max();
  };
  std::uintmax_t most = kMostCurves;
  const auto [log_step_size, least] =
      boost::math::tools::brent_find_minima(risk, std::log(kLeast * stable), std::log(stable), kBits, most);
  if (is_stopped) return {};
  return {std::exp(log_step_size), least};
}

}  // namespace lazygap::dynamics
