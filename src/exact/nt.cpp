#include "lazygap/exact/nt.h"

#include <Eigen/QR>
#include <limits>
#include <vector>

#include "lazygap/core/check.h"
#include "lazygap/math/conjugate_gradient.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {
namespace {

/// Orthonormal bases of span(W) and of its complement.
struct Split {
  Matrix span;        ///< d x r
  Matrix complement;  ///< d x (d - r)
};

/// Columns of length one: which directions W spans does not depend on the lengths of the neurons, but the
/// numerical rank of a matrix with long and short columns would.
Matrix directions(const Matrix& W) {
  Matrix unit(W.rows(), W.cols());
  Index count = 0;
  for (Index i = 0; i < W.cols(); ++i) {
    // In two steps, so that the square of a tiny or huge entry cannot under- or overflow.
    const double largest = W.col(i).cwiseAbs().maxCoeff();
    if (largest == 0) continue;
    unit.col(count) = W.col(i) / largest;
    unit.col(count).normalize();
    ++count;
  }
  unit.conservativeResize(Eigen::NoChange, count);
  return unit;
}

Split split(const Matrix& unit) {
  const Index d = unit.rows();
  if (unit.cols() == 0) return {.span = Matrix(d, 0), .complement = Matrix::Identity(d, d)};
  Eigen::ColPivHouseholderQR<Matrix> qr(unit);
  qr.setThreshold(static_cast<double>(std::max(d, unit.cols())) * std::numeric_limits<double>::epsilon());
  const Index r = qr.rank();
  Matrix Q = Matrix::Identity(d, d);
  Q.applyOnTheLeft(qr.householderQ().setLength(r));
  return {.span = Q.leftCols(r), .complement = Q.rightCols(d - r)};
}

Split split_span(const Matrix& W) {
  const Index d = W.rows();
  const Matrix unit = directions(W);
  if (unit.cols() > d) {
    // d neurons in general position span everything already; the others then need no look.
    Split first = split(unit.leftCols(d));
    if (first.complement.cols() == 0) return first;
  }
  return split(unit);
}

Risk solve(const PolynomialTarget& problem, const Matrix& W) {
  const Split basis = split_span(W);
  const Matrix PBP = basis.complement.transpose() * problem.eigenvalues().asDiagonal() * basis.complement;
  return {
      .risk = 2 * PBP.squaredNorm() + problem.rest_risk(), .status = Status::ok, .rank = basis.span.cols()};
}

/// X - P X P for symmetric X, through the smaller of the two bases.
Matrix project(const Split& basis, const Matrix& X) {
  const auto& U = basis.span;
  const auto& V = basis.complement;
  if (U.cols() > V.cols()) {
    const Matrix XV = X * V;
    const Matrix VXV = V.transpose() * XV;
    return X - V * VXV * V.transpose();
  }
  Matrix half = X * U;
  const Matrix UXU = U.transpose() * half;
  half.noalias() -= 0.5 * U * UXU;
  const Matrix product = half * U.transpose();
  return product + product.transpose();
}

Risk solve(const GaussianMixture& problem, const Matrix& W) {
  const Vector& delta = problem.whitened_delta();
  const Index d = problem.dimension();
  const Split basis = split_span(problem.whiten_neurons(W));
  Risk risk{.status = Status::ok, .rank = basis.span.cols()};
  if (risk.rank == d) {
    const auto squares = delta.array().square();
    risk.risk = 2 / (2 + (squares / (1 + squares)).sum());
    return risk;
  }
  const Matrix target = project(basis, delta.asDiagonal());
  const Matrix weights = Matrix::Ones(d, d) + delta * delta.transpose();
  const auto apply = [&](const Vector& p, Vector& Ap) {
    const Eigen::Map<const Matrix> S(p.data(), d, d);
    Ap = project(basis, S.cwiseProduct(weights)).reshaped();
  };
  const ConjugateGradientSolution solution = conjugate_gradient(apply, target.reshaped());
  risk.risk = 2 / (2 + solution.form);
  risk.iterations = solution.iterations;
  risk.residual = solution.residual;
  if (!solution.converged) risk.status = Status::not_converged;
  return risk;
}

}  // namespace

Risk nt(const Problem& problem, const Matrix& W) {
  network::check_first_layer("exact::nt", problem, W);
  return std::visit([&](const auto& p) { return solve(p, W); }, problem);
}

double nt_mean(const PolynomialTarget& problem, Index N) {
  check_at_least("exact::nt_mean", "N", N, 1);
  if (N >= problem.dimension()) return problem.rest_risk();
  const auto d = static_cast<double>(problem.dimension());
  const double m = d - static_cast<double>(N);
  // The mean of P (x) P over projectors of rank m is a combination of the invariant forms with these weights.
  const double b = m * (d - m) / (d * (d - 1) * (d + 2));
  const double a = m / d - (d + 1) * b;
  return 2 * ((a + b) * problem.squared_norm() + b * problem.trace() * problem.trace()) + problem.rest_risk();
}

}  // namespace lazygap::exact
