#include "lazygap/math/gaussian_rule.h"

#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <vector>

#include "lazygap/core/check.h"

namespace lazygap::math {
namespace {

/// Where the panels begin and end: kinks and, between them, equal steps of at most `panel`.
std::vector<double> panel_ends(std::span<const double> kinks, double panel, double end) {
  std::vector<double> stops{-end, 0, end};  // 0: even and odd functions meet a symmetric rule
  for (const double kink : kinks)
    if (std::abs(kink) < end) stops.push_back(kink);
  std::sort(stops.begin(), stops.end());
  stops.erase(std::unique(stops.begin(), stops.end()), stops.end());
  std::vector<double> ends{-end};
  for (std::size_t i = 1; i < stops.size(); ++i) {
    const double length = stops[i] - stops[i - 1];
    const double steps = std::ceil(length / panel);
    for (double step = 1; step < steps; ++step) ends.push_back(stops[i - 1] + length * (step / steps));
    ends.push_back(stops[i]);
  }
  return ends;
}

}  // namespace

GaussianRule gaussian_rule(std::span<const double> kinks, double panel, double end) {
  constexpr auto kFunction = "math::gaussian_rule";
  check_positive(kFunction, "panel", panel);
  check_positive(kFunction, "end", end);
  for (const double kink : kinks) check_finite(kFunction, "a kink", kink);
  using Legendre = boost::math::quadrature::gauss<double, 20>;
  const auto& positive = Legendre::abscissa();  // the ten positive nodes, increasing
  const auto& legendre = Legendre::weights();
  const Index half = static_cast<Index>(positive.size());
  const std::vector<double> ends = panel_ends(kinks, panel, end);
  GaussianRule rule;
  rule.nodes.resize(2 * half * static_cast<Index>(ends.size() - 1));
  rule.weights.resize(rule.nodes.size());
  Index next = 0;
  for (std::size_t p = 1; p < ends.size(); ++p) {
    const double middle = (ends[p - 1] + ends[p]) / 2;
    const double radius = (ends[p] - ends[p - 1]) / 2;
    for (Index i = -half; i < half; ++i, ++next) {
      const auto k = static_cast<std::size_t>(i < 0 ? -i - 1 : i);
      const double node = middle + (i < 0 ? -radius : radius) * positive[k];
      rule.nodes[next] = node;
      rule.weights[next] = radius * legendre[k] * boost::math::constants::one_div_root_two_pi<double>() *
                           std::exp(-node * node / 2);
    }
  }
  return rule;
}

Vector normalised_hermite_coefficients(const GaussianRule& rule, const Vector& values, Index count) {
  constexpr auto kFunction = "math::normalised_hermite_coefficients";
  check_at_least(kFunction, "count", count, 1);
  check_size(kFunction, "values", values.size(), "the number of nodes", rule.nodes.size());
  // The Hermite functions exp(-x^2/4) He_k(x) / sqrt(k!) stay below 1.1 where the polynomials overflow.
  const Eigen::ArrayXd root_density = (-rule.nodes.array().square() / 4).exp();
  Eigen::ArrayXd weighted = values.array() * (rule.weights.array() / root_density);
  // Because of that bound, nodes with a negligible weight drop out of all sums; most do.
  constexpr double kNegligible = 1e-19;
  const double threshold = kNegligible * weighted.abs().maxCoeff();
  Index first = 0, last = weighted.size();
  while (first < last && !(std::abs(weighted[first]) > threshold)) ++first;
  while (first < last && !(std::abs(weighted[last - 1]) > threshold)) --last;
  const Index kept = last - first;
  weighted = weighted.segment(first, kept).eval();
  const Eigen::ArrayXd x = rule.nodes.segment(first, kept).array();
  Eigen::ArrayXd previous = Eigen::ArrayXd::Zero(kept), current = root_density.segment(first, kept);
  Vector coefficients(count);
  for (Index k = 0; k < count; ++k) {
    coefficients[k] = (weighted * current).sum();
    const double order = static_cast<double>(k);
    const Eigen::ArrayXd next = (x * current - std::sqrt(order) * previous) / std::sqrt(order + 1);
    previous = current;
    current = next;
  }
  return coefficients;
}

}  // namespace lazygap::math
