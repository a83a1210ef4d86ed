#include "network/close_pairs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lazygap/math/gaussian_rule.h"

namespace lazygap::network {
namespace {

/// The density beyond is below 1e-22 of that at 0.
constexpr double kEnd = 10;
/// 20 nodes on a panel of this width integrate polynomials times the density to rounding.
constexpr double kPanel = 10.0 / 3;

/// What has been measured of the moments beyond that, on steps at angles from 0.2 to 1e-3.
constexpr double kAccuracy = 1e-13;

/// Panels for phi(g) = s(length g + bias), which varies on the scale Activation::length / length.
double panel(const ScalarFunction& s, double length) {
  return std::min(kPanel, 1.5 * s.length / std::max(length, 1e-300));
}

/// Where phi_i has its kinks.
std::vector<double> kinks_of(const ScalarFunction& s, const Neurons& neurons, Index i) {
  std::vector<double> kinks;
  for (const double kink : s.kinks)
    if (const double at = (kink - neurons.biases[i]) / neurons.lengths[i]; std::isfinite(at))
      kinks.push_back(at);
  return kinks;
}

/// Means over h of phi_j(t + e h) times 1, h, h^2, and of phi_j(t + e h)^2.
struct Smoothed {
  double mean, first, second, square;
};

Smoothed smooth(const ScalarFunction& s, const Neurons& neurons, Index j, const std::vector<double>& kinks,
                double t, double e) {
  std::vector<double> inner;
  for (const double kink : kinks) inner.push_back((kink - t) / e);
  const math::GaussianRule rule = math::gaussian_rule(inner, panel(s, e * neurons.lengths[j]), kEnd);
  Smoothed sums{};
  for (Index n = 0; n < rule.nodes.size(); ++n) {
    const double h = rule.nodes[n], value = s.value(neurons.lengths[j] * (t + e * h) + neurons.biases[j]);
    const double weighted = rule.weights[n] * value;
    sums.mean += weighted;
    sums.first += weighted * h;
    sums.second += weighted * h * h;
    sums.square += weighted * value;
  }
  return sums;
}

/// |found - known| / known; 0 where both are 0.
double relative_error(double found, double known) {
  return found == known ? 0 : std::abs(found - known) / std::max(known, std::numeric_limits<double>::min());
}

}  // namespace

bool few_close_pairs(const Matrix& directions) {
  Index count = 0;
  for_each_close_pair(directions, [&](Index, Index) { ++count; });
  return count <= kMostClosePairs;
}

PairMoments close_pair_moments(const ScalarFunction& s, const Neurons& neurons, Index i, Index j) {
  const double r = neurons.directions.col(i).dot(neurons.directions.col(j));
  // From the vectors: sqrt(1 - r^2) would lose half of the digits.
  const double e = (neurons.directions.col(j) - r * neurons.directions.col(i)).norm();
  const std::vector<double> kinks = kinks_of(s, neurons, j);
  std::vector<double> ends = kinks_of(s, neurons, i);
  for (const double kink : kinks)
    for (double step = -kEnd; step <= kEnd; step += kPanel) ends.push_back((kink + step * e) / r);
  const math::GaussianRule rule =
      math::gaussian_rule(ends, panel(s, std::max(neurons.lengths[i], neurons.lengths[j])), kEnd);
  double k = 0, m11 = 0, m12 = 0, m22 = 0, own = 0, other = 0;
  for (Index n = 0; n < rule.nodes.size(); ++n) {
    const double g = rule.nodes[n], value = s.value(neurons.lengths[i] * g + neurons.biases[i]);
    const Smoothed smoothed = smooth(s, neurons, j, kinks, r * g, e);
    const double weighted = rule.weights[n] * value;
    k += weighted * smoothed.mean;
    m11 += weighted * g * g * smoothed.mean;
    m12 += weighted * g * smoothed.first;
    m22 += weighted * smoothed.second;
    own += weighted * value;
    other += rule.weights[n] * smoothed.square;
  }
  PairMoments moments{.k = k};
  moments.c22 = (m22 - k) / (e * e);
  moments.c12 = m12 / e - moments.c22 * r;
  moments.c11 = m11 - k - 2 * moments.c12 * r - moments.c22 * r * r;
  const ParallelMoments known_own = parallel_moments(s, neurons, i, i, 1),
                        known_other = parallel_moments(s, neurons, j, j, 1);
  moments.error = std::max({relative_error(own, known_own.moment), relative_error(other, known_other.moment),
                            kAccuracy + std::numeric_limits<double>::epsilon() / e});
  return moments;
}

}  // namespace lazygap::network
