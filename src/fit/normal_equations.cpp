#include "fit/normal_equations.h"

#include <lapacke.h>

#include "math/leading_blocks.h"

namespace lazygap::fit {
namespace {

lapack_int stride(const Matrix& G) { return static_cast<lapack_int>(G.outerStride()); }

/// The 1-norm of the leading N x N block of G, given by its upper triangle.
double norm(const Matrix& G, Index N) {
  return LAPACKE_dlansy(LAPACK_COL_MAJOR, '1', 'U', static_cast<lapack_int>(N), G.data(), stride(G));
}

/// From the factor in the lower triangle of G, for its leading N x N block, whose norm is `norm`. Never above
/// the ratio of the extreme eigenvalues.
double reciprocal_condition(const Matrix& G, Index N, double norm) {
  double result = 0;
  LAPACKE_dpocon(LAPACK_COL_MAJOR, 'L', static_cast<lapack_int>(N), G.data(), stride(G), norm, &result);
  return result;
}

/// The solution for the leading block that b has the size of, from the factor in the lower triangle of G.
NormalSolution solve_regular(const Matrix& G, Vector b, double sensitivity) {
  const auto N = static_cast<lapack_int>(b.size());
  LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', N, 1, G.data(), stride(G), b.data(), N);
  return {.status = Status::ok, .message = {}, .rank = N, .sensitivity = sensitivity, .a = std::move(b)};
}

/// a = sum over the eigenpairs (l, u) above the noise of u (u^T b) / (l + ridge): least norm among the
/// minimisers. b is in the range of G, so the directions left out carry nothing but rounding. G is given by
/// its upper triangle.
NormalSolution solve_singular(Matrix G, double ridge, double noise, const Vector& b) {
  const auto N = static_cast<lapack_int>(G.rows());
  Vector eigenvalues(N);
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', N, G.data(), N, eigenvalues.data()) != 0)
    return {.status = Status::failed,
            .message = "the eigenvalue iteration of the singular normal equations did not converge"};
  const Index rank = (eigenvalues.array() > noise * eigenvalues[N - 1]).count();
  const auto kept = G.rightCols(rank);
  const Vector coefficients = (kept.transpose() * b).array() / (eigenvalues.tail(rank).array() + ridge);
  const double least = rank > 0 ? eigenvalues[N - rank] : eigenvalues[N - 1];
  return {.status = Status::ok,
          .message = {},
          .rank = rank,
          .sensitivity = noise * eigenvalues[N - 1] / (least + ridge),
          .a = kept * coefficients};
}

}  // namespace

std::vector<NormalSolution> solve_normal_equations(Matrix G, double ridge, double noise, const Vector& b,
                                                   std::span<const Index> widths, const Stage& stage) {
  std::vector<NormalSolution> solutions(widths.size(), {.status = Status::failed, .message = kOverflow});
  const Vector diagonal = G.diagonal();
  while (!widths.empty() && !diagonal.head(widths.back()).allFinite())
    widths = widths.first(widths.size() - 1);
  if (widths.empty()) return solutions;

  // G stays in the upper triangle and the diagonal apart; the factor takes the lower one.
  G.triangularView<Eigen::StrictlyUpper>() = G.transpose();
  G.diagonal().array() += ridge;
  std::vector<double> norms;
  for (const Index N : widths) norms.push_back(norm(G, N));
  const auto fill = [&](Index N) {
    auto block = G.topLeftCorner(N, N);
    block.triangularView<Eigen::StrictlyLower>() = block.transpose();
    block.diagonal() = diagonal.head(N).array() + ridge;
  };
  const Index factorised = factorise_leading(G, widths, fill, stage);
  std::vector<std::size_t> singular;
  for (std::size_t k = 0; k < widths.size(); ++k) {
    const Index N = widths[k];
    stage.done(1);
    const double reciprocal = N <= factorised ? reciprocal_condition(G, N, norms[k]) : 0;
    if (reciprocal >= noise)
      solutions[k] = solve_regular(G, b.head(N), noise / reciprocal);
    else
      singular.push_back(k);
  }
  G.diagonal() = diagonal;
  for (const std::size_t k : singular) {
    const Index N = widths[k];
    stage.done(1);
    // Widths increase: G is moved from in the last turn only.
    // NOLINTBEGIN(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
    solutions[k] =
        solve_singular(N == G.rows() ? std::move(G) : Matrix(G.topLeftCorner(N, N)), ridge, noise, b.head(N));
    // NOLINTEND(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  }
  return solutions;
}

}  // namespace lazygap::fit
