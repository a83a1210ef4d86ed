#include "fit/normal_equations.h"

#include <lapacke.h>

namespace lazygap::fit {
namespace {

/// Cholesky of G + ridge I. False where the matrix is singular at the level of rounding. The strict upper
/// triangle of G is left alone; the lower one, with the diagonal, is overwritten.
bool solve_regular(Matrix& G, double ridge, double noise, Vector& a) {
  const auto N = static_cast<lapack_int>(G.rows());
  G.diagonal().array() += ridge;
  const double norm = LAPACKE_dlansy(LAPACK_COL_MAJOR, '1', 'L', N, G.data(), N);
  if (LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', N, G.data(), N) != 0) return false;
  double reciprocal_condition = 0;
  LAPACKE_dpocon(LAPACK_COL_MAJOR, 'L', N, G.data(), N, norm, &reciprocal_condition);
  // Never above the ratio of the extreme eigenvalues.
  if (reciprocal_condition < noise) return false;
  LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', N, 1, G.data(), N, a.data(), N);
  return true;
}

/// a = sum over the eigenpairs (l, u) above the noise of u (u^T b) / (l + ridge): least norm among the
/// minimisers. b is in the range of G, so the directions left out carry nothing but rounding. G is given by
/// its upper triangle. False where the eigenvalue iteration fails.
bool solve_singular(Matrix& G, double ridge, double noise, Vector& a, Index& rank) {
  const auto N = static_cast<lapack_int>(G.rows());
  Vector eigenvalues(N);
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', N, G.data(), N, eigenvalues.data()) != 0) return false;
  rank = (eigenvalues.array() > noise * eigenvalues[N - 1]).count();
  const auto kept = G.rightCols(rank);
  const Vector coefficients = (kept.transpose() * a).array() / (eigenvalues.tail(rank).array() + ridge);
  a.noalias() = kept * coefficients;
  return true;
}

}  // namespace

NormalSolution solve_normal_equations(Matrix& G, double ridge, double noise, Vector& b) {
  if (!G.diagonal().allFinite()) return {.status = Status::failed, .message = kOverflow};
  const Vector diagonal = G.diagonal();
  G.triangularView<Eigen::StrictlyUpper>() = G.transpose();
  NormalSolution solution{.status = Status::ok, .message = {}, .rank = G.rows()};
  if (solve_regular(G, ridge, noise, b)) return solution;
  G.diagonal() = diagonal;
  if (!solve_singular(G, ridge, noise, b, solution.rank)) {
    solution.status = Status::failed;
    solution.message = "the eigenvalue iteration of the singular normal equations did not converge";
  }
  return solution;
}

}  // namespace lazygap::fit
