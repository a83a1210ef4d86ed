#include "reference/mechanism.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace lazygap::reference {
namespace {

/// The projection onto the k eigenvectors of M whose eigenvalues are largest in modulus.
Matrix projection(const Matrix& M, Index k) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(M);
  std::vector<Index> order(static_cast<std::size_t>(M.rows()));
  std::iota(order.begin(), order.end(), Index(0));
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    return std::abs(eigen.eigenvalues()[a]) > std::abs(eigen.eigenvalues()[b]);
  });
  Matrix P = Matrix::Zero(M.rows(), M.rows());
  for (Index i = 0; i < k; ++i) {
    const Vector u = eigen.eigenvectors().col(order[static_cast<std::size_t>(i)]);
    P += u * u.transpose();
  }
  return P;
}

}  // namespace

Vector gram_eigenvalues(const Matrix& W) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(W * W.transpose()).eigenvalues().reverse();
}

double overlap(const Matrix& W, const Matrix& B, Index k) {
  const Matrix product = projection(W * W.transpose(), std::min(k, W.cols())) * projection(B, k);
  return product.squaredNorm() / static_cast<double>(k);
}

double kernel_cosine(const Matrix& X, const Matrix& Y, const Matrix& DX_0, const Matrix& DY_0,
                     const Matrix& DX, const Matrix& DY) {
  double both = 0, start = 0, now = 0;
  for (Index i = 0; i < X.cols(); ++i)
    for (Index j = 0; j < Y.cols(); ++j) {
      const double inner = X.col(i).dot(Y.col(j));
      const double k_0 = inner * DX_0.col(i).dot(DY_0.col(j)), k = inner * DX.col(i).dot(DY.col(j));
      both += k_0 * k;
      start += k_0 * k_0;
      now += k * k;
    }
  return both / std::sqrt(start * now);
}

}  // namespace lazygap::reference
