#include "lazygap/curve/two_level.h"

#include <algorithm>
#include <cmath>

#include "curve/equations.h"
#include "lazygap/core/check.h"
#include "math/symmetric.h"

namespace lazygap::curve {
namespace {

/// Eigenvalues below this share of the largest are 0.
constexpr double kSingular = 1e-12;

/// Collects eigenvalues with the power of f* in them.
class Blocks {
 public:
  void add(double value, double power) {
    values_.push_back(value);
    powers_.push_back(power);
  }
  /// Eigenvalues that are 0 leave their power to the residual.
  void store(AveragedModel& model) const {
    const double cut = kSingular * *std::max_element(values_.begin(), values_.end());
    const auto kept = std::count_if(values_.begin(), values_.end(), [&](double e) { return e > cut; });
    model.values.resize(kept);
    model.powers.resize(kept);
    model.counts = Vector::Ones(kept);
    Index filled = 0;
    for (std::size_t k = 0; k < values_.size(); ++k)
      if (values_[k] > cut) {
        model.values[filled] = values_[k];
        model.powers[filled++] = powers_[k];
      } else {
        model.residual_power += powers_[k];
      }
  }

 private:
  std::vector<double> values_, powers_;
};

/// The functions 1 and h_j.
void add_radial(const Vector& g, const Vector& target, double scale, Blocks& blocks) {
  const Index d = g.size();
  Matrix M = Matrix::Zero(d + 1, d + 1);
  M(0, 0) = g.squaredNorm();
  M.col(0).tail(d) = std::sqrt(2.0) * g.cwiseAbs2();
  M.bottomRightCorner(d, d) = g * g.transpose();
  M.bottomRightCorner(d, d).diagonal() += 2 * g.cwiseAbs2();
  const Eigenbasis basis = symmetric_eigenbasis(scale * M);
  const Vector parts = basis.vectors.transpose() * target;
  for (Index k = 0; k <= d; ++k) blocks.add(basis.values[k], parts[k] * parts[k]);
}

/// Sums over the eigenvalues at one nu.
struct Sums {
  double df, s1, chi;
};

double degrees(const AveragedModel& model, double nu) {
  const auto e = model.values.array();
  return (model.counts.array() * e / (e + nu)).sum() + (model.tail > 0 ? model.tail / nu : 0);
}

Sums sums(const AveragedModel& model, double N, double nu) {
  const auto e = model.values.array(), counts = model.counts.array();
  const double s1 = (counts * (e / (e + nu)).square()).sum();
  const double slope = (counts * e / (e + nu).square()).sum() + (model.tail > 0 ? model.tail / (nu * nu) : 0);
  return {.df = degrees(model, nu), .s1 = s1, .chi = slope / (N - s1)};
}

/// nu with df = `most`.
double at_degrees(const AveragedModel& model, double most) {
  const double trace = model.values.dot(model.counts) + model.tail;
  // df <= trace / nu, and df is at least the counts' share of the least eigenvalue, or the tail alone.
  const double high = std::log(trace / most);
  double low = high - 1;
  while (degrees(model, std::exp(low)) < most) low -= high - low;
  return std::exp(root([&](double x) { return most - degrees(model, std::exp(x)); }, low, high));
}

double solve_nu(const AveragedModel& model, double N, double n, double ridge) {
  const double most = std::min(n, N);
  const bool enough = model.tail > 0 || model.counts.sum() > most;
  if (ridge == 0) return enough ? at_degrees(model, most) : 0;
  const auto balance = [&](double x) {
    const double nu = std::exp(x), df = degrees(model, nu);
    // Increasing where df < min(n, N); logarithms keep it finite for any ridge.
    return df < most ? x + std::log(N - df) + std::log1p(-df / n) - std::log(ridge) : -1e300;
  };
  const double low = std::log(ridge / N);
  double high = low + 1;
  while (balance(high) < 0) high += high - low;
  return std::exp(root(balance, low, high));
}

}  // namespace

AveragedModel averaged_rf(const PolynomialTarget& target, const FirstLayerLaw& law,
                          const HermiteSummary& hermite) {
  const Index d = target.dimension();
  check_size("curve::averaged_rf", "law", law.dimension(), "the dimension d of the problem", d);
  Vector g;
  Matrix V = Matrix::Identity(d, d);
  if (law.is_diagonal()) {
    g = law.gamma();
  } else {
    Eigenbasis basis = symmetric_eigenbasis(law.covariance());
    g = basis.values.cwiseMax(0);
    V = std::move(basis.vectors);
  }
  const Matrix B = V.transpose() * target.eigenvalues().asDiagonal() * V;
  const Vector linear = V.transpose() * target.coefficients(1);
  const double scale = hermite.lambda_2 * hermite.lambda_2 / 2;

  AveragedModel model;
  model.residual_power = target.rest_risk() - linear.squaredNorm();
  if (model.residual_power < kSingular * target.null_risk()) model.residual_power = 0;
  Blocks blocks;
  for (Index j = 0; j < d; ++j) {
    blocks.add(hermite.lambda_1 * hermite.lambda_1 * g[j], linear[j] * linear[j]);
    for (Index k = 0; k < j; ++k) blocks.add(2 * scale * g[j] * g[k], 4 * B(j, k) * B(j, k));
  }
  Vector radial(d + 1);
  radial << target.mean(), std::sqrt(2.0) * B.diagonal();
  add_radial(g, radial, scale, blocks);
  blocks.store(model);
  model.tail = hermite.lambda_tilde - scale * g.sum() * g.sum();
  if (model.tail < kSingular * hermite.lambda_tilde) model.tail = 0;
  return model;
}

Prediction predict(const AveragedModel& model, Index neurons, const Setting& setting) {
  check_at_least("curve::predict", "neurons", neurons, 1);
  check_at_least("curve::predict", "samples", setting.samples, 1);
  check_nonnegative("curve::predict", "ridge", setting.ridge);
  check_nonnegative("curve::predict", "label_noise", setting.label_noise);
  const auto N = static_cast<double>(neurons), n = static_cast<double>(setting.samples);
  const double noise = setting.label_noise * setting.label_noise;
  const double nu = solve_nu(model, N, n, setting.ridge);
  const Sums of = sums(model, N, nu);
  const auto e = model.values.array();
  const double bias = nu * nu * (model.powers.array() * (1 + of.chi * e) / (e + nu).square()).sum();
  const double share = of.df / N;
  const double Y = (share * of.df + (1 - share) * (1 - share) * N * of.s1 / (N - of.s1)) / n;
  // Without ridge the threshold is N, or the number of functions where the features span no more.
  const double threshold = nu > 0 ? N : model.counts.sum();
  const bool at_peak = setting.ridge == 0 && n == threshold;
  Prediction prediction{.risk = at_peak ? std::numeric_limits<double>::infinity()
                                        : (bias + model.residual_power + noise) / (1 - Y) - noise,
                        .degrees = of.df,
                        .kappa = nu * (N - of.df)};
  if (setting.ridge == 0) prediction.doubt = doubt_near(n, threshold);
  return prediction;
}

}  // namespace lazygap::curve
