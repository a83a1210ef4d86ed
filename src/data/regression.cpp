#include "lazygap/data/regression.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/pairs.h"
#include "lazygap/core/check.h"

namespace lazygap::data {
namespace {

/// Var y, |beta|^2, 2 ||B||_F^2, (tr B)^2 and the rest from the variance of y and the pair statistics of y.
Vector values(const PairMoments& moments, double samples, double variance, const Vector& statistics) {
  // Centring y with its own mean takes this much of each pair; not of the linear part where x is centred,
  // too.
  const double centring = 1 - 2 / samples + 2 / (samples * samples);
  const bool both = moments.whitening == Whitening::samples;
  // |beta|^2, ||A||_F^2, (tr A)^2 for A = 2 B.
  Vector m = moments.solve(statistics.cwiseQuotient(Vector{{both ? 1 : centring, centring, centring}}));
  if (both) {
    // The mean m' that is subtracted from both samples of a pair has covariance I / (n - 2): A becomes A -
    // beta m'^T - m' beta^T.
    m[1] -= 2 * m[0] * (moments.d + 1) / (samples - 2);
    m[2] -= 4 * m[0] / (samples - 2);
  }
  const double linear = m[0], quadratic = m[1] / 2;
  return Vector{{variance, linear, quadratic, m[2] / 4, variance - linear - quadratic}};
}

/// Mean of G_ij^4 over i != j, over what Gaussian features have.
double fourth_moment_ratio(const Matrix& Z, Whitening whitening) {
  const auto d = static_cast<double>(Z.rows()), n = static_cast<double>(Z.cols());
  Matrix powers = (Z.transpose() * Z).array().square().square();
  powers.diagonal().setZero();
  // Whitened by themselves, sum_j G_ij^2 = n s_i leaves pairs this much of their square.
  const double share = whitening == Whitening::samples ? 1 - (d + 2) / n : 1;
  return powers.sum() / (n * (n - 1)) / ((3 * d * d + 6 * d) * share * share);
}

}  // namespace

RegressionStatistics regression_statistics(const Matrix& X, const Vector& y, Whitening whitening) {
  constexpr auto kFunction = "data::regression_statistics";
  check_samples(kFunction, X, y, whitening);
  const Index n = X.cols();
  const auto real_n = static_cast<double>(n);
  const Vector centred = y.array() - y.mean();
  const double variance = centred.squaredNorm() / (real_n - 1);
  const PairStatistics pairs =
      pair_statistics(kFunction, X, centred, std::vector<int>(static_cast<std::size_t>(n), 0), whitening);
  const PairMoments moments = pair_moments(X.rows(), n, 1, whitening);
  Matrix without(n, 5);
  for (Index i = 0; i < n; ++i) {
    const double variance_i =
        ((real_n - 1) * variance - real_n / (real_n - 1) * centred[i] * centred[i]) / (real_n - 2);
    without.row(i) = values(moments, real_n, variance_i, pairs.without.row(i).transpose()).transpose();
  }
  const Vector value = values(moments, real_n, variance, pairs.mean);
  Matrix map(5, 3);  // the values are linear in the statistics
  for (Index k = 0; k < 3; ++k) map.col(k) = values(moments, real_n, 0, Vector::Unit(3, k));
  const Vector error = pair_errors(pairs, map, without);
  return {.samples = n,
          .dimension = X.rows(),
          .variance = value[0],
          .linear = {value[1], error[1]},
          .quadratic = {value[2], error[2]},
          .squared_trace = {value[3], error[3]},
          .rest = {value[4], error[4]}};
}

Powers clipped_powers(const RegressionStatistics& statistics) {
  double linear = std::max(statistics.linear.value, 0.0);
  double quadratic = std::max(statistics.quadratic.value, 0.0);
  const double total = linear + quadratic;
  if (total > statistics.variance) {
    linear *= statistics.variance / total;
    quadratic *= statistics.variance / total;
  }
  const double radial = std::clamp(
      2 * statistics.squared_trace.value / static_cast<double>(statistics.dimension), 0.0, quadratic);
  return {.linear = linear,
          .traceless = quadratic - radial,
          .radial = radial,
          .noise = std::max(statistics.variance - linear - quadratic, 0.0)};
}

Estimate gaussianity(const Matrix& X, Whitening whitening, Index most) {
  constexpr auto kFunction = "data::gaussianity";
  check_features(kFunction, X, whitening);
  check_at_least(kFunction, "most", most, kLeastSamples);
  const Matrix some = X.leftCols(std::min(most, X.cols()));
  check_features(kFunction, some, whitening);
  const auto ratio = [&](const Matrix& features) {
    return Vector{{fourth_moment_ratio(whitened(kFunction, features, whitening), whitening)}};
  };
  return {.value = ratio(some)[0],
          .error = group_errors([&](Index g) { return ratio(without_group(some, g)); })[0]};
}

}  // namespace lazygap::data
