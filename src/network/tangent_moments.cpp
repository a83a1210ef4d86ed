#include "network/tangent_moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lazygap/core/error.h"
#include "network/neuron_functions.h"

namespace lazygap {
namespace {

using network::Component;
using network::Expansion;
using network::Neurons;
using network::ScalarFunction;

/// Columns handled together in a product.
constexpr Index kPanel = 256;

/// For each pair, what E[phi_i phi_j n n^T] is in the plane of the two directions:
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
      if (i != j && network::parallel(r[i])) {
        const network::ParallelMoments exact = network::parallel_moments(s, neurons, i, j, r[i] > 0 ? 1 : -1);
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

/// Adds weight * C^{1/2} (sum_j E[phi_i phi_j n n^T] C^{1/2} a_j)_i to `result`; A and `result` are d x N.
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

/// E[(y - E y) phi_i(g_i) n] within one component, d x N.
Matrix projections(const PolynomialTarget& target, const Part& part, const Expansion& expansion) {
  const Matrix& directions = part.neurons.directions;
  const Matrix& c = expansion.coefficients;
  Matrix h = Matrix::Zero(directions.rows(), directions.cols());
  Vector along = Vector::Zero(directions.cols());                      // coefficients of w^_i in column i
  Eigen::ArrayXXd powers = Eigen::ArrayXXd::Ones(h.rows(), h.cols());  // w^_i^(k-1) entrywise
  double factorial = 1;                                                // (k - 1)!
  for (Index k = 1; k <= target.degree(); ++k) {
    // E[He_k(x_j) phi_i x] = k w^_ij^(k-1) E[He_{k-1}(G) phi_i] e_j + w^_ij^k E[He_{k+1}(G) phi_i] w^_i.
    const auto degree = static_cast<double>(k);
    h += degree * std::sqrt(factorial) * target.coefficients(k).asDiagonal() * powers.matrix() *
         c.col(k - 1).asDiagonal();
    powers *= directions.array();
    const Vector form = powers.matrix().transpose() * target.coefficients(k);
    along += std::sqrt(factorial * degree * (degree + 1)) * c.col(k + 1).cwiseProduct(form);
    factorial *= degree;
  }
  return h + directions * along.asDiagonal();
}
Matrix projections(const GaussianMixture&, const Part& part, const Expansion&) {
  return part.component.label * part.neurons.directions * part.first.asDiagonal();
}

}  // namespace

struct TangentMoments::Storage {
  Problem problem;
  std::vector<Part> parts;
  Matrix projections, means;
  double error = 0;
};

TangentMoments::TangentMoments(const Problem& problem, const Activation& activation, const Matrix& W,
                               const Vector& biases)
    : storage_(std::make_unique<Storage>(Storage{.problem = problem,
                                                 .parts = {},
                                                 .projections = Matrix::Zero(W.rows(), W.cols()),
                                                 .means = Matrix::Zero(W.rows(), W.cols())})) {
  if (!activation.derivative)
    throw UsageError(fmt::format("NT: activation '{}' has no derivative, but NT needs one", activation.name));
  const ScalarFunction s{
      .value = activation.derivative, .kinks = activation.kinks, .length = activation.length};
  Storage& m = *storage_;
  const Matrix whitened = network::whiten_neurons(problem, W);
  for (const Component& component : network::components(problem)) {
    Part part{.component = component,
              .neurons = network::act_on_normals(component, whitened, biases),
              .moments = {},
              .first = {}};
    const Expansion expansion =
        network::expand(s, part.neurons, network::largest_correlation(part.neurons.directions), true);
    part.moments = plane_moments(s, part.neurons, expansion);
    part.first = expansion.coefficients.col(1);
    const Vector scale = component.weight * component.root;
    m.projections +=
        scale.asDiagonal() *
        std::visit([&](const auto& p) { return lazygap::projections(p, part, expansion); }, problem);
    m.means += scale.asDiagonal() * part.neurons.directions * part.first.asDiagonal();
    m.error = std::max(m.error, expansion.error);
    m.parts.push_back(std::move(part));
  }
}

TangentMoments::~TangentMoments() = default;
TangentMoments::TangentMoments(TangentMoments&&) noexcept = default;

void TangentMoments::apply(const Eigen::Ref<const Matrix>& A, Eigen::Ref<Matrix> result) const {
  const Storage& m = *storage_;
  result = -m.means.cwiseProduct(A).sum() * m.means;
  for (const Part& part : m.parts) add_product(part, A, result);
}

const Matrix& TangentMoments::projections() const { return storage_->projections; }
const Matrix& TangentMoments::means() const { return storage_->means; }
double TangentMoments::error() const { return storage_->error; }

double TangentMoments::risk(const Matrix& A, double c) const {
  const Storage& m = *storage_;
  const Matrix whitened = network::whiten_neurons(m.problem, A);
  Matrix product(A.rows(), A.cols());
  apply(whitened, product);
  const double bias = network::mean_label(m.problem) - c - m.means.cwiseProduct(whitened).sum();
  return null_risk(m.problem) - 2 * m.projections.cwiseProduct(whitened).sum() +
         product.cwiseProduct(whitened).sum() + bias * bias;
}

}  // namespace lazygap
