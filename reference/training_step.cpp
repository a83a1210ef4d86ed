#include "reference/training_step.h"

namespace lazygap::reference {
namespace {

double projection(const Matrix& W, Index i, const Matrix& X, Index j) {
  double sum = 0;
  for (Index k = 0; k < W.rows(); ++k) sum += W(k, i) * X(k, j);
  return sum;
}

}  // namespace

Vector neurons_forward(const Matrix& W, const Matrix& X) {
  Vector q = Vector::Zero(X.cols());
  for (Index j = 0; j < X.cols(); ++j)
    for (Index i = 0; i < W.cols(); ++i) q[j] += projection(W, i, X, j) * projection(W, i, X, j);
  return q;
}

Matrix neurons_update(const Matrix& W, const Matrix& X, const Vector& weight) {
  Matrix updated = W;
  for (Index i = 0; i < W.cols(); ++i)
    for (Index j = 0; j < X.cols(); ++j) {
      const double p = projection(W, i, X, j);
      for (Index k = 0; k < W.rows(); ++k) updated(k, i) += X(k, j) * weight[j] * p;
    }
  return updated;
}

Vector form_forward(const Matrix& E, const Matrix& X) {
  Vector q = Vector::Zero(X.cols());
  for (Index s = 0; s < X.cols(); ++s)
    for (Index j = 0; j < E.rows(); ++j) {
      double row = 0;
      for (Index k = 0; k < E.cols(); ++k) row += E(j, k) * X(k, s);
      q[s] += X(j, s) * row;
    }
  return q;
}

Matrix form_update(const Matrix& E, const Vector& l, const Matrix& X, const Vector& weight) {
  Matrix updated = E;
  for (Index j = 0; j < E.rows(); ++j)
    for (Index k = 0; k < E.cols(); ++k)
      for (Index s = 0; s < X.cols(); ++s) updated(j, k) += (l[j] + l[k]) * weight[s] * X(j, s) * X(k, s);
  return updated;
}

}  // namespace lazygap::reference
