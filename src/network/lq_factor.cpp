#include "network/lq_factor.h"

#include <Eigen/QR>

namespace lazygap {

Matrix lq_factor(const Matrix& W) {
  const Eigen::HouseholderQR<Matrix> qr(W.transpose());
  return qr.matrixQR().topRows(W.rows()).triangularView<Eigen::Upper>().transpose();
}

Matrix lq_product(const Matrix& L, const Matrix& W) {
  const Eigen::HouseholderQR<Matrix> qr(W.transpose());
  Matrix product = Matrix::Zero(W.cols(), W.rows());
  product.topRows(W.rows()) = L.transpose();
  product.applyOnTheLeft(qr.householderQ());
  return product.transpose();
}

}  // namespace lazygap
