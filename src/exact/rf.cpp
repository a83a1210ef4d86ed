#include "lazygap/exact/rf.h"

#include <algorithm>

#include "lazygap/math/pivoted_cholesky.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {
namespace {

/// Columns of the Gram matrix computed together: wide enough for the matrix product to run at full speed,
/// narrow enough for its scratch space to be small against K.
constexpr Index kPanel = 256;

/// Calls visit(first column j, columns, rows from j) for the panels of the lower triangle.
template <class Visit>
void for_each_panel(Index N, const Visit& visit) {
  for (Index j = 0; j < N; j += kPanel) visit(j, std::min(kPanel, N - j), N - j);
}

/// Squared lengths of the columns in the inner product diag(weight).
Vector squared_lengths(const Matrix& W, const Vector& weight) { return W.cwiseAbs2().transpose() * weight; }

SemidefiniteSolution solve(const PolynomialTarget& problem, const Matrix& W) {
  const Vector excess = W.colwise().squaredNorm().transpose().array() - 1;
  const Vector v = 2 * squared_lengths(W, problem.eigenvalues()) + problem.mean() * excess;
  const auto fill = [&](Matrix& K) {
    for_each_panel(W.cols(), [&](Index j, Index columns, Index rows) {
      auto panel = K.block(j, j, rows, columns);
      panel.noalias() = W.rightCols(rows).transpose() * W.middleCols(j, columns);
      for (Index k = 0; k < columns; ++k)
        panel.col(k).array() = 2 * panel.col(k).array().square() + excess[j + k] * excess.tail(rows).array();
    });
  };
  return solve_semidefinite(fill, v);
}

SemidefiniteSolution solve(const GaussianMixture& problem, const Matrix& neurons) {
  const Matrix W = problem.whiten_neurons(neurons);
  const Vector& delta = problem.whitened_delta();
  const Vector excess = W.colwise().squaredNorm().transpose().array() - 1;
  const Vector h = squared_lengths(W, delta);
  const auto fill = [&](Matrix& K) {
    Matrix scaled(W.rows(), kPanel), H(W.cols(), kPanel);
    for_each_panel(W.cols(), [&](Index j, Index columns, Index rows) {
      auto panel = K.block(j, j, rows, columns);
      panel.noalias() = W.rightCols(rows).transpose() * W.middleCols(j, columns);
      scaled.leftCols(columns) = delta.asDiagonal() * W.middleCols(j, columns);
      H.topLeftCorner(rows, columns).noalias() = W.rightCols(rows).transpose() * scaled.leftCols(columns);
      for (Index k = 0; k < columns; ++k)
        panel.col(k).array() = 2 * (panel.col(k).array().square() + H.col(k).head(rows).array().square()) +
                               excess[j + k] * excess.tail(rows).array() + h[j + k] * h.tail(rows).array();
    });
  };
  return solve_semidefinite(fill, -h);
}

}  // namespace

Risk rf(const Problem& problem, const Matrix& W) {
  network::check_first_layer("exact::rf", problem, W);
  const SemidefiniteSolution solution = std::visit([&](const auto& p) { return solve(p, W); }, problem);
  // The network found is x^T S x + c with S = W diag(a) W^T.
  const Matrix S = W * solution.a.asDiagonal() * W.transpose();
  return {
      .risk = population_risk(problem, S, -solution.a.sum()), .status = Status::ok, .rank = solution.rank};
}

}  // namespace lazygap::exact
