#include "lazygap/network/tangent_kernel.h"

#include <algorithm>
#include <cmath>

#include "lazygap/core/check.h"

namespace lazygap {
namespace {

/// E[K_M K_M'] / 16.
double scalar_product(const Matrix& M, const Matrix& other) {
  const auto d = static_cast<double>(M.rows());
  return (d + 6) * M.cwiseProduct(other).sum() + 2 * M.trace() * other.trace();
}

/// M of largest entry 1, so that no square can under- or overflow. The cosine does not see it.
Matrix scaled(const Matrix& M) { return M / M.cwiseAbs().maxCoeff(); }

}  // namespace

double tangent_kernel_cosine(const Matrix& M, const Matrix& other) {
  constexpr auto kFunction = "tangent_kernel_cosine";
  check_not_empty(kFunction, "M", M.size());
  check_size(kFunction, "a column of M", M.rows(), "the number of columns of M", M.cols());
  check_size(kFunction, "a row of other", other.cols(), "the dimension d", M.rows());
  check_size(kFunction, "a column of other", other.rows(), "the dimension d", M.rows());
  check_finite(kFunction, "M", M);
  check_finite(kFunction, "other", other);
  const Matrix first = scaled(M), second = scaled(other);
  const double cosine = scalar_product(first, second) /
                        std::sqrt(scalar_product(first, first) * scalar_product(second, second));
  return std::isnan(cosine) ? cosine : std::min(cosine, 1.0);  // rounding must not pass 1
}

}  // namespace lazygap
