#include "network/tangent_moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lazygap/core/error.h"
#include "network/close_pairs.h"
#include "network/neuron_functions.h"
#include "network/tangent_preconditioner.h"

namespace lazygap {
namespace {

using network::Component;
using network::Expansion;
using network::Neurons;
using network::ScalarFunction;

/// Columns handled together in a product.
constexpr Index kPanel = 256;
/// Rows of a panel, or columns of a result, that one thread handles at a time.
constexpr Index kTile = 192;

[[nodiscard]] Index tiles(Index N) { return (N + kTile - 1) / kTile; }
/// Added to the diagonal of the coarse level of the preconditioner, relative to it.
constexpr double kRidge = 1e-10;

/// For each pair, what E[phi_i phi_j n n^T] is in the plane of the two directions:
///
///   k I + c11 w^_i w^_i^T + c12 (w^_i w^_j^T + w^_j w^_i^T) + c22 w^_j w^_j^T,   c22_ij = c11_ji,
///
/// by Stein's lemma k = E[phi_i phi_j], c11 = E[phi_i'' phi_j], c12 = E[phi_i' phi_j'] (as distributions),
/// and for parallel pairs (the diagonal among them) k = E[phi_i phi_j], c11 = E[G^2 phi_i phi_j] - k, c12 =
/// c22 = 0.
struct PlaneMoments {
  Matrix k, c11, c12, r;  // N x N, r_ij the correlations
};

PlaneMoments plane_moments(const ScalarFunction& s, const Neurons& neurons, const Expansion& expansion,
                           const Stage& stage) {
  const Matrix& c = expansion.coefficients;
  const Index N = c.rows(), degree = c.cols() - 1;
  PlaneMoments moments{.k = Matrix(N, N), .c11 = Matrix(N, N), .c12 = Matrix(N, N), .r = Matrix(N, N)};
  stage.part(0, 0).for_each(tiles(N), [&](Index tile) {
    const Index first = tile * kTile, columns = std::min(kTile, N - first);
    moments.r.middleCols(first, columns).noalias() =
        neurons.directions.transpose() * neurons.directions.middleCols(first, columns);
  });
  stage.for_each(N, [&](Index j) {
    const auto r = moments.r.col(j).array();
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
  });
  return moments;
}

struct Part {
  Component component;
  Neurons neurons;
  Expansion expansion;
  bool close_pairs = false;  ///< whether pairs with |r| > network::kClose take a quadrature
  PlaneMoments moments;
  Vector stretch;  ///< N, length of C^{1/2} M^T w_i over that of M^T w_i

  /// E[G phi_i(G)].
  [[nodiscard]] auto first() const { return expansion.coefficients.col(1); }
};

/// Takes a quadrature for pairs with |r| > network::kClose. Returns its error.
double set_close_pairs(const ScalarFunction& s, Part& part, const Stage& stage) {
  PlaneMoments& moments = part.moments;
  double error = 0;
  network::for_each_close_pair(part.neurons.directions, [&](Index i, Index j) {
    stage.heard();
    const network::PairMoments pair = network::close_pair_moments(s, part.neurons, i, j);
    moments.k(i, j) = moments.k(j, i) = pair.k;
    moments.c12(i, j) = moments.c12(j, i) = pair.c12;
    moments.c11(i, j) = pair.c11;
    moments.c11(j, i) = pair.c22;
    error = std::max(error, pair.error);
  });
  return error;
}

/// target(i, n) = source(start + n, first + i), n < columns, read along the columns of `source`.
void copy_rows(const Matrix& source, Index start, Index columns, Index first, Eigen::Ref<Matrix> target) {
  for (Index i = 0; i < target.rows(); ++i)
    target.row(i).head(columns) = source.col(first + i).segment(start, columns).transpose();
}

/// Some rows of a panel of columns, those of neurons first, first + 1, ...
struct PanelTile {
  Index start, columns;  ///< the columns of the panel
  Index first, rows;
  const Matrix& a;         ///< C^{1/2} A in these columns
  const Matrix& P;         ///< W^^T C^{1/2} A there, all rows
  Eigen::Ref<Matrix> c22;  ///< the rows of c22 there
};

/// Calls visit(tile) for panels of columns, one after the other, and the tiles of each, side by side. Sums
/// over columns have the same order whatever the number of threads.
template <class Visit>
void for_each_panel(const Part& part, const Eigen::Ref<const Matrix>& A, const Stage& stage,
                    const Visit& visit) {
  const Matrix& directions = part.neurons.directions;
  const Index N = A.cols(), d = A.rows(), width = std::min(kPanel, N);
  Matrix a(d, width), P(N, width), c22(N, width);
  for (Index start = 0; start < N; start += width) {
    const Stage now = stage.part(0, 0);
    const Index columns = std::min(width, N - start);
    a.leftCols(columns) = part.component.root.asDiagonal() * A.middleCols(start, columns);
    const auto rows_of = [&](Index tile) { return std::min(kTile, N - tile * kTile); };
    now.for_each(tiles(N), [&](Index tile) {
      const Index first = tile * kTile, rows = rows_of(tile);
      P.block(first, 0, rows, columns).noalias() =
          directions.middleCols(first, rows).transpose() * a.leftCols(columns);
    });
    now.for_each(tiles(N), [&](Index tile) {
      const Index first = tile * kTile, rows = rows_of(tile);
      auto own = c22.middleRows(first, rows);
      copy_rows(part.moments.c11, start, columns, first, own);
      visit(PanelTile{
          .start = start, .columns = columns, .first = first, .rows = rows, .a = a, .P = P, .c22 = own});
    });
  }
}

/// Adds weight * C^{1/2} (sum_j E[phi_i phi_j n n^T] C^{1/2} a_j)_i to `result`; A and `result` are d x N.
void add_product(const Part& part, const Eigen::Ref<const Matrix>& A, Eigen::Ref<Matrix> result,
                 const Stage& stage) {
  const Matrix& directions = part.neurons.directions;
  const Index N = A.cols(), d = A.rows();
  const Vector scale = part.component.weight * part.component.root;
  Vector along = Vector::Zero(N);  // coefficients of w^_i in column i
  Matrix right(N, std::min(kPanel, N)), sum = Matrix::Zero(d, N);
  for_each_panel(part, A, stage, [&](const PanelTile& t) {
    auto own_right = right.middleRows(t.first, t.rows);
    auto own_along = along.segment(t.first, t.rows).array();
    for (Index n = 0; n < t.columns; ++n) {
      const Index j = t.start + n;
      const auto c11 = part.moments.c11.col(j).segment(t.first, t.rows).array();
      const auto c12 = part.moments.c12.col(j).segment(t.first, t.rows).array();
      const auto p = t.P.col(n).segment(t.first, t.rows).array();
      own_along += c11 * p + c12 * t.P(j, n);
      own_right.col(n).array() = c12 * p + t.c22.col(n).array() * t.P(j, n);
    }
    auto own_sum = sum.middleCols(t.first, t.rows);
    own_sum.noalias() +=
        t.a.leftCols(t.columns) * part.moments.k.block(t.first, t.start, t.rows, t.columns).transpose();
    own_sum.noalias() +=
        directions.middleCols(t.start, t.columns) * own_right.leftCols(t.columns).transpose();
  });
  sum += directions * along.asDiagonal();
  result += scale.asDiagonal() * sum;
}

/// Adds weight * C^{1/2} E[phi_i phi_j n n^T] C^{1/2} to `block`, d x d.
void add_block(const Part& part, Index i, Index j, Eigen::Ref<Matrix> block) {
  const auto& [k, c11, c12, r] = part.moments;
  const Vector& root = part.component.root;
  const Vector u = root.cwiseProduct(part.neurons.directions.col(i)),
               v = root.cwiseProduct(part.neurons.directions.col(j));
  const double weight = part.component.weight, c22 = c11(j, i);
  const Vector with_u = weight * (c11(i, j) * u + c12(i, j) * v);
  const Vector with_v = weight * (c12(i, j) * u + c22 * v);
  for (Index b = 0; b < block.cols(); ++b) block.col(b) += with_u[b] * u + with_v[b] * v;
  block.diagonal() += weight * k(i, j) * root.cwiseAbs2();
}

/// Adds the components of the same along M^T w_i to `result` (N), with a third of the operations.
void add_parallel_product(const Part& part, const Eigen::Ref<const Matrix>& A, Vector& result,
                          const Stage& stage) {
  Vector sum = Vector::Zero(A.cols());
  const Matrix &k = part.moments.k, &c11 = part.moments.c11, &c12 = part.moments.c12, &r = part.moments.r;
  for_each_panel(part, A, stage, [&](const PanelTile& t) {
    auto own = sum.segment(t.first, t.rows).array();
    const auto rows_of = [&](const Matrix& M, Index j) { return M.col(j).segment(t.first, t.rows).array(); };
    for (Index n = 0; n < t.columns; ++n) {
      const Index j = t.start + n;
      own += (rows_of(k, j) + rows_of(c11, j) + rows_of(c12, j) * rows_of(r, j)) * rows_of(t.P, n) +
             (rows_of(c12, j) + t.c22.col(n).array() * rows_of(r, j)) * t.P(j, n);
    }
  });
  result += part.component.weight * part.stretch.cwiseProduct(sum);
}

/// Adds what the second moments are in the subspace a_i = alpha_i M^T w_i / |M^T w_i| to H (N x N): weight *
/// E[phi_i g_i phi_j g_j] with the lengths of C^{1/2}.
void add_parallel_block(const Part& part, Matrix& H, const Stage& stage) {
  const Index N = H.rows();
  stage.part(0, 0).for_each(tiles(N), [&](Index tile) {
    const Index start = tile * kTile, columns = std::min(kTile, N - start);
    Matrix c22(N, columns);
    copy_rows(part.moments.c11, start, columns, 0, c22);
    for (Index n = 0; n < columns; ++n) {
      const Index j = start + n;
      const auto c = part.moments.r.col(j).array();
      H.col(j).array() += part.component.weight * part.stretch[j] * part.stretch.array() *
                          ((part.moments.k.col(j) + part.moments.c11.col(j) + c22.col(n)).array() * c +
                           part.moments.c12.col(j).array() * (1 + c * c));
    }
  });
}

/// E[(y - E y) phi_i(g_i) n] within one component, d x N.
Matrix projections(const PolynomialTarget& target, const Part& part) {
  const Matrix& directions = part.neurons.directions;
  const Matrix& c = part.expansion.coefficients;
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
Matrix projections(const GaussianMixture&, const Part& part) {
  return part.component.label * part.neurons.directions * part.first().asDiagonal();
}

}  // namespace

struct TangentMoments::Storage {
  Problem problem;
  Matrix whitened;  ///< d x N, M^T W
  ScalarFunction s;
  Vector biases;
  std::vector<Part> parts;
  Matrix projections, means;
  double error = 0;

  /// The part of one component.
  [[nodiscard]] Part part(const Component& component, const Stage& stage) const {
    Part part{.component = component, .neurons = network::act_on_normals(component, whitened, biases)};
    const double correlation =
        network::largest_correlation(part.neurons.directions, 1 - network::kParallel, stage.part(0, 0.2));
    const Stage expanding = stage.part(0.2, 0.2);
    part.expansion = network::expand(s, part.neurons, correlation, true, network::kRounding, expanding);
    part.close_pairs = part.expansion.error > network::kRounding && !s.kinks.empty() &&
                       network::few_close_pairs(part.neurons.directions);
    if (part.close_pairs)
      part.expansion = network::expand(
          s, part.neurons, network::largest_correlation(part.neurons.directions, network::kClose, expanding),
          true, network::kRounding, expanding);
    return part;
  }
};

TangentMoments::TangentMoments(const Problem& problem, const Activation& activation, const Matrix& W,
                               const Vector& biases, const Stage& stage)
    : storage_(std::make_unique<Storage>(Storage{
          .problem = problem,
          .whitened = network::whiten_neurons(problem, W),
          .s = {.value = activation.derivative, .kinks = activation.kinks, .length = activation.length},
          .biases = biases,
          .parts = {},
          .projections = Matrix::Zero(W.rows(), W.cols()),
          .means = Matrix::Zero(W.rows(), W.cols())})) {
  if (!activation.derivative)
    throw UsageError(fmt::format("NT: activation '{}' has no derivative, but NT needs one", activation.name));
  Storage& m = *storage_;
  const Vector lengths = m.whitened.colwise().stableNorm();
  const std::vector<Component> components = network::components(problem);
  for (const Component& component : components) {
    const Stage own = stage.share(static_cast<Index>(m.parts.size()), static_cast<Index>(components.size()));
    Part part = m.part(component, own.part(0, 0.3));
    part.moments = plane_moments(m.s, part.neurons, part.expansion, own.part(0.3, 1));
    if (part.close_pairs) m.error = std::max(m.error, set_close_pairs(m.s, part, own));
    part.stretch = (lengths.array() > 0).select(part.neurons.lengths.cwiseQuotient(lengths), 0.0);
    const Vector scale = component.weight * component.root;
    m.projections += scale.asDiagonal() *
                     std::visit([&](const auto& p) { return lazygap::projections(p, part); }, problem);
    m.means += scale.asDiagonal() * part.neurons.directions * part.first().asDiagonal();
    m.error = std::max(m.error, part.expansion.error);
    m.parts.push_back(std::move(part));
  }
}

TangentMoments::~TangentMoments() = default;
TangentMoments::TangentMoments(TangentMoments&&) noexcept = default;

void TangentMoments::apply(const Eigen::Ref<const Matrix>& A, Eigen::Ref<Matrix> result,
                           const Stage& stage) const {
  const Storage& m = *storage_;
  result = -m.means.cwiseProduct(A).sum() * m.means;
  for (const Part& part : m.parts) add_product(part, A, result, stage);
}

void TangentMoments::gram(Matrix& G) const {
  const Storage& m = *storage_;
  const Index d = m.means.rows(), N = m.means.cols();
  for (Index j = 0; j < N; ++j)
    for (Index i = j; i < N; ++i) {
      auto block = G.block(i * d, j * d, d, d);
      block.noalias() = -m.means.col(i) * m.means.col(j).transpose();
      for (const Part& part : m.parts) add_block(part, i, j, block);
    }
}

/// What solving needs whatever the right-hand side is.
struct TangentMoments::Preconditioner {
  const TangentMoments& moments;
  Part average;  ///< the first level is for z ~ N(0, I): on mg the mean of the classes
  network::TangentPreconditioner first;
  Vector mean;  ///< components of the means along the directions
  Matrix H;
  Eigen::LLT<Eigen::Ref<Matrix>> coarse;

  Preconditioner(const TangentMoments& of, const Stage& stage)
      : moments(of),
        average(of.storage_->part({.weight = 1, .label = 0, .root = Vector::Ones(of.storage_->means.rows())},
                                  stage)),
        first(average.neurons, average.expansion),
        mean(along(of.storage_->means)),
        H(second_moments(stage)),
        coarse(H) {}

  [[nodiscard]] Vector along(const Matrix& A) const {
    return average.neurons.directions.cwiseProduct(A).colwise().sum().transpose();
  }
  [[nodiscard]] Matrix second_moments(const Stage& stage) const {
    Matrix result = -mean * mean.transpose();
    for (const Part& part : moments.storage_->parts) add_parallel_block(part, result, stage);
    // Dependent features leave it singular, and a vanishing neuron has no direction; approximate is enough.
    for (double& entry : result.diagonal()) entry = entry > 0 ? (1 + kRidge) * entry : 1;
    return result;
  }
  [[nodiscard]] bool two_levels() const { return coarse.info() == Eigen::Success; }
  /// The best solution with a_i along w_i.
  [[nodiscard]] Matrix coarse_solution(const Vector& right) const {
    return average.neurons.directions * coarse.solve(right).asDiagonal();
  }
  void apply(const Vector& r, Vector& z, const Stage& stage) const {
    const Storage& m = *moments.storage_;
    const Eigen::Map<const Matrix> R(r.data(), m.means.rows(), m.means.cols());
    Matrix result(R.rows(), R.cols());
    first.apply(R, result, stage);
    if (two_levels()) {
      Vector product = -m.means.cwiseProduct(result).sum() * mean;
      for (const Part& part : m.parts) add_parallel_product(part, result, product, stage);
      result += coarse_solution(along(R) - product);
    }
    z = result.reshaped();
  }
};

TangentMoments::Solver TangentMoments::solver(double tolerance, int max_iterations,
                                              const Stage& stage) const {
  const auto preconditioner = std::make_shared<const Preconditioner>(*this, stage.part(0, 0));
  return [this, preconditioner, tolerance, max_iterations, stage](const Matrix& right) {
    const Index d = right.rows(), N = right.cols();
    Vector start;
    if (preconditioner->two_levels())
      start = preconditioner->coarse_solution(preconditioner->along(right)).reshaped();
    // How many products there will be is not known: half of the way after kTypicalProducts.
    constexpr double kTypicalProducts = 40;
    double products = 0;
    Stage now = stage.part(0, 1);
    return conjugate_gradient(
        [&](const Vector& p, Vector& Ap) {
          ++products;
          now = stage.part(products / (products + kTypicalProducts), 1);
          apply(p.reshaped(d, N), Ap.reshaped(d, N), now);
        },
        right.reshaped(),
        {.tolerance = tolerance,
         .max_iterations = max_iterations,
         .start = start,
         .preconditioner = [&](const Vector& r, Vector& z) { preconditioner->apply(r, z, now); }});
  };
}

ConjugateGradientSolution TangentMoments::solve(double tolerance, int max_iterations,
                                                const Stage& stage) const {
  return solver(tolerance, max_iterations, stage)(projections());
}

const Matrix& TangentMoments::projections() const { return storage_->projections; }
const Matrix& TangentMoments::means() const { return storage_->means; }
double TangentMoments::error() const { return storage_->error; }

double TangentMoments::risk(const Matrix& A, double c, const Stage& stage) const {
  const Storage& m = *storage_;
  const Matrix whitened = network::whiten_neurons(m.problem, A);
  Matrix product(A.rows(), A.cols());
  apply(whitened, product, stage);
  const double bias = network::mean_label(m.problem) - c - m.means.cwiseProduct(whitened).sum();
  return null_risk(m.problem) - 2 * m.projections.cwiseProduct(whitened).sum() +
         product.cwiseProduct(whitened).sum() + bias * bias;
}

}  // namespace lazygap
