#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "exact/neuron_functions.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/exact/nt.h"
#include "lazygap/math/conjugate_gradient.h"

namespace lazygap::exact {
namespace {

/// Columns handled together in a product.
constexpr Index kPanel = 256;
/// Relative residual; the relative error of the explained part is of the order of its square.
constexpr ConjugateGradientOptions kSolver{.tolerance = 1e-8, .max_iterations = 5000};

/// For each pair, what E[phi_i phi_j z z^T] is in the plane of the two directions:
///
///   k I + c11 w^_i w^_i^T + c12 (w^_i w^_j^T + w^_j w^_i^T) + c22 w^_j w^_j^T,   c22_ij = c11_ji,
///
/// by Stein's lemma k = E[phi_i phi_j], c11 = E[phi_i'' phi_j], c12 = E[phi_i' phi_j'] (as distributions),
/// and for parallel pairs (the diagonal among them) k = E[phi_i phi_j], c11 = E[G^2 phi_i phi_j] - k, c12 =
/// c22 = 0.
struct PlaneMoments {
  Matrix k, c11, c12;  // N x N
};

PlaneMoments plane_moments(const ScalarFunction& s, const Neurons& neurons, const Expansion& expansion) {
  const Matrix& c = expansion.coefficients;
  const Index N = c.rows(), degree = c.cols() - 1;
  PlaneMoments moments{.k = Matrix(N, N), .c11 = Matrix(N, N), .c12 = Matrix(N, N)};
  // Correlations wait in c12 until they are overwritten.
  moments.c12.noalias() = neurons.directions.transpose() * neurons.directions;
  Eigen::ArrayXd r(N);
  for (Index j = 0; j < N; ++j) {
    r = moments.c12.col(j).array();
    auto k = moments.k.col(j).array(), c11 = moments.c11.col(j).array(), c12 = moments.c12.col(j).array();
    k.setZero();
    c11.setZero();
    c12.setZero();
    // Horner's rule for the three sums, from the highest degree down.
    for (Index n = degree; n >= 0; --n) {
      const auto real = static_cast<double>(n);
      k = k * r + c(j, n) * c.col(n).array();
      if (n > 0) c12 = c12 * r + (real * c(j, n)) * c.col(n).array();
      if (n <= degree - 2)
        c11 = c11 * r + (std::sqrt((real + 1) * (real + 2)) * c(j, n)) * c.col(n + 2).array();
    }
    for (Index i = 0; i < N; ++i)
      if (i != j && parallel(r[i])) {
        const ParallelMoments exact = parallel_moments(s, neurons, i, j, r[i] > 0 ? 1 : -1);
        k[i] = exact.moment;
        // Half on each neuron, so that c22_ij = c11_ji stays true.
        c11[i] = 0.5 * (exact.moment_g2 - exact.moment);
        c12[i] = 0;
      }
    k[j] = expansion.moment[j];
    c11[j] = 0.5 * (expansion.moment_g2[j] - expansion.moment[j]);
    c12[j] = 0;
  }
  return moments;
}

struct Part {
  Component component;
  Neurons neurons;
  PlaneMoments moments;
  Vector first;  ///< N, E[G phi_i(G)]
};

/// Adds weight * C^{1/2} (sum_j E[phi_i phi_j z z^T] C^{1/2} a_j)_i to `result`; A and `result` are d x N.
void add_product(const Part& part, const Eigen::Ref<const Matrix>& A, Eigen::Ref<Matrix> result) {
  const Matrix& directions = part.neurons.directions;
  const Index N = A.cols(), d = A.rows();
  const Vector scale = part.component.weight * part.component.root;
  Vector along = Vector::Zero(N);  // coefficients of w^_i in column i
  Matrix left(d, 2 * kPanel), right(N, 2 * kPanel), P(N, kPanel), sum = Matrix::Zero(d, N);
  for (Index start = 0; start < N; start += kPanel) {
    const Index columns = std::min(kPanel, N - start);
    left.leftCols(columns) = part.component.root.asDiagonal() * A.middleCols(start, columns);
    left.middleCols(columns, columns) = directions.middleCols(start, columns);
    P.leftCols(columns).noalias() = directions.transpose() * left.leftCols(columns);
    right.leftCols(columns) = part.moments.k.middleCols(start, columns);
    for (Index n = 0; n < columns; ++n) {
      const Index j = start + n;
      const double own = P(j, n);
      const auto c11 = part.moments.c11.col(j).array(), c12 = part.moments.c12.col(j).array();
      along.array() += c11 * P.col(n).array() + c12 * own;
      // c22_ij = c11_ji: a row of c11, read as a strided vector.
      right.col(columns + n).array() =
          c12 * P.col(n).array() + part.moments.c11.row(j).transpose().array() * own;
    }
    sum.noalias() += left.leftCols(2 * columns) * right.leftCols(2 * columns).transpose();
  }
  sum += directions * along.asDiagonal();
  result += scale.asDiagonal() * sum;
}

/// E[(y - E y) phi_i(g_i) z] within one component, d x N.
Matrix projections(const PolynomialTarget& problem, const Part& part, const Expansion& expansion) {
  const Matrix& directions = part.neurons.directions;
  const Vector form = directions.cwiseAbs2().transpose() * problem.eigenvalues();
  return 2 * problem.eigenvalues().asDiagonal() * directions * expansion.coefficients.col(1).asDiagonal() +
         std::sqrt(6.0) * directions * expansion.coefficients.col(3).cwiseProduct(form).asDiagonal();
}
Matrix projections(const GaussianMixture&, const Part& part, const Expansion&) {
  return part.component.label * part.neurons.directions * part.first.asDiagonal();
}

}  // namespace

Risk nt(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases) {
  constexpr auto kFunction = "exact::nt";
  check_size(kFunction, "a column of W", W.rows(), "the dimension d", dimension(problem));
  check_at_least(kFunction, "the number of neurons", W.cols(), 1);
  check_finite(kFunction, "W", W);
  if (biases.size() > 0) check_size(kFunction, "biases", biases.size(), "the number of neurons", W.cols());
  check_finite(kFunction, "biases", biases);

  if (!activation.derivative)
    throw UsageError(
        fmt::format("{}: activation '{}' has no derivative, but NT needs one", kFunction, activation.name));
  const ScalarFunction s{
      .value = activation.derivative, .kinks = activation.kinks, .length = activation.length};
  const Index d = W.rows(), N = W.cols();
  Risk risk{.status = Status::ok};
  std::vector<Part> parts;
  Matrix target = Matrix::Zero(d, N), mean = Matrix::Zero(d, N);
  for (const Component& component : components(problem)) {
    Part part{
        .component = component, .neurons = act_on_normals(component, W, biases), .moments = {}, .first = {}};
    const Expansion expansion = expand(s, part.neurons, largest_correlation(part.neurons.directions), true);
    part.moments = plane_moments(s, part.neurons, expansion);
    part.first = expansion.coefficients.col(1);
    const Vector scale = component.weight * component.root;
    target += scale.asDiagonal() *
              std::visit([&](const auto& p) { return projections(p, part, expansion); }, problem);
    mean += scale.asDiagonal() * part.neurons.directions * part.first.asDiagonal();
    risk.kernel_error = std::max(risk.kernel_error, expansion.error);
    parts.push_back(std::move(part));
  }
  const auto apply = [&](const Vector& p, Vector& Ap) {
    const Eigen::Map<const Matrix> A(p.data(), d, N);
    Eigen::Map<Matrix> result(Ap.data(), d, N);
    // The offset c takes up the means of the features.
    result = -mean.cwiseProduct(A).sum() * mean;
    for (const Part& part : parts) add_product(part, A, result);
  };
  const ConjugateGradientSolution solution = conjugate_gradient(apply, target.reshaped(), kSolver);
  risk.risk = null_risk(problem) - solution.form;
  risk.iterations = solution.iterations;
  risk.residual = solution.residual;
  if (!solution.converged) risk.status = Status::not_converged;
  return risk;
}

}  // namespace lazygap::exact
