#pragma once

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "lazygap/fit/options.h"
#include "lazygap/problem/problem.h"

/// The fits as their definition reads: all samples at once in fp64, orthogonal decomposition instead of
/// normal equations.
namespace lazygap::fit {

struct Data {
  Matrix X;  ///< d x n
  Vector y;
};

inline Data draw_all(const Problem& problem, const Options& options) {
  const Index n = options.samples;
  Data data{Matrix(dimension(problem), n), Vector(n)};
  for (Index first = 0, step = 0; first < n; first += options.block, ++step) {
    const Index b = std::min(options.block, n - first);
    const RandomAddress address{options.seed, Purpose::fitting, options.draw,
                                static_cast<std::uint32_t>(step)};
    draw_samples<double>(problem, address, data.X.middleCols(first, b), data.y.segment(first, b));
    add_label_noise<double>(options.label_noise, address, data.y.segment(first, b));
  }
  return data;
}

/// argmin |y - F a|^2 / n + ridge |a|^2, of least norm. Singular values below `threshold` times the largest
/// count as 0.
inline Vector least_squares(const Matrix& F, const Vector& y, double ridge, double threshold) {
  const Index n = F.rows(), N = F.cols();
  Matrix stacked = Matrix::Zero(n + N, N);
  Vector right = Vector::Zero(n + N);
  stacked.topRows(n) = F / std::sqrt(static_cast<double>(n));
  stacked.bottomRows(N).diagonal().setConstant(std::sqrt(ridge));
  right.head(n) = y / std::sqrt(static_cast<double>(n));
  return Eigen::CompleteOrthogonalDecomposition<Matrix>().setThreshold(threshold).compute(stacked).solve(
      right);
}

}  // namespace lazygap::fit
