#include "math/symmetric.h"

#include <fmt/format.h>
#include <lapacke.h>

#include <cmath>
#include <stdexcept>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "math/symmetric_eigen.h"

namespace lazygap {
namespace {

Vector rounded(Vector values) {
  const double largest = values.cwiseAbs().maxCoeff();
  for (double& value : values)
    if (std::abs(value) <= kMatrixPrecision * largest) value = 0;
  return values;
}

}  // namespace

Matrix symmetric_part(std::string_view function, std::string_view name, const Matrix& M) {
  check_not_empty(function, name, M.size());
  if (M.rows() != M.cols())
    throw UsageError(
        fmt::format("{}: {} is {} x {}, but must be square", function, name, M.rows(), M.cols()));
  check_finite(function, name, M);
  const double allowed = kMatrixPrecision * M.cwiseAbs().maxCoeff();
  for (Index j = 0; j < M.cols(); ++j)
    for (Index i = 0; i < j; ++i)
      if (!(std::abs(M(i, j) - M(j, i)) <= allowed))
        throw UsageError(
            fmt::format("{}: {}[{},{}] is {} and {}[{},{}] is {}, but the matrix must be symmetric", function,
                        name, i, j, M(i, j), name, j, i, M(j, i)));
  return 0.5 * M + 0.5 * M.transpose();
}

void fix_signs(Matrix& vectors) {
  constexpr double kEqual = 1e-9;
  for (Index j = 0; j < vectors.cols(); ++j) {
    const double least = (1 - kEqual) * vectors.col(j).cwiseAbs().maxCoeff();
    Index i = 0;
    while (std::abs(vectors(i, j)) < least) ++i;
    if (vectors(i, j) < 0) vectors.col(j) *= -1;
  }
}

Eigenbasis symmetric_eigenbasis(Matrix M, const Stage& stage) {
  Vector values = rounded(decompose_symmetric(M, stage));
  Eigenbasis basis{.values = std::move(values), .vectors = std::move(M)};
  fix_signs(basis.vectors);
  return basis;
}

Vector symmetric_eigenvalues(Matrix M) {
  const auto d = static_cast<lapack_int>(M.rows());
  Vector values(M.rows());
  if (const lapack_int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'N', 'L', d, M.data(), d, values.data());
      info != 0)
    throw std::runtime_error(fmt::format("LAPACK's dsyevd failed on a {} x {} matrix (info {})", d, d, info));
  return rounded(std::move(values));
}

}  // namespace lazygap
