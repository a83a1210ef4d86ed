#include "lazygap/fit/rf.h"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::fit {
namespace {

constexpr auto kFunction = "fit::rf";

/// F = sigma(W^T X) (N x b) and y (b) of one block of samples. The last block of a run may be shorter.
class FeatureBlocks {
 public:
  FeatureBlocks(const Problem& problem, const Matrix& W, Index block)
      : problem_(problem), W_(W.cast<float>()), X_(W.rows(), block), F_(W.cols(), block), y_(block) {}

  template <class Visit>
  void for_each(RandomAddress address, std::int64_t samples, Visit&& visit) {
    for (std::int64_t first = 0; first < samples; first += X_.cols(), ++address.step) {
      const Index b = std::min<std::int64_t>(X_.cols(), samples - first);
      draw_samples<float>(problem_, address, X_.leftCols(b), y_.head(b));
      auto F = F_.leftCols(b);
      F.noalias() = W_.transpose() * X_.leftCols(b);
      F.array() = F.array().square() - 1.0f;
      visit(F, y_.head(b));
    }
  }

 private:
  const Problem& problem_;
  MatrixOf<float> W_, X_, F_;
  VectorOf<float> y_;
};

/// G = F^T F / n (lower triangle) and b = F^T y / n, F being n x N.
struct NormalEquations {
  Matrix G;
  Vector b;
};

NormalEquations accumulate(FeatureBlocks& blocks, Index N, const Options& options) {
  NormalEquations sum{Matrix::Zero(N, N), Vector::Zero(N)};
  MatrixOf<float> partial(N, N);
  const auto add = [&](const auto& F, const auto& y) {
    cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, static_cast<blasint>(N),
                static_cast<blasint>(F.cols()), 1, F.data(), static_cast<blasint>(N), 0, partial.data(),
                static_cast<blasint>(N));
    for (Index j = 0; j < N; ++j)
      sum.G.col(j).tail(N - j) += partial.col(j).tail(N - j).template cast<double>();
    for (Index j = 0; j < F.cols(); ++j)
      sum.b += static_cast<double>(y[j]) * F.col(j).template cast<double>();
  };
  blocks.for_each({.seed = options.seed, .purpose = Purpose::fitting, .index = options.draw}, options.samples,
                  add);
  const double scale = 1.0 / static_cast<double>(options.samples);
  sum.G *= scale;
  sum.b *= scale;
  return sum;
}

/// G is a mean of fp32 products. Its rounding errors, as a matrix, were measured to have a spectral norm
/// below 0.8 of this times the largest eigenvalue of G (and below 0.1 of it on the null space, where there is
/// one), for d from 10 to 100, N from 80 to 1000, and blocks of 2000: eigenvalues below are taken to be zero.
constexpr double kRelativeNoise = std::numeric_limits<float>::epsilon();

/// Cholesky of G + ridge I. False where the matrix is singular at the level of rounding. The strict upper
/// triangle of G is left alone; the lower one, with the diagonal, is overwritten.
bool solve_regular(Matrix& G, double ridge, Vector& a) {
  const auto N = static_cast<lapack_int>(G.rows());
  G.diagonal().array() += ridge;
  const double norm = LAPACKE_dlansy(LAPACK_COL_MAJOR, '1', 'L', N, G.data(), N);
  if (LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', N, G.data(), N) != 0) return false;
  double reciprocal_condition = 0;
  LAPACKE_dpocon(LAPACK_COL_MAJOR, 'L', N, G.data(), N, norm, &reciprocal_condition);
  // Never above the ratio of the extreme eigenvalues.
  if (reciprocal_condition < kRelativeNoise) return false;
  LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', N, 1, G.data(), N, a.data(), N);
  return true;
}

/// a = sum over the eigenpairs (l, u) above the noise of u (u^T b) / (l + ridge): least norm among the
/// minimisers. b is in the range of F^T, so the directions left out carry nothing but rounding. G is given by
/// its upper triangle. False where the eigenvalue iteration fails.
bool solve_singular(Matrix& G, double ridge, Vector& a, Index& rank) {
  const auto N = static_cast<lapack_int>(G.rows());
  Vector eigenvalues(N);
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', N, G.data(), N, eigenvalues.data()) != 0) return false;
  rank = (eigenvalues.array() > kRelativeNoise * eigenvalues[N - 1]).count();
  const auto kept = G.rightCols(rank);
  const Vector coefficients = (kept.transpose() * a).array() / (eigenvalues.tail(rank).array() + ridge);
  a.noalias() = kept * coefficients;
  return true;
}

void solve(NormalEquations& equations, const Options& options, Outcome& outcome) {
  auto& [G, a] = equations;
  const Index N = G.rows();
  if (!G.diagonal().allFinite()) {
    outcome.status = Status::failed;
    outcome.message = "the features overflow single precision; the neurons are too long";
    return;
  }
  const Vector diagonal = G.diagonal();
  G.triangularView<Eigen::StrictlyUpper>() = G.transpose();
  outcome.status = Status::ok;
  outcome.rank = N;
  if (solve_regular(G, options.ridge, a)) return;
  G.diagonal() = diagonal;
  if (!solve_singular(G, options.ridge, a, outcome.rank)) {
    outcome.status = Status::failed;
    outcome.message = "the eigenvalue iteration of the singular normal equations did not converge";
    return;
  }
  if (outcome.rank < N)
    outcome.message = fmt::format("minimum-norm solution: the features of {} samples have rank {} of {}",
                                  options.samples, outcome.rank, N);
}

/// Mean squared error of a on fresh samples and its standard error.
void test(FeatureBlocks& blocks, const Vector& a, const Options& options, Outcome& outcome) {
  double count = 0, mean = 0, squares = 0;  // running mean and sum of squared deviations (Welford)
  const auto add = [&](const auto& F, const auto& y) {
    for (Index j = 0; j < F.cols(); ++j) {
      const double error = static_cast<double>(y[j]) - F.col(j).template cast<double>().dot(a);
      const double deviation = error * error - mean;
      mean += deviation / ++count;
      squares += deviation * (error * error - mean);
    }
  };
  blocks.for_each({.seed = options.seed, .purpose = Purpose::testing, .index = options.draw},
                  options.test_samples, add);
  outcome.test_risk = mean;
  outcome.test_se = std::sqrt(squares / (count - 1) / count);
}

void check(const Problem& problem, const Matrix& W, const Options& options) {
  check_size(kFunction, "W", W.rows(), "the dimension d", dimension(problem));
  check_not_empty(kFunction, "W", W.cols());
  check_finite(kFunction, "W", W);
  check_at_least(kFunction, "samples", options.samples, 1);
  check_at_least(kFunction, "block", options.block, 1);
  check_nonnegative(kFunction, "ridge", options.ridge);
  if (options.test_samples != 0)
    check_at_least(kFunction, "test_samples (unless it is 0)", options.test_samples, 2);
  constexpr std::int64_t kMostBlocks = std::int64_t{1} << 32;  // addresses have 32 bits for the block
  if ((std::max(options.samples, options.test_samples) - 1) / options.block >= kMostBlocks)
    throw UsageError(fmt::format("{}: {} samples in blocks of {} are more than 2^32 blocks", kFunction,
                                 std::max(options.samples, options.test_samples), options.block));
}

}  // namespace

Outcome rf(const Problem& problem, const Matrix& W, const Options& options) {
  check(problem, W, options);
  Outcome outcome;
  FeatureBlocks blocks(
      problem, W, std::min<std::int64_t>(options.block, std::max(options.samples, options.test_samples)));
  NormalEquations equations = accumulate(blocks, W.cols(), options);
  solve(equations, options, outcome);
  if (outcome.status != Status::ok) return outcome;
  const Vector& a = equations.b;
  // f(x) = x^T (W diag(a) W^T) x - sum_i a_i: its risk as a sum of squares, which unlike E[y^2] - 2 a^T v +
  // a^T K a loses nothing where a is large.
  outcome.risk = population_risk(problem, W * a.asDiagonal() * W.transpose(), -a.sum());
  if (options.test_samples > 0) test(blocks, a, options, outcome);
  return outcome;
}

}  // namespace lazygap::fit
