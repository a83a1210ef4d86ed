#include <Eigen/QR>
#include <limits>
#include <vector>

#include "exact/messages.h"
#include "exact/nt_ways.h"
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

Answer solve(const PolynomialTarget& problem, const Matrix& W, const Stage& stage) {
  const Split basis = split_span(W);
  stage.done(0.5);
  const Matrix PBP = basis.complement.transpose() * problem.eigenvalues().asDiagonal() * basis.complement;
  return {.risk = 2 * PBP.squaredNorm() + problem.rest_risk(),
          .status = Status::ok,
          .diagnostics = {.rank = basis.span.cols()}};
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

Answer solve(const GaussianMixture& problem, const Matrix& W, const Stage& stage) {
  const Vector& delta = problem.whitened_delta();
  const Index d = problem.dimension();
  const Split basis = split_span(problem.whiten_neurons(W));
  Answer answer{.status = Status::ok, .diagnostics = {.rank = basis.span.cols()}};
  if (basis.span.cols() == d) {
    const auto squares = delta.array().square();
    answer.risk = 2 / (2 + (squares / (1 + squares)).sum());
    return answer;
  }
  const Matrix target = project(basis, delta.asDiagonal());
  const Matrix weights = Matrix::Ones(d, d) + delta * delta.transpose();
  const auto apply = [&](const Vector& p, Vector& Ap) {
    const Eigen::Map<const Matrix> S(p.data(), d, d);
    stage.done(0.5);
    Ap = project(basis, S.cwiseProduct(weights)).reshaped();
  };
  const ConjugateGradientSolution solution = conjugate_gradient(apply, target.reshaped());
  answer.risk = 2 / (2 + solution.form);
  add_outcome(answer, solution);
  return answer;
}

}  // namespace

Answer nt_quadratic(const Problem& problem, const Matrix& W, const Stage& stage) {
  return std::visit([&](const auto& p) { return solve(p, W, stage); }, problem);
}

}  // namespace lazygap::exact
