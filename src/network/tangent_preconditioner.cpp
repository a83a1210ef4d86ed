#include "network/tangent_preconditioner.h"

#include <Eigen/Eigenvalues>

#include "math/tiled_product.h"
#include "network/neuron_functions.h"

namespace lazygap::network {
namespace {

/// `rest` is at least this fraction of E phi_i^2: it vanishes where phi_i is affine (quadratic activation).
constexpr double kLeastRest = 1e-2;

}  // namespace

TangentPreconditioner::TangentPreconditioner(const Neurons& neurons, const Expansion& expansion) {
  const auto c0 = expansion.coefficients.col(0).array(), c1 = expansion.coefficients.col(1).array();
  const auto moment = expansion.moment.array();
  const Eigen::ArrayXd rest = (moment - c0.square() - c1.square()).max(kLeastRest * moment);
  // For a feature that vanishes any scale will do.
  scale_ = (rest > 0).select(rest.rsqrt(), 1.0);
  constant_ = c0 * scale_.array();
  const Matrix V = neurons.directions * (c1 * scale_.array()).matrix().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(V * V.transpose());
  U_ = eigen.eigenvectors();
  l_ = eigen.eigenvalues().cwiseMax(0);
  P_.noalias() = V.transpose() * U_;
  p_.noalias() = P_.transpose() * constant_;
  // x -> x + x |constant|^2 - coupled(x p^T) p.
  const Index d = U_.rows();
  Matrix T(d, d);
  for (Index a = 0; a < d; ++a) {
    const auto share = p_.array() / (1 + l_[a] + l_.array());
    T.col(a) = -p_[a] * share;
    T(a, a) += 1 + constant_.squaredNorm() - share.matrix().dot(p_);
  }
  woodbury_.compute(T);
}

Matrix TangentPreconditioner::coupled(const Matrix& X) const {
  Matrix H = X + X.transpose();
  for (Index b = 0; b < H.cols(); ++b) H.col(b).array() /= 1 + l_[b] + l_.array();
  return H;
}

void TangentPreconditioner::apply(const Matrix& B, Matrix& result, const Stage& stage) const {
  result = B * scale_.asDiagonal();
  Matrix H = coupled(tiled_product(U_.transpose(), tiled_product(result, P_, stage), stage));
  const Vector t = woodbury_.solve(U_.transpose() * (result * constant_) - H * p_);
  H -= coupled(t * p_.transpose());
  result -= tiled_product(tiled_product(U_, H, stage), P_.transpose(), stage);
  result.noalias() -= (U_ * t) * constant_.transpose();
  result *= scale_.asDiagonal();
}

}  // namespace lazygap::network
