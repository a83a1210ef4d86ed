#include <algorithm>

#include "exact/messages.h"
#include "exact/rf_features.h"
#include "exact/rf_ways.h"
#include "math/leading_blocks.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {
namespace {

/// Columns of the Gram matrix computed together: wide enough for the matrix product to run at full speed,
/// narrow enough for its scratch space to be small against K.
constexpr Index kPanel = 256;

/// Calls visit(first column j, columns, rows from j) for the panels of the lower triangle, side by side.
template <class Visit>
void for_each_panel(Index N, const Stage& stage, const Visit& visit) {
  stage.for_each((N + kPanel - 1) / kPanel, [&](Index panel) {
    const Index j = panel * kPanel;
    visit(j, std::min(kPanel, N - j), N - j);
  });
}

/// Squared lengths of the columns in the inner product diag(weight).
Vector squared_lengths(const Matrix& W, const Vector& weight) { return W.cwiseAbs2().transpose() * weight; }

/// K a = v.
struct System {
  FillMatrix fill;
  Vector v;
};

System make_system(const PolynomialTarget& problem, const Matrix& W) {
  const Vector excess = W.colwise().squaredNorm().transpose().array() - 1;
  System system{.fill = {}, .v = 2 * squared_lengths(W, problem.eigenvalues()) + problem.mean() * excess};
  system.fill = [&W, excess](Matrix& K, const Stage& stage) {
    for_each_panel(K.rows(), stage, [&](Index j, Index columns, Index rows) {
      auto panel = K.block(j, j, rows, columns);
      panel.noalias() = W.middleCols(j, rows).transpose() * W.middleCols(j, columns);
      for (Index k = 0; k < columns; ++k)
        panel.col(k).array() =
            2 * panel.col(k).array().square() + excess[j + k] * excess.segment(j, rows).array();
    });
  };
  return system;
}

System make_system(const GaussianMixture& problem, const Matrix& W) {
  const Vector& delta = problem.whitened_delta();
  const Vector excess = W.colwise().squaredNorm().transpose().array() - 1;
  const Vector h = squared_lengths(W, delta);
  System system{.fill = {}, .v = -h};
  system.fill = [&W, &delta, excess, h](Matrix& K, const Stage& stage) {
    for_each_panel(K.rows(), stage, [&](Index j, Index columns, Index rows) {
      auto panel = K.block(j, j, rows, columns);
      panel.noalias() = W.middleCols(j, rows).transpose() * W.middleCols(j, columns);
      const Matrix scaled = delta.asDiagonal() * W.middleCols(j, columns);
      const Matrix H = W.middleCols(j, rows).transpose() * scaled;
      for (Index k = 0; k < columns; ++k)
        panel.col(k).array() = 2 * (panel.col(k).array().square() + H.col(k).array().square()) +
                               excess[j + k] * excess.segment(j, rows).array() +
                               h[j + k] * h.segment(j, rows).array();
    });
  };
  return system;
}

/// Of the network found, x^T S x + c with S = W diag(a) W^T.
Answer answer_of(const Problem& problem, const Matrix& W, const SemidefiniteSolution& solution) {
  const auto& [a, rank] = solution;
  const auto neurons = W.leftCols(a.size());
  const Matrix S = neurons * a.asDiagonal() * neurons.transpose();
  return {.risk = population_risk(problem, S, -a.sum()), .status = Status::ok, .diagnostics = {.rank = rank}};
}

/// K may be singular: from the features as vectors where these are short enough.
Answer answer_dependent(const Problem& problem, const Matrix& W, const Matrix& whitened, const System& system,
                        Index N, const Stage& stage) {
  const Index d = W.rows();
  if (feature_operations(problem, N) <= kFeatureOperations)
    return rf_by_features(problem, whitened.leftCols(N));
  const SemidefiniteSolution solution = solve_dependent(system.fill, system.v.head(N), kDependent, stage);
  Answer answer = answer_of(problem, W, solution);
  // Of d(d+1)/2 + 1 quadratic functions no more can be independent.
  if (solution.rank < std::min(N, d * (d + 1) / 2 + 1)) answer.message = dropped_message(solution.rank, N);
  return answer;
}

}  // namespace

std::vector<Answer> rf_quadratic(const Problem& problem, const Matrix& W, std::span<const Index> widths,
                                 const Stage& stage) {
  constexpr double kRegular = 0.95;  // of the time, where all widths are regular
  const Matrix whitened = network::whiten_neurons(problem, W);
  const System system = std::visit([&](const auto& p) { return make_system(p, whitened); }, problem);
  std::vector<Answer> answers;
  for (const auto& solution : solve_regular(system.fill, system.v, widths, stage.part(0, kRegular))) {
    answers.push_back(answer_of(problem, W, solution));
    stage.done(kRegular);
  }
  while (answers.size() < widths.size()) {
    answers.push_back(answer_dependent(problem, W, whitened, system, widths[answers.size()],
                                       stage.part(kRegular, kRegular)));
    stage.done(kRegular);
  }
  return answers;
}

}  // namespace lazygap::exact
