#include "data/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lazygap/core/error.h"

namespace lazygap::data {
namespace {

constexpr Index kBlock = 256;
/// Least part of the scatter matrix that may be left without a pair of samples, as a ratio of determinants.
constexpr double kSingular = 1e-10;

/// One pair's g_ij, g_ii and g_jj.
struct Pair {
  double ij, ii, jj;
};

/// The Gram matrix of given whitened samples, block by block.
struct GivenPairs {
  const Matrix& Z;
  const Vector diagonal = Z.colwise().squaredNorm().transpose();
  const double centre = static_cast<double>(Z.rows()), slope = 1, level = centre;

  [[nodiscard]] Pair operator()(Index i, Index j, double gram) const {
    return {.ij = gram, .ii = diagonal[i], .jj = diagonal[j]};
  }
};

/// The pairs left out of the scatter matrix. With the indicators of the classes among the features, h is the
/// hat matrix of all samples, h_ij = <z_i, z_j> + [same class] / n_c, and the part of the indicators is taken
/// off again.
struct LeftOutPairs {
  Matrix Z;                     // L^{-1} (x - mean of the class), S = L L^T of all samples
  std::vector<int> group;       // class of each sample
  Vector sizes;                 // samples of each class
  Vector diagonal;              // h_ii
  const char* function;         // in whose name to refuse
  double centre = 0;            // mean of g_ii
  double slope = 0, level = 0;  // mean of g_ij^2 over j: about slope g_ii; over both: level

  [[nodiscard]] Pair operator()(Index i, Index j, double gram) const {
    const int a = group[static_cast<std::size_t>(i)], b = group[static_cast<std::size_t>(j)];
    const double h = gram + (a == b ? 1 / sizes[a] : 0);
    const double determinant = (1 - diagonal[i]) * (1 - diagonal[j]) - h * h;
    if (!(determinant > kSingular))
      throw UsageError(
          fmt::format("{}: without samples {} and {} the covariance of the features is singular, but it must "
                      "have full rank; leave "
                      "out features that are 0 or constant in nearly all samples",
                      function, std::min(i, j), std::max(i, j)));
    const double left_a = a == b ? 1 / (sizes[a] - 2) : 1 / (sizes[a] - 1);
    const double left_b = a == b ? left_a : 1 / (sizes[b] - 1);
    return {.ij = h / determinant - (a == b ? left_a : 0),
            .ii = (1 - diagonal[j]) / determinant - 1 - left_a,
            .jj = (1 - diagonal[i]) / determinant - 1 - left_b};
  }
};

LeftOutPairs left_out_pairs(const char* function, const Matrix& X, const std::vector<int>& group) {
  const Index n = X.cols();
  const int groups = 1 + *std::max_element(group.begin(), group.end());
  LeftOutPairs pairs{.Z = X, .group = group, .sizes = Vector::Zero(groups), .function = function};
  Matrix means = Matrix::Zero(X.rows(), groups);
  for (Index i = 0; i < n; ++i) {
    const int c = group[static_cast<std::size_t>(i)];
    means.col(c) += X.col(i);
    ++pairs.sizes[c];
  }
  for (Index i = 0; i < n; ++i) {
    const int c = group[static_cast<std::size_t>(i)];
    pairs.Z.col(i) -= means.col(c) / pairs.sizes[c];
  }
  pairs.Z = divide_by_root(function, pairs.Z * pairs.Z.transpose(), pairs.Z);
  pairs.diagonal = pairs.Z.colwise().squaredNorm().transpose();
  for (Index i = 0; i < n; ++i) pairs.diagonal[i] += 1 / pairs.sizes[group[static_cast<std::size_t>(i)]];
  const PairMoments moments = pair_moments(X.rows(), n, groups, Whitening::samples);
  pairs.centre = moments.d / (moments.nu - moments.d - 1);
  const auto [c1, c2] = moments.inverse_wishart();
  pairs.level = c1 * moments.d + c2 * moments.d * (moments.d + 1);
  pairs.slope = pairs.level / pairs.centre;
  return pairs;
}

/// Sums of the three terms t over j != i, n x 3, and of t t^T over all pairs.
struct Sums {
  Matrix rows;
  Eigen::Matrix3d squares = Eigen::Matrix3d::Zero();
};
template <class Pairs>
Sums pair_sums(const Pairs& pairs, const Vector& w) {
  const Index n = w.size();
  const double permuted = -w.squaredNorm() / (static_cast<double>(n) * static_cast<double>(n - 1));
  Sums sums{.rows = Matrix::Zero(n, 3)};
  for (Index first = 0; first < n; first += kBlock) {
    const Index count = std::min(kBlock, n - first);
    // Each pair once: i < j.
    const Matrix gram = pairs.Z.leftCols(first + count).transpose() * pairs.Z.middleCols(first, count);
    for (Index j = first; j < first + count; ++j)
      for (Index i = 0; i < j; ++i) {
        const Pair g = pairs(i, j, gram(i, j - first));
        const double weight = w[i] * w[j] - permuted;
        const double quadratic = g.ij * g.ij - pairs.slope * (g.ii + g.jj) + pairs.level;
        const Eigen::RowVector3d terms =
            weight * Eigen::RowVector3d{g.ij, quadratic, (g.ii - pairs.centre) * (g.jj - pairs.centre)};
        sums.rows.row(i) += terms;
        sums.rows.row(j) += terms;
        sums.squares += 2 * terms.transpose() * terms;
      }
  }
  return sums;
}

}  // namespace

PairStatistics pair_statistics(const char* function, const Matrix& X, const Vector& weights,
                               const std::vector<int>& group, Whitening whitening) {
  const Sums sums = whitening == Whitening::given ? pair_sums(GivenPairs{X}, weights)
                                                  : pair_sums(left_out_pairs(function, X, group), weights);
  const auto n = static_cast<double>(X.cols());
  const Vector all = sums.rows.colwise().sum().transpose();
  return {.mean = all / (n * (n - 1)),
          .without = ((-2 * sums.rows).rowwise() + all.transpose()) / ((n - 1) * (n - 2)),
          .of_pairs = 2 * sums.squares / (n * (n - 1) * n * (n - 1))};
}

Vector PairMoments::solve(const Vector& statistics) const {
  if (whitening == Whitening::given) return statistics;
  // E[tr(S^{-1} A S^{-1} A)] = (c1 + c2) ||A||^2 + c2 (tr A)^2 and E[tr(S^{-1} A)^2] = c1 (tr A)^2 + 2 c2
  // ||A||^2.
  const auto [c1, c2] = inverse_wishart();
  const double quadratic = statistics[1], radial = statistics[2];
  const double determinant = (c1 + c2) * c1 - 2 * c2 * c2;
  return Vector{{(nu - d - 1) * statistics[0], (c1 * quadratic - c2 * radial) / determinant,
                 ((c1 + c2) * radial - 2 * c2 * quadratic) / determinant}};
}

std::pair<double, double> PairMoments::inverse_wishart() const {
  const double c2 = 1 / ((nu - d) * (nu - d - 1) * (nu - d - 3));
  return {(nu - d - 2) * c2, c2};
}

PairMoments pair_moments(Index d, Index n, int groups, Whitening whitening) {
  return {.whitening = whitening, .d = static_cast<double>(d), .nu = static_cast<double>(n - 2 - groups)};
}

Vector pair_errors(const PairStatistics& pairs, const Matrix& map, const Matrix& without) {
  const Vector jackknife = jackknife_errors(without).cwiseAbs2();
  const Vector twice = (map * pairs.of_pairs).cwiseProduct(map).rowwise().sum();
  return (jackknife - twice).cwiseMax(jackknife / 2).cwiseSqrt();
}

}  // namespace lazygap::data
