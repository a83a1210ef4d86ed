#include "lazygap/exact/lazy_rich.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/network/tangent_kernel.h"
#include "math/symmetric.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {
namespace {

/// Eigenvalues below this much of the largest one are computed again, see spectrum_of_sum.
constexpr double kSmall = 1e-4;

/// Beyond this ratio of ||alpha M_0|| to ||B||, R_alpha differs from its limit by less than rounding.
constexpr double kLazy = 1e15;

/// B + scale M_0 = vectors diag(values) vectors^T, W_0 of Frobenius norm 1.
///
/// For a large scale the eigenvalues that belong to the complement of span(W_0) are of the size of B and
/// drown in the rounding of scale M_0. Their eigenspace Q does not: it is known to rounding. In Q^T (B +
/// scale M_0) Q = Q^T B Q + scale (W_0^T Q)^T (W_0^T Q) the entries of W_0^T Q are of order 1 / scale, so
/// that their error enters by scale times the square of rounding.
Eigenbasis spectrum_of_sum(const Vector& b, const Matrix& W_0, double scale) {
  const auto sum = [&](const Matrix& Q) -> Matrix {
    const Matrix projections = std::sqrt(scale) * W_0.transpose() * Q;
    return Q.transpose() * b.asDiagonal() * Q + projections.transpose() * projections;
  };
  Eigenbasis basis = symmetric_eigenbasis(sum(Matrix::Identity(b.size(), b.size())));
  const double bound = kSmall * basis.values.cwiseAbs().maxCoeff();
  // Values increase, and of the negative ones none is large where the scale is.
  Index small = 0;
  while (small < basis.values.size() && basis.values[small] < bound) ++small;
  if (small == 0 || small == basis.values.size()) return basis;
  const Matrix Q = basis.vectors.leftCols(small);
  const Eigenbasis block = symmetric_eigenbasis(sum(Q));
  basis.values.head(small) = block.values;
  basis.vectors.leftCols(small) = Q * block.vectors;
  return basis;
}

LazyRich end_point(const PolynomialTarget& problem, const Matrix& unit_W_0, double squared_norm,
                   double alpha) {
  // In units of the largest |b_i|.
  const double unit = problem.eigenvalues().cwiseAbs().maxCoeff();
  LazyRich point{.alpha = alpha, .answer = {.status = Status::ok}};
  if (unit == 0 && squared_norm == 0) {
    point.answer.risk = problem.rest_risk();
    return point;
  }
  const Vector b = unit > 0 ? Vector(problem.eigenvalues() / unit) : problem.eigenvalues();
  const double scale = unit > 0 ? std::min(alpha * (squared_norm / unit), kLazy * b.norm()) : 1.0;
  const Eigenbasis basis = spectrum_of_sum(b, unit_W_0, scale);
  const Index d = b.size(), N = unit_W_0.cols();
  Vector fitted = Vector::Zero(d);
  double left = 0;
  for (Index i = d - 1; i >= 0; --i) {
    const double value = basis.values[i];
    if (value > 0 && point.answer.diagnostics.rank < N) {
      fitted[i] = value;
      ++point.answer.diagnostics.rank;
    } else {
      left += value * value;
    }
  }
  point.answer.risk = 2 * left * unit * unit + problem.rest_risk();
  point.kernel_cosine = tangent_kernel_cosine(
      unit_W_0 * unit_W_0.transpose(), basis.vectors * fitted.asDiagonal() * basis.vectors.transpose());
  return point;
}

}  // namespace

std::vector<LazyRich> lazy_rich(const PolynomialTarget& problem, const Matrix& W_0,
                                std::span<const double> alphas) {
  constexpr auto kFunction = "exact::lazy_rich";
  network::check_first_layer(kFunction, problem, W_0);
  for (std::size_t i = 0; i < alphas.size(); ++i)
    check_positive(kFunction, fmt::format("alphas[{}]", i), alphas[i]);
  const double norm = W_0.stableNorm();
  const Matrix unit = norm > 0 ? Matrix(W_0 / norm) : W_0;
  std::vector<LazyRich> points;
  points.reserve(alphas.size());
  for (const double alpha : alphas) points.push_back(end_point(problem, unit, norm * norm, alpha));
  return points;
}

}  // namespace lazygap::exact
