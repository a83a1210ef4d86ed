#include "lazygap/math/pivoted_cholesky.h"

#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "lazygap/core/check.h"
#include "math/leading_blocks.h"

namespace lazygap {
namespace {

/// a = (L L^T)^{-1} v with L the leading r x r lower triangle of `factor`, r the size of v.
Vector solve_factored(const Matrix& factor, Vector v) {
  const Index r = v.size();
  const auto L = factor.topLeftCorner(r, r).triangularView<Eigen::Lower>();
  L.solveInPlace(v);
  L.adjoint().solveInPlace(v);
  return v;
}

/// Without pivoting the rounding error of a pivot grows as the inverse of the earlier ones, so that small
/// pivots cannot be told from zero; where one falls below this (empirical) fraction of K_ii, pivoting
/// decides.
constexpr double kSafePivot = 1e-6;

/// How many of the first pivots are safe, K being the factor of a matrix with the diagonal `moments`.
Index safe_pivots(const Matrix& K, const Vector& moments) {
  Index N = 0;
  while (N < K.rows() && K(N, N) * K(N, N) > kSafePivot * moments[N]) ++N;
  return N;
}

/// With pivoting, after scaling to a unit diagonal so that the choice does not depend on the norms of the
/// features.
SemidefiniteSolution solve_pivoted(Matrix& K, const Vector& v, double tolerance) {
  const auto N = static_cast<lapack_int>(K.rows());
  const Vector scale = K.diagonal().unaryExpr([](double k) { return k > 0 ? 1 / std::sqrt(k) : 0.0; });
  for (Index j = 0; j < N; ++j) K.col(j).tail(N - j).array() *= scale[j] * scale.tail(N - j).array();
  std::vector<lapack_int> order(static_cast<std::size_t>(N));
  std::vector<double> work(2 * static_cast<std::size_t>(N));
  lapack_int rank = 0;
  const lapack_int info =
      LAPACKE_dpstrf_work(LAPACK_COL_MAJOR, 'L', N, K.data(), N, order.data(), &rank, tolerance, work.data());
  if (info < 0)
    throw std::logic_error(fmt::format("solve_semidefinite: LAPACK dpstrf refuses argument {}", -info));
  Vector chosen(rank);
  for (Index k = 0; k < rank; ++k) {
    const Index i = order[static_cast<std::size_t>(k)] - 1;
    chosen[k] = scale[i] * v[i];
  }
  chosen = solve_factored(K, std::move(chosen));
  SemidefiniteSolution solution{.a = Vector::Zero(v.size()), .rank = rank};
  for (Index k = 0; k < rank; ++k) {
    const Index i = order[static_cast<std::size_t>(k)] - 1;
    solution.a[i] = scale[i] * chosen[k];
  }
  return solution;
}

void fill_checked(const FillMatrix& fill, Index N, Matrix& K, const Stage& stage) {
  K.resize(N, N);
  fill(K, stage);
  // Finite moments K_ii bound the rest of K; LAPACK would take an infinite one for a dependent feature.
  check_finite("solve_semidefinite", "the diagonal of K", Vector(K.diagonal()));
}

}  // namespace

SemidefiniteSolution solve_semidefinite(const std::function<void(Matrix& K)>& fill, const Vector& v,
                                        double tolerance) {
  check_not_empty("solve_semidefinite", "v", v.size());
  return solve_semidefinite(fill, v, std::array{v.size()}, tolerance).front();
}

std::vector<SemidefiniteSolution> solve_semidefinite(const std::function<void(Matrix& K)>& fill,
                                                     const Vector& v, std::span<const Index> widths,
                                                     double tolerance) {
  check_widths("solve_semidefinite", widths, v.size());
  check_finite("solve_semidefinite", "v", v);
  check_positive("solve_semidefinite", "tolerance", tolerance);
  const FillMatrix without_stage = [&](Matrix& K, const Stage&) { fill(K); };
  std::vector<SemidefiniteSolution> solutions = solve_regular(without_stage, v, widths, Stage());
  for (std::size_t k = solutions.size(); k < widths.size(); ++k)
    solutions.push_back(solve_dependent(without_stage, v.head(widths[k]), tolerance, Stage()));
  return solutions;
}

std::vector<SemidefiniteSolution> solve_regular(const FillMatrix& fill, const Vector& v,
                                                std::span<const Index> widths, const Stage& stage) {
  check_finite("solve_semidefinite", "v", v);
  constexpr double kFilled = 0.4;  // of the time, roughly
  Matrix K;
  Vector moments;
  const auto fill_leading = [&](Index N) {
    fill_checked(fill, N, K, stage.part(0, kFilled));
    moments = K.diagonal();
  };
  const Index factorised = factorise_leading(K, widths, fill_leading, stage.part(kFilled, 1));
  const Index safe = factorised == 0 ? 0 : safe_pivots(K, moments);
  const auto regular = std::upper_bound(widths.begin(), widths.end(), safe) - widths.begin();
  std::vector<SemidefiniteSolution> solutions(static_cast<std::size_t>(regular));
  stage.part(1, 1).for_each(regular, [&](Index k) {
    const Index N = widths[static_cast<std::size_t>(k)];
    solutions[static_cast<std::size_t>(k)] = {.a = solve_factored(K, v.head(N)), .rank = N};
  });
  return solutions;
}

SemidefiniteSolution solve_dependent(const FillMatrix& fill, const Vector& v, double tolerance,
                                     const Stage& stage) {
  Matrix K;
  fill_checked(fill, v.size(), K, stage);
  return solve_pivoted(K, v, tolerance);
}

}  // namespace lazygap
