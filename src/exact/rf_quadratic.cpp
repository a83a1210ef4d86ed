#include <algorithm>

#include "exact/rf_ways.h"
#include "math/leading_blocks.h"

namespace lazygap::exact {
namespace {

/// Columns of the Gram matrix computed together: wide enough for the matrix product to run at full speed,
/// narrow enough for its scratch space to be small against K.
constexpr Index kPanel = 256;

/// Calls visit(first column j, columns, rows from j) for the panels of the lower triangle.
template <class Visit>
void for_each_panel(Index N, const Stage& stage, const Visit& visit) {
  for (Index j = 0; j < N; j += kPanel) {
    stage.done(j, N);
    visit(j, std::min(kPanel, N - j), N - j);
  }
}

/// Squared lengths of the columns in the inner product diag(weight).
Vector squared_lengths(const Matrix& W, const Vector& weight) { return W.cwiseAbs2().transpose() * weight; }

std::vector<SemidefiniteSolution> solve(const PolynomialTarget& problem, const Matrix& W,
                                        std::span<const Index> widths, const Stage& stage) {
  const Vector excess = W.colwise().squaredNorm().transpose().array() - 1;
  const Vector v = 2 * squared_lengths(W, problem.eigenvalues()) + problem.mean() * excess;
  const auto fill = [&](Matrix& K, const Stage& filling) {
    for_each_panel(K.rows(), filling, [&](Index j, Index columns, Index rows) {
      auto panel = K.block(j, j, rows, columns);
      panel.noalias() = W.middleCols(j, rows).transpose() * W.middleCols(j, columns);
      for (Index k = 0; k < columns; ++k)
        panel.col(k).array() =
            2 * panel.col(k).array().square() + excess[j + k] * excess.segment(j, rows).array();
    });
  };
  return solve_semidefinite(fill, v, widths, kDependent, stage);
}

std::vector<SemidefiniteSolution> solve(const GaussianMixture& problem, const Matrix& neurons,
                                        std::span<const Index> widths, const Stage& stage) {
  const Matrix W = problem.whiten_neurons(neurons);
  const Vector& delta = problem.whitened_delta();
  const Vector excess = W.colwise().squaredNorm().transpose().array() - 1;
  const Vector h = squared_lengths(W, delta);
  const auto fill = [&](Matrix& K, const Stage& filling) {
    Matrix scaled(W.rows(), kPanel), H(K.rows(), kPanel);
    for_each_panel(K.rows(), filling, [&](Index j, Index columns, Index rows) {
      auto panel = K.block(j, j, rows, columns);
      panel.noalias() = W.middleCols(j, rows).transpose() * W.middleCols(j, columns);
      scaled.leftCols(columns) = delta.asDiagonal() * W.middleCols(j, columns);
      H.topLeftCorner(rows, columns).noalias() = W.middleCols(j, rows).transpose() * scaled.leftCols(columns);
      for (Index k = 0; k < columns; ++k)
        panel.col(k).array() = 2 * (panel.col(k).array().square() + H.col(k).head(rows).array().square()) +
                               excess[j + k] * excess.segment(j, rows).array() +
                               h[j + k] * h.segment(j, rows).array();
    });
  };
  return solve_semidefinite(fill, -h, widths, kDependent, stage);
}

}  // namespace

std::vector<Answer> rf_quadratic(const Problem& problem, const Matrix& W, std::span<const Index> widths,
                                 const Stage& stage) {
  const std::vector<SemidefiniteSolution> solutions =
      std::visit([&](const auto& p) { return solve(p, W, widths, stage); }, problem);
  std::vector<Answer> answers;
  for (const auto& [a, rank] : solutions) {
    // The network found is x^T S x + c with S = W diag(a) W^T.
    const auto neurons = W.leftCols(a.size());
    const Matrix S = neurons * a.asDiagonal() * neurons.transpose();
    answers.push_back(
        {.risk = population_risk(problem, S, -a.sum()), .status = Status::ok, .diagnostics = {.rank = rank}});
    stage.done(1);
  }
  return answers;
}

}  // namespace lazygap::exact
