#include "math/symmetric_eigen.h"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

// Steps of dsytrd and dstedc that LAPACKE has no names for.
extern "C" {
void dlatrd_(const char* uplo, const lapack_int* n, const lapack_int* nb, double* a, const lapack_int* lda,
             double* e, double* tau, double* w, const lapack_int* ldw, std::size_t);
void dlaed2_(lapack_int* k, const lapack_int* n, const lapack_int* n1, double* d, double* q,
             const lapack_int* ldq, lapack_int* indxq, double* rho, const double* z, double* dlambda,
             double* w, double* q2, lapack_int* indx, lapack_int* indxc, lapack_int* indxp,
             lapack_int* coltyp, lapack_int* info);
void dlaed4_(const lapack_int* n, const lapack_int* i, const double* d, const double* z, double* delta,
             const double* rho, double* lambda, lapack_int* info);
void dlamrg_(const lapack_int* n1, const lapack_int* n2, const double* a, const lapack_int* dtrd1,
             const lapack_int* dtrd2, lapack_int* index);
}

namespace lazygap {
namespace {

/// Up to this order a decomposition takes a second or less and is left to LAPACK as a whole.
constexpr Index kWhole = 1536;
/// Order at which halves of a tridiagonal matrix are no longer halved.
constexpr Index kLeaf = 1024;
/// Columns multiplied between two looks at Control::stop.
constexpr Index kPanel = 256;

void check(const char* routine, lapack_int info, Index order) {
  if (info != 0)
    throw std::runtime_error(
        fmt::format("LAPACK's {} failed on a symmetric matrix of order {} (info {})", routine, order, info));
}

/// Columns reduced between two looks at Control::stop: each takes a product with the matrix that is left.
Index reduced_columns(Index order) { return order <= 6000 ? 32 : order <= 12000 ? 16 : 8; }

/// T = H^T M H: its diagonal and subdiagonal; the reflectors of H stay below the diagonal of M.
struct Tridiagonal {
  Vector diagonal, off, tau;
};

Tridiagonal reduce(Matrix& M, const Stage& stage) {
  const Index n = M.rows();
  const auto stride = static_cast<lapack_int>(n);
  Tridiagonal T{.diagonal = Vector(n), .off = Vector(n - 1), .tau = Vector(n - 1)};
  const auto columns = static_cast<lapack_int>(reduced_columns(n));
  Matrix W(n, columns);
  Index j = 0;
  for (; j < n - kPanel; j += columns) {
    const double left = static_cast<double>(n - j) / static_cast<double>(n);
    stage.done(1 - left * left * left);
    const auto rest = static_cast<lapack_int>(n - j), below = rest - columns;
    dlatrd_("L", &rest, &columns, &M(j, j), &stride, &T.off[j], &T.tau[j], W.data(), &stride, 1);
    cblas_dsyr2k(CblasColMajor, CblasLower, CblasNoTrans, below, columns, -1, &M(j + columns, j), stride,
                 &W(columns, 0), stride, 1, &M(j + columns, j + columns), stride);
    for (Index i = j; i < j + columns; ++i) {
      M(i + 1, i) = T.off[i];
      T.diagonal[i] = M(i, i);
    }
  }
  check("dsytrd",
        LAPACKE_dsytrd(LAPACK_COL_MAJOR, 'L', static_cast<lapack_int>(n - j), &M(j, j), stride,
                       &T.diagonal[j], &T.off[j], &T.tau[j]),
        n);
  return T;
}

/// Divide and conquer: the eigenvalues and eigenvectors of T from those of its two halves.
class DivideAndConquer {
 public:
  DivideAndConquer(Tridiagonal& T, Matrix& Q, const Stage& stage)
      : d_(T.diagonal), e_(T.off), Q_(Q), stage_(stage), order_(Q.rows()) {
    for (auto* list : {&index_, &indx_, &indxc_, &indxp_, &type_})
      list->resize(static_cast<std::size_t>(order_));
  }

  /// Q has the eigenvectors of the entries of T.diagonal then, both in increasing order. `scratch` has the
  /// size of Q.
  void solve(Matrix& scratch) {
    Q_.setZero();
    scratch_ = &scratch;
    solve(0, order_);
    const Vector values = d_;
    for (Index j = 0; j < order_; ++j) {
      const lapack_int from = index_[static_cast<std::size_t>(j)] - 1;
      d_[j] = values[from];
      scratch.col(j) = Q_.col(from);
    }
    Q_.swap(scratch);
  }

 private:
  void solve(Index first, Index n) {
    const auto order = static_cast<lapack_int>(n), stride = static_cast<lapack_int>(order_);
    lapack_int* index = &index_[static_cast<std::size_t>(first)];
    stage_.heard();
    if (n <= kLeaf) {
      check("dstedc",
            LAPACKE_dstedc(LAPACK_COL_MAJOR, 'I', order, &d_[first], n > 1 ? &e_[first] : nullptr,
                           &Q_(first, first), stride),
            order_);
      for (lapack_int j = 0; j < order; ++j) index[j] = j + 1;
      return;
    }
    const Index upper = n / 2, cut = first + upper;
    const double off = e_[cut - 1];
    d_[cut - 1] -= std::abs(off);
    d_[cut] -= std::abs(off);
    solve(first, upper);
    solve(cut, n - upper);
    merge(first, n, upper, off);
  }

  /// T = diag(T_1, T_2) + rho z z^T, both halves solved.
  void merge(Index first, Index n, Index upper, double rho) {
    const auto order = static_cast<lapack_int>(n), cut = static_cast<lapack_int>(upper),
               stride = static_cast<lapack_int>(order_);
    auto Q = Q_.block(first, first, n, n);
    Vector z(n), poles(n), w(n);
    z << Q.row(upper - 1).head(upper).transpose(), Q.row(upper).tail(n - upper).transpose();
    lapack_int* index = &index_[static_cast<std::size_t>(first)];
    lapack_int kept = 0, info = 0;
    // Directions that the coupling does not see are done; the others are packed into the scratch.
    dlaed2_(&kept, &order, &cut, &d_[first], Q.data(), &stride, index, &rho, z.data(), poles.data(), w.data(),
            scratch_->data(), indx_.data(), indxc_.data(), indxp_.data(), type_.data(), &info);
    check("dlaed2", info, order_);
    if (kept == 0) {
      for (lapack_int j = 0; j < order; ++j) index[j] = j + 1;
      return;
    }
    secular(first, n, upper, kept, rho, poles, w);
    const lapack_int others = order - kept, up = 1, down = -1;
    dlamrg_(&kept, &others, &d_[first], &up, &down, index);
  }

  /// The roots of 1 + rho sum_i w_i^2 / (poles_i - l) = 0 and their eigenvectors, in the basis that dlaed2
  /// has packed, back in that of T.
  void secular(Index first, Index n, Index upper, lapack_int kept, double rho, const Vector& poles,
               Vector& w) {
    auto Q = Q_.block(first, first, n, n);
    const Index K = kept;
    for (lapack_int j = 1; j <= kept; ++j) {
      if (j % kPanel == 0) stage_.heard();
      lapack_int info = 0;
      dlaed4_(&kept, &j, poles.data(), w.data(), &Q(0, j - 1), &rho, &d_[first + j - 1], &info);
      check("dlaed4", info, order_);
    }
    // Up to two poles dlaed4 gives eigenvectors instead of differences.
    if (K > 2) refine(Q, K, poles, w);
    Vector column(K);
    for (Index j = 0; j < K; ++j) {
      if (K > 2)
        column = w.head(K).cwiseQuotient(Q.col(j).head(K)).normalized();
      else
        column = Q.col(j).head(K);
      for (Index i = 0; i < K; ++i) Q(i, j) = column[indxc_[static_cast<std::size_t>(i)] - 1];
    }
    // Columns of the upper half, of both, of the lower half.
    const Index both_upper = type_[0] + type_[1], both_lower = type_[1] + type_[2], lower = n - upper;
    const double* packed = scratch_->data();
    const Eigen::Map<const Matrix> Q1(packed, upper, both_upper);
    const Eigen::Map<const Matrix> Q2(packed + upper * both_upper, lower, both_lower);
    Matrix panel;
    for (Index j = 0; j < K; j += kPanel) {
      stage_.heard();
      const Index columns = std::min(kPanel, K - j);
      panel = Q.block(0, j, K, columns);
      Q.block(0, j, upper, columns).noalias() = Q1 * panel.topRows(both_upper);
      Q.block(upper, j, lower, columns).noalias() = Q2 * panel.middleRows(type_[0], both_lower);
    }
  }

  /// The w for which the roots found are exact: eigenvectors are orthogonal then [Gu, Eisenstat].
  template <class Block>
  static void refine(const Block& Q, Index K, const Vector& poles, Vector& w) {
    Eigen::ArrayXd product(K);
    for (Index i = 0; i < K; ++i) product[i] = Q(i, i);
    for (Index j = 0; j < K; ++j)
      for (Index i = 0; i < K; ++i)
        if (i != j) product[i] *= Q(i, j) / (poles[i] - poles[j]);
    for (Index i = 0; i < K; ++i) w[i] = std::copysign(std::sqrt(std::max(-product[i], 0.0)), w[i]);
  }

  Vector& d_;
  Vector& e_;
  Matrix& Q_;
  Matrix* scratch_ = nullptr;
  const Stage& stage_;
  Index order_;
  std::vector<lapack_int> index_, indx_, indxc_, indxp_, type_;
};

Vector decompose_whole(Matrix& M) {
  const auto n = static_cast<lapack_int>(M.rows());
  Vector values(M.rows());
  check("dsyevd", LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, M.data(), n, values.data()), M.rows());
  return values;
}

}  // namespace

Vector decompose_symmetric(Matrix& M, const Stage& stage) {
  const Index n = M.rows();
  stage.done(0);
  if (n <= kWhole) return decompose_whole(M);
  // Squares neither overflow nor underflow.
  const double scale = M.triangularView<Eigen::Lower>().toDenseMatrix().cwiseAbs().maxCoeff();
  if (!std::isfinite(scale)) throw std::runtime_error("a symmetric matrix with entries that are not finite");
  if (scale == 0) {
    M.setIdentity();
    return Vector::Zero(n);
  }
  M /= scale;
  Tridiagonal T = reduce(M, stage.part(0, 0.6));
  Matrix vectors(n, n);
  {
    Matrix scratch(n, n);
    DivideAndConquer(T, vectors, stage.part(0.6, 0.8)).solve(scratch);
  }
  const Stage back = stage.part(0.8, 1);
  const auto order = static_cast<lapack_int>(n);
  for (Index j = 0; j < n; j += kPanel) {
    back.done(j, n);
    const auto columns = static_cast<lapack_int>(std::min(kPanel, n - j));
    check("dormtr",
          LAPACKE_dormtr(LAPACK_COL_MAJOR, 'L', 'L', 'N', order, columns, M.data(), order, T.tau.data(),
                         &vectors(0, j), order),
          n);
  }
  M = std::move(vectors);
  return scale * T.diagonal;
}

}  // namespace lazygap
