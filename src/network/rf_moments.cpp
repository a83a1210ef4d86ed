#include "lazygap/network/rf_moments.h"

#include "lazygap/core/check.h"

namespace lazygap {
namespace {

Matrix gram(const QuadraticFunction&, const Matrix& W) {
  Matrix K(W.cols(), W.cols());
  K.noalias() = W.transpose() * W;
  const Vector g = K.diagonal().array() - 1;
  for (Index j = 0; j < K.cols(); ++j) K.col(j).array() = 2 * K.col(j).array().square() + g[j] * g.array();
  return K;
}

Matrix gram(const GaussianMixture& problem, const Matrix& W) {
  Matrix K(W.cols(), W.cols()), H(W.cols(), W.cols());
  K.noalias() = W.transpose() * (problem.sigma().asDiagonal() * W);
  H.noalias() = W.transpose() * (problem.delta().asDiagonal() * W);
  const Vector g = K.diagonal().array() - 1;
  const Vector h = H.diagonal();
  for (Index j = 0; j < K.cols(); ++j)
    K.col(j).array() =
        2 * (K.col(j).array().square() + H.col(j).array().square()) + g[j] * g.array() + h[j] * h.array();
  return K;
}

Vector target(const QuadraticFunction& problem, const Matrix& W) {
  const Matrix squares = W.cwiseAbs2();
  const double mean = problem.trace() + problem.offset();
  return 2 * (squares.transpose() * problem.eigenvalues()) +
         mean * (squares.colwise().sum().transpose().array() - 1).matrix();
}

Vector target(const GaussianMixture& problem, const Matrix& W) {
  return -(W.cwiseAbs2().transpose() * problem.delta());
}

void check_neurons(std::string_view function, const Problem& problem, const Matrix& W) {
  check_size(function, "W", W.rows(), "the dimension d", dimension(problem));
  check_not_empty(function, "W", W.cols());
}

}  // namespace

Matrix rf_gram(const Problem& problem, const Matrix& W) {
  check_neurons("rf_gram", problem, W);
  return std::visit([&](const auto& p) { return gram(p, W); }, problem);
}

Vector rf_target(const Problem& problem, const Matrix& W) {
  check_neurons("rf_target", problem, W);
  return std::visit([&](const auto& p) { return target(p, W); }, problem);
}

}  // namespace lazygap
