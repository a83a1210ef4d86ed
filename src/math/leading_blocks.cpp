#include "math/leading_blocks.h"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

/// Up to this order a factorisation takes less than a second and is left to LAPACK as a whole.
constexpr Index kWhole = 4608;
/// Columns factorised between two looks at Control::stop beyond that order.
constexpr Index kPanel = 384;

/// dpotrf of the lower triangle of the leading N x N block of K: 0, or the order of a leading block that is
/// not positive definite.
lapack_int factorise_whole(Matrix& K, Index first, Index N) {
  return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', static_cast<lapack_int>(N), &K(first, first),
                             static_cast<lapack_int>(K.outerStride()));
}

/// The same by panels of columns.
lapack_int factorise_by_panels(Matrix& K, Index N, const Stage& stage) {
  const auto stride = static_cast<blasint>(K.outerStride());
  for (Index j = 0; j < N; j += kPanel) {
    const Index columns = std::min(kPanel, N - j), next = j + columns;
    // What is left is proportional to the cube of the columns left.
    const double left = static_cast<double>(N - j) / static_cast<double>(N);
    stage.done(1 - left * left * left);
    const lapack_int not_positive = factorise_whole(K, j, columns);
    if (not_positive != 0) return static_cast<lapack_int>(j) + not_positive;
    if (next == N) break;
    const auto rows = static_cast<blasint>(N - next), width = static_cast<blasint>(columns);
    cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, rows, width, 1, &K(j, j),
                stride, &K(next, j), stride);
    // The update of the columns to the right, again by panels, so that each takes a fraction of a second.
    for (Index k = next; k < N; k += kPanel) {
      const Index updated = std::min(kPanel, N - k);
      stage.done(1 - left * left * left);
      auto block = K.block(k, k, N - k, updated);
      block.noalias() -= K.block(k, j, N - k, columns) * K.block(k, j, updated, columns).transpose();
    }
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
    not_positive = N <= kWhole ? factorise_whole(K, 0, N) : factorise_by_panels(K, N, stage);
    if (not_positive == 0) return N;
  }
  return 0;
}

}  // namespace lazygap
