#include "lazygap/network/nt_basis.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include "math/symmetric.h"

namespace lazygap {
namespace {

/// Eigenvalues that differ by less, relative to the largest entry of the matrix, have eigenvectors that
/// rounding decides.
constexpr double kCoincidence = 1e-9;

/// V times the orthogonal matrix that makes it lower triangular up to the order of its rows, which is that of
/// a pivoted QR factorisation of V^T: pivots are chosen by the norms of rows, so that the result depends on
/// the space spanned by V alone, up to signs.
Matrix canonical_basis(const Matrix& V) {
  const Eigen::ColPivHouseholderQR<Matrix> qr(V.transpose());
  return V * Matrix(qr.householderQ());
}

/// Groups of coinciding eigenvalues (increasing) get a canonical basis.
void fix_coincident(const Vector& values, double scale, Eigen::Ref<Matrix> vectors) {
  for (Index first = 0; first < values.size();) {
    Index end = first + 1;
    while (end < values.size() && values[end] - values[end - 1] <= kCoincidence * scale) ++end;
    if (end - first > 1)
      vectors.middleCols(first, end - first) = canonical_basis(vectors.middleCols(first, end - first));
    first = end;
  }
}

}  // namespace

NtBasis nt_basis(const Matrix& W) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(W * W.transpose());
  NtBasis basis{eigen.eigenvectors().rowwise().reverse(), eigen.eigenvalues().reverse()};
  // The rank is at most N: what rounding left there is not an eigenvalue.
  if (W.cols() < W.rows()) basis.l.tail(W.rows() - W.cols()).setZero();
  basis.l = basis.l.cwiseMax(0.0);
  fix_signs(basis.U);
  return basis;
}

NtBasis nt_basis(const Matrix& W, const Vector& b) {
  NtBasis basis = nt_basis(W);
  const Index null = (basis.l.array() == 0).count();
  if (null == 0) return basis;
  const Matrix Z = basis.U.rightCols(null);
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(Z.transpose() * b.asDiagonal() * Z);
  basis.U.rightCols(null).noalias() = Z * eigen.eigenvectors();
  fix_coincident(eigen.eigenvalues(), b.cwiseAbs().maxCoeff(), basis.U.rightCols(null));
  fix_signs(basis.U);
  return basis;
}

Matrix nt_second_layer(const Matrix& W, const Matrix& U, const Vector& l, const Matrix& S) {
  Matrix H = S;
  for (Index k = 0; k < H.cols(); ++k)
    for (Index j = 0; j < H.rows(); ++j) H(j, k) = l[j] + l[k] > 0 ? H(j, k) / (l[j] + l[k]) : 0;
  return U * (H * (U.transpose() * W));
}

}  // namespace lazygap
