#include "network/lq_factor.h"

#include <Eigen/QR>

namespace lazygap {

Matrix lq_factor(const Matrix& W) {
  const Eigen::HouseholderQR<Matrix> qr(W.transpose());
  return qr.matrixQR().topRows(W.rows()).triangularView<Eigen::Upper>().transpose();
}

}  // namespace lazygap
