#include "fit/normal_equations.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "math/leading_blocks.h"
#include "math/symmetric_eigen.h"

namespace lazygap::fit {
namespace {

lapack_int stride(const Matrix& G) { return static_cast<lapack_int>(G.outerStride()); }

/// The 1-norm of the leading N x N block of G, given by its upper triangle.
double norm(const Matrix& G, Index N) {
  return LAPACKE_dlansy(LAPACK_COL_MAJOR, '1', 'U', static_cast<lapack_int>(N), G.data(), stride(G));
}

/// From the factor in the lower triangle of G, for its leading N x N block, whose norm is `norm`. Never above
/// the ratio of the extreme eigenvalues.
double reciprocal_condition(const Matrix& G, Index N, double norm) {
  double result = 0;
  LAPACKE_dpocon(LAPACK_COL_MAJOR, 'L', static_cast<lapack_int>(N), G.data(), stride(G), norm, &result);
  return result;
}

/// Sums of squares of the entries of L^-1, L the factor in the lower triangle of the leading N x N block of
/// G: by rows, whose first so many add up to the trace of the inverse of a leading block, and by columns, the
/// diagonal of the inverse of the whole.
struct InverseFactor {
  Vector rows, columns;
};

InverseFactor inverse_factor(const Matrix& G, Index N, const Stage& stage) {
  constexpr Index kPanel = 128;
  InverseFactor sums{.rows = Vector::Zero(N), .columns = Vector(N)};
  Matrix panel;
  for (Index j = 0; j < N; j += kPanel) {
    stage.heard();
    const Index columns = std::min(kPanel, N - j), rows = N - j;
    panel.setIdentity(rows, columns);
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, static_cast<blasint>(rows),
                static_cast<blasint>(columns), 1, &G(j, j), static_cast<blasint>(G.outerStride()),
                panel.data(), static_cast<blasint>(rows));
    sums.rows.tail(rows) += panel.rowwise().squaredNorm();
    sums.columns.segment(j, columns) = panel.colwise().squaredNorm().transpose();
  }
  return sums;
}

/// The solution for the leading block that b has the size of, from the factor in the lower triangle of G.
NormalSolution solve_regular(const Matrix& G, double ridge, const Vector& b, double sensitivity) {
  const auto N = static_cast<lapack_int>(b.size());
  Vector a = b;
  LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', N, 1, G.data(), stride(G), a.data(), N);
  const double square = ridge * a.squaredNorm();
  return {.status = Status::ok,
          .message = {},
          .rank = N,
          .sensitivity = sensitivity,
          .explained = a.dot(b) + square,
          .fitted = b.squaredNorm() - ridge * square,
          .degrees = static_cast<double>(N),
          .a = std::move(a)};
}

/// Eigenvectors in place of G, which is given by its upper triangle; empty where the iteration fails.
Vector decompose(Matrix& G, const Stage& stage) {
  constexpr Index kWhole = 1536;  // takes a second or less
  const auto N = static_cast<lapack_int>(G.rows());
  if (G.rows() > kWhole) {
    G.triangularView<Eigen::StrictlyLower>() = G.transpose();
    return decompose_symmetric(G, stage);
  }
  Vector eigenvalues(N);
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', N, G.data(), N, eigenvalues.data()) != 0)
    throw std::runtime_error("the eigenvalue iteration of the singular normal equations did not converge");
  return eigenvalues;
}

/// a = sum over the eigenpairs (l, u) above the noise of u (u^T b) / (l + ridge): least norm among the
/// minimisers. b is in the range of G, so the directions left out carry nothing but rounding.
NormalSolution solve_singular(const Matrix& vectors, const Vector& eigenvalues, double ridge, double noise,
                              const Vector& b) {
  const Index N = vectors.rows();
  const Index rank = (eigenvalues.array() > noise * eigenvalues[N - 1]).count();
  const auto kept = vectors.rightCols(rank);
  const Eigen::ArrayXd l = eigenvalues.tail(rank).array(), projections = (kept.transpose() * b).array();
  const Vector coefficients = projections / (l + ridge);
  const double least = rank > 0 ? eigenvalues[N - rank] : eigenvalues[N - 1];
  const Eigen::ArrayXd squares = coefficients.array().square();
  return {.status = Status::ok,
          .message = {},
          .rank = rank,
          .sensitivity = noise * eigenvalues[N - 1] / (least + ridge),
          .explained = (squares * (l + 2 * ridge)).sum(),
          .fitted = (squares * l * (l + 2 * ridge)).sum(),
          .degrees = (l / (l + ridge)).sum(),
          .a = kept * coefficients};
}

/// Calls copy(i, j, rows, columns) for the tiles of a lower triangle, so that a transposition stays in the
/// cache.
template <class Copy>
void for_each_tile(Index N, const Copy& copy) {
  constexpr Index kTile = 64;
  for (Index j = 0; j < N; j += kTile)
    for (Index i = j; i < N; i += kTile) copy(i, j, std::min(kTile, N - i), std::min(kTile, N - j));
}

/// The normal equations of one matrix. G stays in the upper triangle and the diagonal apart; the factors take
/// the lower one.
class Equations {
 public:
  Equations(Matrix G, double noise, const Vector& b, std::span<const Index> widths)
      : G_(std::move(G)), noise_(noise), b_(b), widths_(widths), diagonal_(G_.diagonal()) {
    for_each_tile(G_.rows(), [this](Index i, Index j, Index rows, Index columns) {
      if (i > j)
        G_.block(j, i, columns, rows) = G_.block(i, j, rows, columns).transpose();
      else
        G_.block(i, i, rows, rows).triangularView<Eigen::StrictlyUpper>() =
            G_.block(i, i, rows, rows).transpose();
    });
  }

  /// Fills in the solutions of the blocks that are regular.
  void solve_regular_blocks(double ridge, bool inverse, const Stage& stage,
                            std::vector<NormalSolution>& solutions) {
    G_.diagonal() = diagonal_.array() + ridge;
    std::vector<double> norms;
    for (const Index N : widths_) norms.push_back(norm(G_, N));
    const auto fill = [&](Index N) {
      if (!is_fresh_) copy_down(N);
      is_fresh_ = false;
      G_.diagonal().head(N) = diagonal_.head(N).array() + ridge;
    };
    const Index factorised = factorise_leading(G_, widths_, fill, stage);
    Index regular = 0;  // order of the largest such block
    for (std::size_t k = 0; k < widths_.size(); ++k) {
      const Index N = widths_[k];
      stage.done(1);
      const double reciprocal = N <= factorised ? reciprocal_condition(G_, N, norms[k]) : 0;
      if (reciprocal < noise_) continue;
      solutions[k] = solve_regular(G_, ridge, b_.head(N), noise_ / reciprocal);
      regular = N;
    }
    if (regular > 0 && (ridge > 0 || inverse)) {
      const InverseFactor sums = inverse_factor(G_, regular, stage);
      for (std::size_t k = 0; k < widths_.size(); ++k)
        if (solutions[k].status == Status::ok)
          solutions[k].degrees -= ridge * sums.rows.head(widths_[k]).sum();
      if (inverse && regular == widths_.back()) solutions.back().inverse = sums.columns;
    }
    G_.diagonal() = diagonal_;
  }

  /// Fills in those of the others, solutions[ridge][k] of width k.
  void solve_singular_blocks(std::size_t k, std::span<const double> ridges, const Stage& stage,
                             std::vector<std::vector<NormalSolution>>& solutions) const {
    const Index N = widths_[k];
    Matrix vectors;
    Vector eigenvalues;
    for (std::size_t r = 0; r < ridges.size(); ++r) {
      NormalSolution& solution = solutions[r][k];
      if (solution.status == Status::ok) continue;
      stage.done(1);
      if (vectors.size() == 0) {
        vectors = G_.topLeftCorner(N, N);
        try {
          eigenvalues = decompose(vectors, stage);
        } catch (const std::runtime_error& error) {  // of LAPACK
          for (std::size_t other = r; other < ridges.size(); ++other)
            if (solutions[other][k].status != Status::ok) solutions[other][k].message = error.what();
          return;
        }
      }
      solution = solve_singular(vectors, eigenvalues, ridges[r], noise_, b_.head(N));
    }
  }

 private:
  /// The lower triangle from the upper one.
  void copy_down(Index N) {
    for_each_tile(N, [this](Index i, Index j, Index rows, Index columns) {
      if (i > j)
        G_.block(i, j, rows, columns) = G_.block(j, i, columns, rows).transpose();
      else
        G_.block(i, i, rows, rows).triangularView<Eigen::StrictlyLower>() =
            G_.block(i, i, rows, rows).transpose();
    });
  }

  Matrix G_;
  bool is_fresh_ = true;  // the lower triangle, too
  double noise_;
  const Vector& b_;
  std::span<const Index> widths_;
  Vector diagonal_;
};

}  // namespace

std::vector<std::vector<NormalSolution>> solve_normal_equations(Matrix G, std::span<const double> ridges,
                                                                double noise, const Vector& b,
                                                                std::span<const Index> widths,
                                                                const Stage& stage, bool inverse) {
  const NormalSolution overflow{.status = Status::failed, .message = kOverflow};
  std::vector<std::vector<NormalSolution>> solutions(ridges.size(), {widths.size(), overflow});
  while (!widths.empty() && !G.diagonal().head(widths.back()).allFinite())
    widths = widths.first(widths.size() - 1);
  if (widths.empty()) return solutions;
  Equations equations(std::move(G), noise, b, widths);
  for (std::size_t r = 0; r < ridges.size(); ++r) {
    const Stage own = stage.share(static_cast<Index>(r), static_cast<Index>(ridges.size()));
    equations.solve_regular_blocks(ridges[r], inverse, own, solutions[r]);
  }
  for (std::size_t k = 0; k < widths.size(); ++k)
    equations.solve_singular_blocks(k, ridges, stage, solutions);
  return solutions;
}

}  // namespace lazygap::fit
