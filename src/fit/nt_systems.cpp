#include "fit/nt_systems.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "fit/normal_equations.h"
#include "lazygap/math/conjugate_gradient.h"

namespace lazygap::fit {
namespace {

/// Columns of the n x n matrix computed together.
constexpr Index kPanel = 256;

/// Rounding error of the n x n and (N d) x (N d) matrices relative to their largest eigenvalue: that of sums
/// of as many terms.
double noise(std::int64_t n, const Gates& gates) {
  const Index size = std::max<Index>(n, gates.neurons() * gates.dimension());
  return static_cast<double>(size) * std::numeric_limits<double>::epsilon();
}

/// Means over the samples of the features, of the labels, and of their products less the product of means.
struct Means {
  Matrix features;  ///< d x N
  double label = 0;
  Matrix covariance;    ///< d x N
  double variance = 0;  ///< of the labels
};

/// The sums behind Means.
struct MeanSums {
  explicit MeanSums(const Gates& gates)
      : features(Matrix::Zero(gates.dimension(), gates.neurons())), products(features) {}

  template <class X, class Y, class S>
  void add(const X& x, const Y& y, const S& s) {
    features.noalias() += x * s.transpose();
    products.noalias() += x * y.asDiagonal() * s.transpose();
    label += y.sum();
    squares += y.squaredNorm();
  }
  [[nodiscard]] Means means(std::int64_t samples) const {
    const auto n = static_cast<double>(samples);
    Means means{.features = features / n, .label = label / n, .covariance = {}};
    means.covariance = products / n - means.label * means.features;
    means.variance = std::max(squares / n - means.label * means.label, 0.0);
    return means;
  }

  Matrix features, products;  // d x N
  double label = 0, squares = 0;
};

/// Calls visit(X, y, S) for each block on the way.
template <class Visit>
Means pass(SampleBlocks<double>& samples, Gates& gates, const Stage& stage, const Visit& visit) {
  MeanSums sums(gates);
  samples.for_each(stage, [&](const auto& X, const auto& y) {
    const auto S = gates(X);
    sums.add(X, y, S);
    visit(X, y, S);
  });
  return sums.means(samples.options().samples);
}

/// The offset that makes the mean residual vanish.
double offset(const Means& means, const Matrix& A) {
  return means.label - means.features.cwiseProduct(A).sum();
}

NtSolution failure(std::string message) {
  return {.A = {}, .status = Status::failed, .message = std::move(message)};
}

/// With a ridge the solution is unique whatever the rank.
std::string describe(std::string way, double ridge, Index rank, Index full) {
  if (rank == full) return way;
  return fmt::format("{}; {}rank {} of {}", way, ridge > 0 ? "" : "minimum-norm solution: ", rank, full);
}

/// The lower triangle of the n x n matrix of inner products of the features over n, not centred.
Matrix kernel(const Matrix& X, const Matrix& S, const Stage& stage) {
  const Index n = X.cols();
  Matrix K(n, n);
  Matrix panel(n, kPanel);
  for (Index j = 0; j < n; j += kPanel) {
    stage.done(j, n);
    const Index columns = std::min(kPanel, n - j), rows = n - j;
    auto block = K.block(j, j, rows, columns);
    block.noalias() = X.rightCols(rows).transpose() * X.middleCols(j, columns);
    panel.topLeftCorner(rows, columns).noalias() = S.rightCols(rows).transpose() * S.middleCols(j, columns);
    block.array() *= panel.topLeftCorner(rows, columns).array() / static_cast<double>(n);
  }
  return K;
}

/// Centres K. That leaves the constant vector in the null space; labels are orthogonal to it: giving it a
/// positive eigenvalue, the mean one, changes nothing and makes the matrix regular where the features are
/// independent. Gives that eigenvalue.
double centre(Matrix& K) {
  const Index n = K.rows();
  const auto real_n = static_cast<double>(n);
  const Vector row_means = K.selfadjointView<Eigen::Lower>() * Vector::Constant(n, 1 / real_n);
  const double mean = row_means.mean();
  const double spread = std::max(K.trace() / real_n - mean, 0.0);  // mean eigenvalue
  for (Index j = 0; j < n; ++j)
    K.col(j).tail(n - j).array() += mean + spread / real_n - row_means[j] - row_means.tail(n - j).array();
  return spread;
}

/// Of the solution alpha for centred labels y. `spread`: the eigenvalue that the constant vector was given.
Quality quality_of(const NormalSolution& solution, const Vector& y, double ridge, double spread) {
  const auto n = static_cast<double>(y.size());
  Quality quality;
  if (solution.inverse.size() > 0) {
    // The residual of sample j is ridge alpha_j; the constant vector has its share of 1/n of the inverse.
    const Vector inverse = solution.inverse.array() - 1 / (n * (spread + ridge));
    const Vector& alpha = solution.a;
    quality.train = ridge * ridge * alpha.squaredNorm() / n;
    quality.gcv = n * alpha.squaredNorm() / std::pow(inverse.sum(), 2);
    quality.leave_one_out = alpha.cwiseQuotient(inverse).squaredNorm() / n;
  } else {
    const double degrees = solution.degrees + 1 - (spread > 0 ? spread / (spread + ridge) : 0);
    quality.train = std::max(y.squaredNorm() - solution.fitted, 0.0) / n;
    quality.gcv = quality.train / std::pow(1 - degrees / n, 2);
  }
  return quality;
}

}  // namespace

std::vector<NtSolution> solve_by_kernel(SampleBlocks<double>& samples, Gates& gates,
                                        std::span<const double> ridges, const Stage& stage) {
  const Index n = samples.options().samples, d = gates.dimension(), N = gates.neurons();
  Matrix X(d, n), S(N, n);
  Vector y(n);
  Index filled = 0;
  const Means means = pass(samples, gates, stage.part(0, 0.1),
                           [&](const auto& X_block, const auto& y_block, const auto& S_block) {
                             const Index b = y_block.size();
                             X.middleCols(filled, b) = X_block;
                             S.middleCols(filled, b) = S_block;
                             y.segment(filled, b) = y_block;
                             filled += b;
                           });
  y.array() -= means.label;
  Matrix K = kernel(X, S, stage.part(0.1, 0.5));
  const double spread = centre(K);
  const auto solutions = solve_normal_equations(std::move(K), ridges, noise(n, gates), y, std::array{n},
                                                stage.part(0.5, 1), true);
  std::vector<NtSolution> results;
  for (std::size_t r = 0; r < ridges.size(); ++r) {
    const NormalSolution& solution = solutions[r].front();
    if (solution.status != Status::ok) {
      results.push_back(failure(solution.message));
      continue;
    }
    NtSolution result{.A = {}, .status = Status::ok, .rank = std::max<Index>(solution.rank - 1, 0)};
    result.quality = quality_of(solution, y, ridges[r], spread);
    Vector alpha = solution.a;
    alpha.array() -= alpha.mean();
    result.A = X * (alpha / static_cast<double>(n)).asDiagonal() * S.transpose();
    result.c = offset(means, result.A);
    result.message = describe("n x n system", ridges[r], result.rank, n - 1);
    results.push_back(std::move(result));
  }
  return results;
}

namespace {

/// The solutions of one n from the sum of products of features.
std::vector<NtSolution> solve_moments(Matrix G, const Means& means, const NtRidges& wanted,
                                      const Gates& gates, const Stage& stage) {
  const Index d = gates.dimension(), N = gates.neurons(), size = d * N;
  const auto n = static_cast<double>(wanted.samples);
  G /= n;
  G.selfadjointView<Eigen::Lower>().rankUpdate(means.features.reshaped(), -1);
  const Vector b = means.covariance.reshaped();
  const auto solutions = solve_normal_equations(std::move(G), wanted.ridges, noise(wanted.samples, gates), b,
                                                std::array{size}, stage);
  std::vector<NtSolution> results;
  for (std::size_t r = 0; r < wanted.ridges.size(); ++r) {
    const NormalSolution& solution = solutions[r].front();
    if (solution.status != Status::ok) {
      results.push_back(failure(solution.message));
      continue;
    }
    NtSolution result{.A = solution.a.reshaped(d, N), .status = Status::ok, .rank = solution.rank};
    result.c = offset(means, result.A);
    result.message = describe("(N d) x (N d) system", wanted.ridges[r], result.rank, size);
    result.quality.train = std::max(means.variance - solution.explained, 0.0);
    if (const double left = 1 - (solution.degrees + 1) / n; left > 0)
      result.quality.gcv = result.quality.train / (left * left);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace

std::vector<std::vector<NtSolution>> solve_by_moments(SampleBlocks<double>& samples, Gates& gates,
                                                      std::span<const NtRidges> wanted, const Stage& stage) {
  const Index d = gates.dimension(), N = gates.neurons(), size = d * N;
  Matrix F(size, kFeatureColumns);
  struct Sums {
    Matrix G;  // lower triangle
    MeanSums means;
  };
  Sums sums{.G = Matrix::Zero(size, size), .means = MeanSums(gates)};
  const auto add = [&](const auto& X, const auto& y, Sums& to) {
    if (X.cols() == 0) return;
    const auto S = gates(X);
    to.means.add(X, y, S);
    for (Index first = 0; first < X.cols(); first += kFeatureColumns) {
      if (first > 0) stage.heard();
      const Index columns = std::min(kFeatureColumns, X.cols() - first);
      for (Index j = 0; j < columns; ++j)
        F.col(j).reshaped(d, N).noalias() = X.col(first + j) * S.col(first + j).transpose();
      cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, static_cast<blasint>(size),
                  static_cast<blasint>(columns), 1, F.data(), static_cast<blasint>(size), 1, to.G.data(),
                  static_cast<blasint>(size));
    }
  };
  std::vector<std::int64_t> ends;
  for (const NtRidges& one : wanted) ends.push_back(one.samples);
  std::vector<std::vector<NtSolution>> solutions;
  samples.for_each_prefix(
      ends, stage, [&](const auto& X, const auto& y) { add(X, y, sums); },
      [&](std::size_t k, const auto& X, const auto& y) {
        Sums own = k + 1 == ends.size() ? std::move(sums) : sums;
        add(X, y, own);
        solutions.push_back(
            solve_moments(std::move(own.G), own.means.means(ends[k]), wanted[k], gates, stage.quiet()));
      });
  return solutions;
}

NtSolution solve_by_conjugate_gradients(SampleBlocks<double>& samples, Gates& gates, const Stage& stage) {
  const Options& options = samples.options();
  const Index d = gates.dimension(), N = gates.neurons();
  const Means means = pass(samples, gates, stage.part(0, 0.01), [](const auto&, const auto&, const auto&) {});
  if (!means.covariance.allFinite()) return failure(kOverflow);
  Matrix P(N, samples.block());
  constexpr double kTypicalProducts = 100;
  double passes = 0;
  const auto apply = [&](const Vector& p, Vector& Ap) {
    const auto A = p.reshaped(d, N);
    auto result = Ap.reshaped(d, N);
    result.setZero();
    const double mean = means.features.cwiseProduct(A).sum();
    const double begin = passes / (passes + kTypicalProducts);
    ++passes;
    const Stage now = stage.part(0.01, 1).part(begin, passes / (passes + kTypicalProducts));
    samples.for_each(now, [&](const auto& X, const auto&) {
      const auto S = gates(X);
      auto products = P.leftCols(X.cols());
      products.noalias() = A.transpose() * X;
      const Vector f = products.cwiseProduct(S).colwise().sum().transpose().array() - mean;
      // f has mean 0 over all samples: the features it multiplies need no centring.
      products = S * f.asDiagonal();
      result.noalias() += X * products.transpose();
    });
    Ap = Ap / static_cast<double>(options.samples) + options.ridge * p;
  };
  const ConjugateGradientSolution solution =
      conjugate_gradient(apply, means.covariance.reshaped(),
                         {.tolerance = options.tolerance, .max_iterations = options.max_iterations});
  NtSolution result{.A = solution.x.reshaped(d, N),
                    .status = solution.converged ? Status::ok : Status::not_converged,
                    .iterations = solution.iterations,
                    .residual = solution.residual};
  result.c = offset(means, result.A);
  result.message =
      fmt::format("conjugate gradients{}: {} iterations, relative residual {:.1e}",
                  solution.converged ? "" : " did not converge", solution.iterations, solution.residual);
  return result;
}

}  // namespace lazygap::fit
