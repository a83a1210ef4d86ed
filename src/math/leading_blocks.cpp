#include "math/leading_blocks.h"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

/// Columns factorised together. Up to this order LAPACK does all.
constexpr Index kPanel = 384;
/// Rows of the tiles in which the columns to the right are updated: a fraction of a second each.
constexpr Index kTile = 768;

/// dpotrf of the lower triangle of a block on the diagonal of K: 0, or the order of a leading block that is
/// not positive definite.
lapack_int factorise_block(Matrix& K, Index first, Index N) {
  return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', static_cast<lapack_int>(N), &K(first, first),
                             static_cast<lapack_int>(K.outerStride()));
}

/// A tile of K below the diagonal, or the part of it there.
struct Tile {
  Index row, column, rows, columns;
};

/// The tiles of the lower triangle from `first` on, the largest columns first.
std::vector<Tile> tiles_from(Index first, Index N) {
  std::vector<Tile> tiles;
  for (Index k = first; k < N; k += kPanel)
    for (Index i = k; i < N; i += kTile)
      tiles.push_back(
          {.row = i, .column = k, .rows = std::min(kTile, N - i), .columns = std::min(kPanel, N - k)});
  return tiles;
}

/// The leading N x N block by panels of columns. The tiles do not depend on the number of threads, so that
/// the numbers do not either.
lapack_int factorise_by_panels(Matrix& K, Index N, const Stage& stage) {
  const auto stride = static_cast<blasint>(K.outerStride());
  // What is left is proportional to the cube of the columns left.
  const auto done = [N](Index j) {
    const double left = static_cast<double>(N - j) / static_cast<double>(N);
    return 1 - left * left * left;
  };
  for (Index j = 0; j < N; j += kPanel) {
    const Index columns = std::min(kPanel, N - j), next = j + columns;
    const Stage own = stage.part(done(j), done(next));
    own.done(0);
    const lapack_int not_positive = factorise_block(K, j, columns);
    if (not_positive != 0) return static_cast<lapack_int>(j) + not_positive;
    if (next == N) break;
    own.part(0, 0.1).for_each((N - next + kPanel - 1) / kPanel, [&](Index piece) {
      const Index row = next + piece * kPanel;
      cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit,
                  static_cast<blasint>(std::min(kPanel, N - row)), static_cast<blasint>(columns), 1, &K(j, j),
                  stride, &K(row, j), stride);
    });
    const std::vector<Tile> tiles = tiles_from(next, N);
    own.part(0.1, 1).for_each(static_cast<Index>(tiles.size()), [&](Index piece) {
      const auto& [row, column, rows, width] = tiles[static_cast<std::size_t>(piece)];
      // What is above the diagonal belongs to the caller.
      const Index square = row == column ? width : 0;
      if (square > 0)
        cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, static_cast<blasint>(square),
                    static_cast<blasint>(columns), -1, &K(row, j), stride, 1, &K(row, row), stride);
      if (rows > square)
        K.block(row + square, column, rows - square, width).noalias() -=
            K.block(row + square, j, rows - square, columns) * K.block(column, j, width, columns).transpose();
    });
  }
  return 0;
}

}  // namespace

void check_widths(std::string_view function, std::span<const Index> widths, Index most) {
  check_not_empty(function, "widths", static_cast<Index>(widths.size()));
  Index last = 0;
  for (const Index N : widths) {
    if (N <= last || N > most)
      throw UsageError(fmt::format("{}: widths has {} after {}, but must be increasing, from 1 to {}",
                                   function, N, last, most));
    last = N;
  }
}

Index factorise_leading(Matrix& K, std::span<const Index> widths, const std::function<void(Index N)>& fill,
                        const Stage& stage) {
  lapack_int not_positive = std::numeric_limits<lapack_int>::max();  // order of a block known not to be
  for (std::size_t k = widths.size(); k-- > 0;) {
    const Index N = widths[k];
    if (N >= not_positive) continue;
    fill(N);
    stage.done(0);
    not_positive = factorise_by_panels(K, N, stage);
    if (not_positive == 0) return N;
  }
  return 0;
}

}  // namespace lazygap
