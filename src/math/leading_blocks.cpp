#include "math/leading_blocks.h"

#include <fmt/format.h>
#include <lapacke.h>

#include <cstddef>
#include <limits>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap {

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

Index factorise_leading(Matrix& K, std::span<const Index> widths, const std::function<void(Index N)>& fill) {
  lapack_int not_positive = std::numeric_limits<lapack_int>::max();  // order of a block known not to be
  for (std::size_t k = widths.size(); k-- > 0;) {
    const Index N = widths[k];
    if (N >= not_positive) continue;
    fill(N);
    const auto stride = static_cast<lapack_int>(K.outerStride());
    not_positive = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', static_cast<lapack_int>(N), K.data(), stride);
    if (not_positive == 0) return N;
  }
  return 0;
}

}  // namespace lazygap
