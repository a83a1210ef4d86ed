#include "reference/rf_moments.h"

namespace lazygap::reference {
namespace {

double moment(const Matrix& C, const Vector& w, const Vector& v) {
  const double cross = w.dot(C * v);
  return 2 * cross * cross + (w.dot(C * w) - 1) * (v.dot(C * v) - 1);
}

double gram_entry(const PolynomialTarget& problem, const Vector& w, const Vector& v) {
  return moment(Matrix::Identity(problem.dimension(), problem.dimension()), w, v);
}

double gram_entry(const GaussianMixture& problem, const Vector& w, const Vector& v) {
  return (moment(problem.class_covariance(+1), w, v) + moment(problem.class_covariance(-1), w, v)) / 2;
}

double target_entry(const PolynomialTarget& problem, const Vector& w) {
  return 2 * w.dot(problem.eigenvalues().asDiagonal() * w) +
         (problem.trace() + problem.offset()) * (w.squaredNorm() - 1);
}

double target_entry(const GaussianMixture& problem, const Vector& w) {
  const auto mean = [&](int y) { return w.dot(problem.class_covariance(y) * w) - 1; };
  return (mean(+1) - mean(-1)) / 2;
}

}  // namespace

Matrix rf_gram(const Problem& problem, const Matrix& W) {
  Matrix K(W.cols(), W.cols());
  for (Index i = 0; i < K.rows(); ++i)
    for (Index j = 0; j < K.cols(); ++j)
      K(i, j) = std::visit([&](const auto& p) { return gram_entry(p, W.col(i), W.col(j)); }, problem);
  return K;
}

Vector rf_target(const Problem& problem, const Matrix& W) {
  Vector v(W.cols());
  for (Index i = 0; i < v.size(); ++i)
    v[i] = std::visit([&](const auto& p) { return target_entry(p, W.col(i)); }, problem);
  return v;
}

}  // namespace lazygap::reference
