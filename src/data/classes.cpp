#include "lazygap/data/classes.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>
#include <vector>

#include "data/pairs.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::data {
namespace {

/// Mean and covariance of one class.
struct Class {
  Vector mean;
  Matrix covariance;  // divisor n - 1
  double n;

  explicit Class(const Matrix& X) : mean(X.rowwise().mean()), n(static_cast<double>(X.cols())) {
    const Matrix centred = X.colwise() - mean;
    covariance = centred * centred.transpose() / (n - 1);
  }

  [[nodiscard]] double trace() const { return covariance.trace(); }
  /// T_c, unbiased for tr (E covariance)^2.
  [[nodiscard]] double squared_norm() const {
    const double factor = (n - 1) * (n - 1) / ((n - 2) * (n + 1));
    return factor * (covariance.squaredNorm() - trace() * trace() / (n - 1));
  }
};

/// |delta|^2, ||D||_F^2, tr D, (tr D)^2 of features that are whitened already.
Vector given_estimates(const Matrix& plus, const Matrix& minus) {
  const Class p(plus), m(minus);
  const double trace = (m.trace() - p.trace()) / 2;
  const double T_p = p.squared_norm(), T_m = m.squared_norm();
  return Vector{{((p.mean - m.mean).squaredNorm() - p.trace() / p.n - m.trace() / m.n) / 4,
                 (T_p + T_m - 2 * p.covariance.cwiseProduct(m.covariance).sum()) / 4, trace,
                 trace * trace - (T_p / (p.n - 1) + T_m / (m.n - 1)) / 2}};
}

/// |delta|^2 and tr D with the pooled covariance S / nu, nu = n_+ + n_- - 2. The means are independent of it,
/// and E[S^{-1}] = I / (nu - d - 1) for D = 0; tr D shrinks by 1 - d / nu to first order in D.
Vector whitened_estimates(const char* function, const Matrix& plus, const Matrix& minus) {
  const Class p(plus), m(minus);
  const double nu = p.n + m.n - 2, d = static_cast<double>(plus.rows());
  const Matrix pooled = ((p.n - 1) * p.covariance + (m.n - 1) * m.covariance) / nu;
  const Matrix root = divide_by_root(function, pooled, Matrix::Identity(plus.rows(), plus.rows()));
  const double trace_p = (root * p.covariance * root.transpose()).trace();
  const double trace_m = (root * m.covariance * root.transpose()).trace();
  const double distance = (root * (p.mean - m.mean)).squaredNorm() * (nu - d - 1) / nu;
  return Vector{{(distance - trace_p / p.n - trace_m / m.n) / 4, (trace_m - trace_p) / 2 / (1 - d / nu)}};
}

/// ||D||_F^2 and (tr D)^2 with the scatter matrix of all samples but the pair, and their standard errors: A =
/// E[w x x^T] is -D for w = +-1/2 over the share of the class.
struct Covariances {
  Vector value, error;
};
Covariances whitened_covariance_estimates(const char* function, const Matrix& X, const Vector& y) {
  const Index n = X.cols();
  const auto real_n = static_cast<double>(n);
  std::vector<int> group(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) group[static_cast<std::size_t>(i)] = y[i] > 0 ? 0 : 1;
  const double n_p = static_cast<double>((y.array() > 0).count()), n_m = real_n - n_p;
  const Vector w =
      y.unaryExpr([&](double label) { return label > 0 ? real_n / (2 * n_p) : -real_n / (2 * n_m); });
  const PairStatistics pairs = pair_statistics(function, X, w, group, Whitening::samples);
  const PairMoments moments = pair_moments(X.rows(), n, 2, Whitening::samples);
  const double d = moments.d;
  // The means that are subtracted: A becomes A + (m_+ m_+^T - m_- m_-^T) / 2, m_c of covariance I / n_c.
  const double p = 1 / n_p, m = 1 / n_m;
  const double of_norm = ((p * p + m * m) * (d * d + 2 * d) - 2 * p * m * d) / 4;
  const double of_trace = ((p * p + m * m) * (d * d + 2 * d) - 2 * p * m * d * d) / 4;
  // ||D||^2 and (tr D)^2; weights +-1 of fixed class sizes: no centring of labels.
  const auto solve = [&](const Vector& statistics) {
    const Vector solved = moments.solve(statistics);
    const double norm = solved[1] - of_norm, trace = solved[2] - of_trace;
    return Vector{{norm, trace}};
  };
  const Vector value = solve(pairs.mean);
  Matrix without(n, 2);
  for (Index i = 0; i < n; ++i) without.row(i) = solve(pairs.without.row(i).transpose()).transpose();
  Matrix map(2, 3);  // linear in the statistics
  for (Index k = 0; k < 3; ++k) map.col(k) = solve(Vector::Unit(3, k)) - solve(Vector::Zero(3));
  const Vector error = pair_errors(pairs, map, without);
  return {.value = value, .error = error};
}

/// Indices of the samples of one class.
std::vector<Index> members(const Vector& y, double label) {
  std::vector<Index> indices;
  for (Index i = 0; i < y.size(); ++i)
    if (y[i] == label) indices.push_back(i);
  return indices;
}

void check_labels(const char* function, const Vector& y) {
  for (Index i = 0; i < y.size(); ++i)
    if (y[i] != 1 && y[i] != -1)
      throw UsageError(fmt::format("{}: y[{}] is {}, but must be 1 or -1", function, i, y[i]));
}

}  // namespace

ClassStatistics class_statistics(const Matrix& X, const Vector& y, Whitening whitening) {
  constexpr auto kFunction = "data::class_statistics";
  check_samples(kFunction, X, y, whitening);
  check_labels(kFunction, y);
  const std::vector<Index> at_plus = members(y, 1), at_minus = members(y, -1);
  const auto n_plus = static_cast<Index>(at_plus.size()), n_minus = static_cast<Index>(at_minus.size());
  check_at_least(kFunction, "the number of samples with y = 1", n_plus, kLeastSamples);
  check_at_least(kFunction, "the number of samples with y = -1", n_minus, kLeastSamples);
  const Matrix plus = X(Eigen::all, at_plus), minus = X(Eigen::all, at_minus);
  ClassStatistics statistics{.samples_plus = n_plus, .samples_minus = n_minus, .dimension = X.rows()};
  const auto set = [](const auto& estimate, const Matrix& p, const Matrix& m) {
    return std::pair<Vector, Vector>{estimate(p, m), group_errors([&](Index g) {
                                       return estimate(without_group(p, g), without_group(m, g));
                                     })};
  };
  if (whitening == Whitening::given) {
    const auto [value, error] = set(given_estimates, plus, minus);
    statistics.squared_mean = {value[0], error[0]};
    statistics.squared_norm = {value[1], error[1]};
    statistics.trace = {value[2], error[2]};
    statistics.squared_trace = {value[3], error[3]};
    return statistics;
  }
  const auto [value, error] =
      set([&](const Matrix& p, const Matrix& m) { return whitened_estimates(kFunction, p, m); }, plus, minus);
  statistics.squared_mean = {value[0], error[0]};
  statistics.trace = {value[1], error[1]};
  const Covariances covariances = whitened_covariance_estimates(kFunction, X, y);
  statistics.squared_norm = {covariances.value[0], covariances.error[0]};
  statistics.squared_trace = {covariances.value[1], covariances.error[1]};
  return statistics;
}

}  // namespace lazygap::data
