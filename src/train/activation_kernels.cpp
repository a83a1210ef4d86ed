#include "train/activation_kernels.h"

#include <Eigen/Dense>

namespace lazygap::train {
namespace {

template <class Real>
Eigen::Map<const VectorOf<Real>> map(std::span<const Real> values) {
  return {values.data(), static_cast<Index>(values.size())};
}

/// A parameter and its velocity, which is empty without momentum or where the parameter is not trained.
template <class Real>
struct Moving {
  MatrixOf<Real> value, velocity;

  Moving(const Matrix& start, bool trained, double momentum) : value(start.cast<Real>()) {
    if (trained && momentum > 0) velocity = MatrixOf<Real>::Zero(start.rows(), start.cols());
  }
  void move(const MatrixOf<Real>& direction, Real momentum, Real step_size) {
    if (velocity.size() == 0) {
      value += step_size * direction;
      return;
    }
    velocity = momentum * velocity + direction;
    value += step_size * velocity;
  }
  void resume(const Matrix& parameter, const Matrix& of_parameter) {
    value = parameter.cast<Real>();
    velocity = of_parameter.cast<Real>();
  }
};

/// u = W^T X + b, sigma(u) and sigma'(u): N x b.
template <class Real>
struct Layer {
  MatrixOf<Real> U, value, derivative;

  void evaluate(const Activation& activation, const MatrixOf<Real>& W, const MatrixOf<Real>& b,
                const Eigen::Ref<const MatrixOf<Real>>& X) {
    U.noalias() = W.transpose() * X;
    if (b.size() > 0) U.colwise() += b.col(0);
    value.resizeLike(U);
    derivative.resizeLike(U);
    const auto size = static_cast<std::size_t>(U.size());
    train::evaluate<Real>(activation, {U.data(), size}, {value.data(), size}, {derivative.data(), size});
  }
};

}  // namespace

template <class Real>
struct TwoLayerNeurons<Real>::Storage {
  Activation activation;
  Training training;
  Moving<Real> W, b, v;
  Layer<Real> layer;
};

template <class Real>
TwoLayerNeurons<Real>::TwoLayerNeurons(const Activation& activation, const Parameters& start,
                                       const Training& training, Index)
    : storage_(new Storage{activation,
                           training,
                           {start.W, true, training.momentum},
                           {start.b, training.b, training.momentum},
                           {start.v, training.v, training.momentum},
                           {}}) {}
template <class Real>
TwoLayerNeurons<Real>::~TwoLayerNeurons() = default;
template <class Real>
TwoLayerNeurons<Real>::TwoLayerNeurons(TwoLayerNeurons&&) noexcept = default;
template <class Real>
TwoLayerNeurons<Real>& TwoLayerNeurons<Real>::operator=(TwoLayerNeurons&&) noexcept = default;

template <class Real>
typename TwoLayerNeurons<Real>::Parameters TwoLayerNeurons<Real>::parameters() const {
  const auto& [W, b, v] = std::tie(storage_->W, storage_->b, storage_->v);
  return {W.value.template cast<double>(), b.value.reshaped().template cast<double>(),
          v.value.reshaped().template cast<double>()};
}

template <class Real>
typename TwoLayerNeurons<Real>::Parameters TwoLayerNeurons<Real>::velocities() const {
  const auto& [W, b, v] = std::tie(storage_->W, storage_->b, storage_->v);
  return {W.velocity.template cast<double>(), b.velocity.reshaped().template cast<double>(),
          v.velocity.reshaped().template cast<double>()};
}

template <class Real>
void TwoLayerNeurons<Real>::resume(const Parameters& parameters, const Parameters& velocities) {
  storage_->W.resume(parameters.W, velocities.W);
  storage_->b.resume(parameters.b, velocities.b);
  storage_->v.resume(parameters.v, velocities.v);
}

template <class Real>
void TwoLayerNeurons<Real>::forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q) {
  auto& [activation, training, W, b, v, layer] = *storage_;
  layer.evaluate(activation, W.value, b.value, X);
  const Index outputs = v.value.size() / W.value.cols();
  if (outputs == 1)
    Eigen::Map<VectorOf<Real>>(q.data(), X.cols()) = layer.value.transpose() * v.value.col(0);
  else
    Eigen::Map<MatrixOf<Real>>(q.data(), outputs, X.cols()) =
        v.value.reshaped(outputs, W.value.cols()) * layer.value;
}

template <class Real>
void TwoLayerNeurons<Real>::update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight,
                                   double step_size) {
  auto& [activation, training, W, b, v, layer] = *storage_;
  const auto eps = static_cast<Real>(step_size), momentum = static_cast<Real>(training.momentum);
  const Index neurons = W.value.cols(), outputs = v.value.size() / neurons;
  if (outputs == 1) {
    const MatrixOf<Real> G = v.value.col(0).asDiagonal() * layer.derivative * map(weight).asDiagonal();
    W.move(X * G.transpose(), momentum, eps);
    if (training.b) b.move(G.rowwise().sum(), momentum, eps);
    if (training.v) v.move(layer.value * map(weight), momentum, eps);
    return;
  }
  const Eigen::Map<const MatrixOf<Real>> weights(weight.data(), outputs, X.cols());
  const MatrixOf<Real> G =
      (v.value.reshaped(outputs, neurons).transpose() * weights).cwiseProduct(layer.derivative);
  W.move(X * G.transpose(), momentum, eps);
  if (training.b) b.move(G.rowwise().sum(), momentum, eps);
  if (training.v) {
    const MatrixOf<Real> direction = weights * layer.value.transpose();  // k x N
    v.move(direction.reshaped(), momentum, eps);
  }
}

template <class Real>
struct TangentNeurons<Real>::Storage {
  Activation activation;
  MatrixOf<Real> W, b;
  Moving<Real> A;
  Real momentum;
  Layer<Real> layer;
};

template <class Real>
TangentNeurons<Real>::TangentNeurons(const Activation& activation, const Matrix& W, const Vector& b,
                                     const Matrix& A, double momentum, Index)
    : storage_(new Storage{
          activation, W.cast<Real>(), b.cast<Real>(), {A, true, momentum}, static_cast<Real>(momentum), {}}) {
}
template <class Real>
TangentNeurons<Real>::~TangentNeurons() = default;
template <class Real>
TangentNeurons<Real>::TangentNeurons(TangentNeurons&&) noexcept = default;
template <class Real>
TangentNeurons<Real>& TangentNeurons<Real>::operator=(TangentNeurons&&) noexcept = default;

template <class Real>
Matrix TangentNeurons<Real>::parameters() const {
  return storage_->A.value.template cast<double>();
}
template <class Real>
Matrix TangentNeurons<Real>::velocities() const {
  return storage_->A.velocity.template cast<double>();
}
template <class Real>
void TangentNeurons<Real>::resume(const Matrix& parameters, const Matrix& velocities) {
  storage_->A.resume(parameters, velocities);
}

template <class Real>
void TangentNeurons<Real>::forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q) {
  auto& [activation, W, b, A, momentum, layer] = *storage_;
  layer.evaluate(activation, W, b, X);
  Eigen::Map<VectorOf<Real>>(q.data(), X.cols()) =
      layer.derivative.cwiseProduct(A.value.transpose() * X).colwise().sum();
}

template <class Real>
void TangentNeurons<Real>::update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight,
                                  double step_size) {
  auto& [activation, W, b, A, momentum, layer] = *storage_;
  const MatrixOf<Real> G = layer.derivative * map(weight).asDiagonal();
  A.move(X * G.transpose(), momentum, static_cast<Real>(step_size));
}

template <class Real>
void TwoLayerNeurons<Real>::share(Team*) {}
template <class Real>
void TangentNeurons<Real>::share(Team*) {}

template class TwoLayerNeurons<double>;
template class TangentNeurons<double>;

}  // namespace lazygap::train
