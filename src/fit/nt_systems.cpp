#include "fit/nt_systems.h"

#include <cblas.h>
#include <fmt/format.h>

#include <array>

#include "fit/normal_equations.h"
#include "lazygap/math/conjugate_gradient.h"

namespace lazygap::fit {
namespace {

/// Columns of the n x n matrix computed together.
constexpr Index kPanel = 256;

/// Rounding error of the n x n and (N d) x (N d) matrices relative to their largest eigenvalue: that of sums
/// of as many terms.
double noise(SampleBlocks<double>& samples, const Gates& gates) {
  const Index size = std::max<Index>(samples.options().samples, gates.neurons() * gates.dimension());
  return static_cast<double>(size) * std::numeric_limits<double>::epsilon();
}

/// Means over the samples of the features, of the labels, and of their products less the product of means.
struct Means {
  Matrix features;  ///< d x N
  double label = 0;
  Matrix covariance;  ///< d x N
};

/// Calls visit(X, y, S) for each block on the way.
template <class Visit>
Means pass(SampleBlocks<double>& samples, Gates& gates, const Stage& stage, const Visit& visit) {
  const Index d = gates.dimension(), N = gates.neurons();
  Means means{.features = Matrix::Zero(d, N), .covariance = Matrix::Zero(d, N)};
  samples.for_each(stage, [&](const auto& X, const auto& y) {
    const auto S = gates(X);
    means.features.noalias() += X * S.transpose();
    means.covariance.noalias() += X * y.asDiagonal() * S.transpose();
    means.label += y.sum();
    visit(X, y, S);
  });
  const auto n = static_cast<double>(samples.options().samples);
  means.features /= n;
  means.label /= n;
  means.covariance = means.covariance / n - means.label * means.features;
  return means;
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

}  // namespace

NtSolution solve_by_kernel(SampleBlocks<double>& samples, Gates& gates, const Stage& stage) {
  const Index n = samples.options().samples, d = gates.dimension(), N = gates.neurons();
  const auto real_n = static_cast<double>(n);
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

  NtSolution result{.A = {}};
  {
    Matrix K(n, n);  // lower triangle
    Matrix panel(n, kPanel);
    for (Index j = 0; j < n; j += kPanel) {
      stage.part(0.1, 0.5).done(j, n);
      const Index columns = std::min(kPanel, n - j), rows = n - j;
      auto block = K.block(j, j, rows, columns);
      block.noalias() = X.rightCols(rows).transpose() * X.middleCols(j, columns);
      panel.topLeftCorner(rows, columns).noalias() = S.rightCols(rows).transpose() * S.middleCols(j, columns);
      block.array() *= panel.topLeftCorner(rows, columns).array() / real_n;
    }
    // Centring leaves the constant vector in the null space. y is orthogonal to it: giving it any positive
    // eigenvalue changes nothing and makes the matrix regular where the features are independent.
    const Vector row_means = K.selfadjointView<Eigen::Lower>() * Vector::Constant(n, 1 / real_n);
    const double mean = row_means.mean();
    const double spread = std::max(K.trace() / real_n - mean, 0.0);  // mean eigenvalue
    for (Index j = 0; j < n; ++j)
      K.col(j).tail(n - j).array() += mean + spread / real_n - row_means[j] - row_means.tail(n - j).array();
    const NormalSolution solution =
        solve_normal_equations(std::move(K), samples.options().ridge, noise(samples, gates), y, std::array{n},
                               stage.part(0.5, 1))
            .front();
    if (solution.status != Status::ok) return failure(solution.message);
    y = solution.a;
    result.rank = std::max<Index>(solution.rank - 1, 0);
  }
  y.array() -= y.mean();
  result.A = X * (y / real_n).asDiagonal() * S.transpose();
  result.c = offset(means, result.A);
  result.status = Status::ok;
  result.message = describe("n x n system", samples.options().ridge, result.rank, n - 1);
  return result;
}

NtSolution solve_by_moments(SampleBlocks<double>& samples, Gates& gates, const Stage& stage) {
  const Index d = gates.dimension(), N = gates.neurons(), size = d * N;
  Matrix G = Matrix::Zero(size, size);  // lower triangle
  Matrix F(size, kFeatureColumns);
  constexpr double kPass = 0.8;  // of the time, roughly
  const auto add = [&](const auto& X, const auto&, const auto& S) {
    for (Index first = 0; first < X.cols(); first += kFeatureColumns) {
      if (first > 0) stage.heard();
      const Index columns = std::min(kFeatureColumns, X.cols() - first);
      for (Index j = 0; j < columns; ++j)
        F.col(j).reshaped(d, N).noalias() = X.col(first + j) * S.col(first + j).transpose();
      cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, static_cast<blasint>(size),
                  static_cast<blasint>(columns), 1, F.data(), static_cast<blasint>(size), 1, G.data(),
                  static_cast<blasint>(size));
    }
  };
  const Means means = pass(samples, gates, stage.part(0, kPass), add);
  G /= static_cast<double>(samples.options().samples);
  G.selfadjointView<Eigen::Lower>().rankUpdate(means.features.reshaped(), -1);

  const NormalSolution solution =
      solve_normal_equations(std::move(G), samples.options().ridge, noise(samples, gates),
                             means.covariance.reshaped(), std::array{size}, stage.part(kPass, 1))
          .front();
  if (solution.status != Status::ok) return failure(solution.message);
  NtSolution result{.A = solution.a.reshaped(d, N), .status = Status::ok, .rank = solution.rank};
  result.c = offset(means, result.A);
  result.message = describe("(N d) x (N d) system", samples.options().ridge, result.rank, size);
  return result;
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
