#include "lazygap/math/gaussian_rule.h"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "lazygap/core/check.h"

namespace lazygap {
namespace {

constexpr double kEnd = 12;
constexpr int kPoints = 30;
using Legendre = boost::math::quadrature::gauss<double, kPoints>;

}  // namespace

GaussianRule gaussian_rule(std::span<const double> breaks, double width) {
  check_positive("gaussian_rule", "width", width);
  std::vector<double> ends{-kEnd, kEnd};
  for (const double b : breaks)
    if (std::abs(b) < kEnd) ends.push_back(b);
  std::sort(ends.begin(), ends.end());

  std::vector<double> nodes, weights;
  const auto add_node = [&](double node, double weight) {
    nodes.push_back(node);
    weights.push_back(weight * std::exp(-0.5 * node * node) / std::sqrt(2 * std::numbers::pi));
  };
  for (std::size_t k = 0; k + 1 < ends.size(); ++k) {
    const double length = ends[k + 1] - ends[k];
    const auto panels = static_cast<Index>(std::ceil(length / width));
    const double half = length / static_cast<double>(2 * panels);
    for (Index p = 0; p < panels; ++p) {
      const double middle = ends[k] + static_cast<double>(2 * p + 1) * half;
      // An even number of points: boost lists the positive half.
      for (std::size_t q = 0; q < Legendre::abscissa().size(); ++q) {
        add_node(middle - half * Legendre::abscissa()[q], half * Legendre::weights()[q]);
        add_node(middle + half * Legendre::abscissa()[q], half * Legendre::weights()[q]);
      }
    }
  }
  const auto count = static_cast<Index>(nodes.size());
  return {.nodes = Eigen::Map<const Vector>(nodes.data(), count),
          .weights = Eigen::Map<const Vector>(weights.data(), count)};
}

}  // namespace lazygap
