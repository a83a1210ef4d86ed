#include <Eigen/Eigenvalues>

#include "exact/messages.h"
#include "exact/nt_ways.h"
#include "network/neuron_functions.h"
#include "network/tangent_moments.h"

namespace lazygap::exact {
namespace {

/// Relative residual; the relative error of the explained part is of the order of its square.
constexpr double kTolerance = 1e-8;
constexpr int kMaxIterations = 5000;
/// Up to this many parameters the system is solved directly where conjugate gradients fail: where it is
/// nearly singular, as for many neurons in few dimensions.
constexpr Index kDense = 2000;
/// Eigenvalues below this times the largest are rounding errors.
constexpr double kSingular = 1e-13;
/// Beyond this bound on the error of the moments there is no answer.
constexpr double kUnresolved = 1e-2;

/// h^T G^+ h, from the eigenvalues of G; its residual is the part of h outside their span.
ConjugateGradientSolution solve_dense(const TangentMoments& moments, const Stage& stage) {
  const Matrix& h = moments.projections();
  Matrix G(h.size(), h.size()), unit = Matrix::Zero(h.rows(), h.cols()), column(h.rows(), h.cols());
  for (Index j = 0; j < h.size(); ++j) {
    stage.part(1, 1).done(0);
    unit.reshaped()[j] = 1;
    moments.apply(unit, column);
    G.col(j) = column.reshaped();
    unit.reshaped()[j] = 0;
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen((G + G.transpose()) / 2);
  const Eigen::ArrayXd l = eigen.eigenvalues();
  const Eigen::ArrayXd c = eigen.eigenvectors().transpose() * h.reshaped();
  const auto kept = l > kSingular * l[l.size() - 1];
  ConjugateGradientSolution solution{.converged = eigen.info() == Eigen::Success};
  solution.form = kept.select(c.square() / l, 0).sum();
  solution.residual = h.norm() > 0 ? std::sqrt(kept.select(0, c.square()).sum()) / h.norm() : 0;
  return solution;
}

}  // namespace

Answer nt_general(const Problem& problem, const Network& network, const Stage& stage) {
  constexpr double kMoments = 0.3;  // of the time, roughly
  const TangentMoments moments(problem, network.activation, network.W, network.biases,
                               stage.part(0, kMoments));
  Answer answer{.diagnostics = {.kernel_error = moments.error()}};
  if (!(moments.error() <= kUnresolved)) {
    answer.status = Status::not_converged;
  } else {
    ConjugateGradientSolution solution = moments.solve(kTolerance, kMaxIterations, stage.part(kMoments, 1));
    if (!solution.converged && network.W.size() <= kDense) solution = solve_dense(moments, stage);
    answer.risk = null_risk(problem) - solution.form;
    add_outcome(answer, solution);
  }
  add_sentence(answer.message, moments_message(moments.error()));
  return answer;
}

}  // namespace lazygap::exact
