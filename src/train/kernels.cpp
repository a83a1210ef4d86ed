#include "train/kernels.h"

#include <Eigen/Dense>

namespace lazygap::train {

template <class Real>
struct Neurons<Real>::Storage {
  MatrixOf<Real> W, P, weighted;
};

template <class Real>
Neurons<Real>::Neurons(const Matrix& W, Index batch)
    : storage_(
          new Storage{W.cast<Real>(), MatrixOf<Real>(W.cols(), batch), MatrixOf<Real>(W.rows(), batch)}) {}
template <class Real>
Neurons<Real>::~Neurons() = default;
template <class Real>
Neurons<Real>::Neurons(Neurons&&) noexcept = default;
template <class Real>
Neurons<Real>& Neurons<Real>::operator=(Neurons&&) noexcept = default;

template <class Real>
Matrix Neurons<Real>::matrix() const {
  return storage_->W.template cast<double>();
}

template <class Real>
void Neurons<Real>::forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q) {
  auto P = storage_->P.leftCols(X.cols());
  P.noalias() = storage_->W.transpose() * X;
  Eigen::Map<VectorOf<Real>>(q.data(), X.cols()) = P.colwise().squaredNorm();
}

template <class Real>
void Neurons<Real>::update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight) {
  auto weighted = storage_->weighted.leftCols(X.cols());
  weighted = X * Eigen::Map<const VectorOf<Real>>(weight.data(), X.cols()).asDiagonal();
  storage_->W.noalias() += weighted * storage_->P.leftCols(X.cols()).transpose();
}

template <class Real>
struct SymmetricForm<Real>::Storage {
  MatrixOf<Real> E, EX;
  VectorOf<Real> l;
};

template <class Real>
SymmetricForm<Real>::SymmetricForm(const Matrix& E, const Vector& l, Index batch)
    : storage_(new Storage{E.cast<Real>(), MatrixOf<Real>(E.rows(), batch), l.cast<Real>()}) {}
template <class Real>
SymmetricForm<Real>::~SymmetricForm() = default;
template <class Real>
SymmetricForm<Real>::SymmetricForm(SymmetricForm&&) noexcept = default;
template <class Real>
SymmetricForm<Real>& SymmetricForm<Real>::operator=(SymmetricForm&&) noexcept = default;

template <class Real>
Matrix SymmetricForm<Real>::matrix() const {
  return storage_->E.template cast<double>();
}

template <class Real>
void SymmetricForm<Real>::forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q) {
  auto EX = storage_->EX.leftCols(X.cols());
  EX.noalias() = storage_->E * X;
  Eigen::Map<VectorOf<Real>>(q.data(), X.cols()) = EX.cwiseProduct(X).colwise().sum();
}

template <class Real>
void SymmetricForm<Real>::update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight) {
  auto& [E, EX, l] = *storage_;
  const Index b = X.cols();
  EX.leftCols(b) = X * Eigen::Map<const VectorOf<Real>>(weight.data(), b).asDiagonal();
  const MatrixOf<Real> product = EX.leftCols(b) * X.transpose();
  // The product is symmetric up to rounding only, by the kernel of the BLAS; E stays symmetric to the last
  // bit.
  for (Index k = 0; k < E.cols(); ++k)
    E.col(k).array() +=
        (l.array() + l[k]) * (Real(0.5) * (product.col(k) + product.row(k).transpose())).array();
}

template class Neurons<double>;
template class SymmetricForm<double>;

}  // namespace lazygap::train
