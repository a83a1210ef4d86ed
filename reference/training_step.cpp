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

Vector two_layer_forward(const Activation& sigma, const TwoLayerStep& network, const Matrix& X) {
  Vector q = Vector::Zero(X.cols());
  for (Index j = 0; j < X.cols(); ++j)
    for (Index i = 0; i < network.W.cols(); ++i)
      q[j] += network.v[i] * sigma.value(projection(network.W, i, X, j) + network.b[i]);
  return q;
}

void two_layer_update(const Activation& sigma, TwoLayerStep& network, const Matrix& X, const Vector& weight,
                      double step_size, const Trained& trained) {
  auto& [W, b, v, velocity_W, velocity_b, velocity_v] = network;
  const TwoLayerStep before = network;
  velocity_W *= trained.momentum;
  velocity_b *= trained.momentum;
  velocity_v *= trained.momentum;
  for (Index i = 0; i < W.cols(); ++i)
    for (Index j = 0; j < X.cols(); ++j) {
      const double u = projection(before.W, i, X, j) + before.b[i];
      const double slope = weight[j] * before.v[i] * sigma.derivative(u);
      for (Index k = 0; k < W.rows(); ++k) velocity_W(k, i) += slope * X(k, j);
      velocity_b[i] += slope;
      velocity_v[i] += weight[j] * sigma.value(u);
    }
  W += step_size * velocity_W;
  if (trained.b) b += step_size * velocity_b;
  if (trained.v) v += step_size * velocity_v;
}

Vector tangent_forward(const Activation& sigma, const Matrix& W, const Vector& b, const Matrix& A,
                       const Matrix& X) {
  Vector q = Vector::Zero(X.cols());
  for (Index j = 0; j < X.cols(); ++j)
    for (Index i = 0; i < W.cols(); ++i)
      q[j] += sigma.derivative(projection(W, i, X, j) + b[i]) * projection(A, i, X, j);
  return q;
}

void tangent_update(const Activation& sigma, const Matrix& W, const Vector& b, Matrix& A, Matrix& velocity,
                    const Matrix& X, const Vector& weight, double step_size, double momentum) {
  velocity *= momentum;
  for (Index i = 0; i < W.cols(); ++i)
    for (Index j = 0; j < X.cols(); ++j) {
      const double slope = weight[j] * sigma.derivative(projection(W, i, X, j) + b[i]);
      for (Index k = 0; k < W.rows(); ++k) velocity(k, i) += slope * X(k, j);
    }
  A += step_size * velocity;
}

}  // namespace lazygap::reference
