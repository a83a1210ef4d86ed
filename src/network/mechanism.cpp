#include "lazygap/network/mechanism.h"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/random.h"
#include "lazygap/network/tangent_kernel.h"
#include "math/symmetric.h"
#include "network/neuron_functions.h"

namespace lazygap {
namespace {

constexpr auto kFunction = "MechanismObserver";
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
/// Points in each of the two sets at which tangent kernels are compared: 4096 pairs for less than the price
/// of a step with 100 samples.
constexpr Index kProbes = 64;
/// Their address: test samples of a draw that no plan reaches.
constexpr std::uint32_t kProbeIndex = std::numeric_limits<std::uint32_t>::max();
/// Rows and columns of a heat map at most: a picture shows no more, and a store keeps two for each run.
constexpr Index kMapSize = 64;

/// The directions of the target, in decreasing order: coordinate axes by their numbers, or eigenvectors.
struct Directions {
  std::vector<Index> axes;
  Matrix vectors;  // d x d, or empty: the axes
};

std::vector<Index> decreasing(const Vector& importance) {
  std::vector<Index> order(static_cast<std::size_t>(importance.size()));
  std::iota(order.begin(), order.end(), Index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return importance[a] > importance[b]; });
  return order;
}

Directions directions(const PolynomialTarget& problem) {
  Vector share = Vector::Zero(problem.dimension());
  double factorial = 1;
  for (Index k = 1; k <= PolynomialTarget::kMostDegree; ++k) {
    factorial *= static_cast<double>(k);
    share += factorial * problem.coefficients(k).cwiseAbs2();
  }
  return {decreasing(share), {}};
}

Directions directions(const GaussianMixture& problem) {
  if (problem.is_diagonal()) return {decreasing(problem.delta().cwiseAbs()), {}};
  const Eigenbasis basis = symmetric_eigenbasis(problem.delta_matrix());
  return {decreasing(basis.values.cwiseAbs()), basis.vectors};
}

/// W W^T = U diag(l) U^T, decreasing: the min(N, d) eigenvalues that need not be 0 and their eigenvectors.
struct LeftSpectrum {
  Vector l;
  Matrix U;  // d x min(N, d)
};

LeftSpectrum left_spectrum(const Matrix& W) {
  const Index d = W.rows(), N = W.cols();
  if (N >= d) {
    Eigenbasis basis = symmetric_eigenbasis(W * W.transpose());
    return {basis.values.reverse().cwiseMax(0.0), basis.vectors.rowwise().reverse()};
  }
  // W = Q R: the eigenvectors of W W^T in span(W) are Q times those of R R^T, orthonormal whatever the
  // condition.
  const Eigen::HouseholderQR<Matrix> qr(W);
  const Matrix R = qr.matrixQR().topRows(N).triangularView<Eigen::Upper>();
  const Eigenbasis basis = symmetric_eigenbasis(R * R.transpose());
  Matrix U = Matrix::Zero(d, N);
  U.topRows(N) = basis.vectors.rowwise().reverse();
  U.applyOnTheLeft(qr.householderQ());
  return {basis.values.reverse().cwiseMax(0.0), std::move(U)};
}

/// First of `count` entries in block `block` of `blocks`.
Index block_begin(Index block, Index blocks, Index count) { return block * count / blocks; }

}  // namespace

struct MechanismObserver::Storage {
  std::vector<Index> ranks;
  Directions target;
  Activation activation;
  bool is_closed_form;
  Matrix W_0, M_0;  // M_0 = W_0 W_0^T, closed form
  Matrix probes[2], products, kernel_0;

  /// U^T E: <u_i, e_j>, the directions e in decreasing order.
  [[nodiscard]] Matrix products_with_directions(const Matrix& U) const {
    const Matrix in_basis =
        target.vectors.size() > 0 ? Matrix(U.transpose() * target.vectors) : U.transpose();
    return in_basis(Eigen::all, target.axes);
  }

  /// The tangent kernel at all pairs of probe points.
  [[nodiscard]] Matrix kernel(const Matrix& W, const Vector& b) const {
    Matrix D[2];
    for (int s = 0; s < 2; ++s) {
      D[s] = W.transpose() * probes[s];
      if (b.size() > 0) D[s].colwise() += b;
      D[s] = D[s].unaryExpr(activation.derivative).eval();
    }
    return products.cwiseProduct(D[0].transpose() * D[1]);
  }

  [[nodiscard]] double cosine(const Matrix& W, const Vector& b) const {
    if (is_closed_form) return tangent_kernel_cosine(M_0, W * W.transpose());
    const Matrix now = kernel(W, b);
    const double cosine = kernel_0.cwiseProduct(now).sum() / (kernel_0.norm() * now.norm());
    return std::isnan(cosine) ? cosine : std::min(cosine, 1.0);  // rounding must not pass 1
  }
};

Index default_overlap_rank(Index d) { return std::max<Index>(1, d / 10); }

MechanismObserver::MechanismObserver(const Problem& problem, const Activation& activation, const Matrix& W,
                                     const Vector& b, std::vector<Index> ranks, std::uint64_t seed) {
  network::check_first_layer(kFunction, problem, W, b);
  const Index d = dimension(problem);
  if (ranks.empty()) ranks = {default_overlap_rank(d)};
  for (const Index k : ranks)
    if (k < 1 || k > d)
      throw UsageError(
          fmt::format("{}: ranks contains {}, but must be from 1 to the dimension d = {}", kFunction, k, d));
  auto storage = std::make_unique<Storage>();
  storage->ranks = std::move(ranks);
  storage->target = std::visit([](const auto& p) { return directions(p); }, problem);
  storage->activation = activation;
  storage->is_closed_form =
      std::holds_alternative<PolynomialTarget>(problem) && is_pure_quadratic(activation) && b.size() == 0;
  storage->W_0 = W;
  if (storage->is_closed_form) {
    storage->M_0 = W * W.transpose();
  } else {
    Vector labels(kProbes);
    for (std::uint32_t s = 0; s < 2; ++s) {
      storage->probes[s].resize(d, kProbes);
      draw_samples<double>(problem,
                           {.seed = seed, .purpose = Purpose::testing, .index = kProbeIndex, .step = s},
                           storage->probes[s], labels);
    }
    storage->products = storage->probes[0].transpose() * storage->probes[1];
    storage->kernel_0 = storage->kernel(W, b);
  }
  storage_ = std::move(storage);
}

MechanismObserver::~MechanismObserver() = default;
MechanismObserver::MechanismObserver(MechanismObserver&&) noexcept = default;
MechanismObserver& MechanismObserver::operator=(MechanismObserver&&) noexcept = default;

const std::vector<Index>& MechanismObserver::ranks() const { return storage_->ranks; }

MechanismPoint MechanismObserver::observe(const Matrix& W, const Vector& b) const {
  const Storage& s = *storage_;
  MechanismPoint point;
  if (!W.allFinite() || !b.allFinite()) {
    point.eigenvalues.assign(static_cast<std::size_t>(std::min(W.rows(), W.cols())), kNotANumber);
    point.overlaps.assign(s.ranks.size(), kNotANumber);
    return point;
  }
  const auto [l, U] = left_spectrum(W);
  point.eigenvalues.assign(l.begin(), l.end());
  const Matrix squares = s.products_with_directions(U).cwiseAbs2();
  for (const Index k : s.ranks)
    point.overlaps.push_back(squares.topLeftCorner(std::min(k, squares.rows()), k).sum() /
                             static_cast<double>(k));
  point.change = (W - s.W_0).norm() / s.W_0.norm();
  point.kernel_cosine = s.cosine(W, b);
  return point;
}

Matrix MechanismObserver::heat_map(const Matrix& W) const {
  const Index d = W.rows(), m = std::min(d, kMapSize);
  Matrix map = Matrix::Constant(m, m, W.allFinite() ? 0.0 : kNotANumber);
  if (!W.allFinite()) return map;
  const Matrix squares = storage_->products_with_directions(left_spectrum(W).U).cwiseAbs2();
  for (Index i = 0; i < m; ++i) {
    const Index first = block_begin(i, m, d), rows = block_begin(i + 1, m, d) - first;
    const Index known = std::clamp<Index>(squares.rows() - first, 0, rows);
    if (known == 0) continue;
    for (Index j = 0; j < m; ++j) {
      const Index left = block_begin(j, m, d);
      map(i, j) = squares.block(first, left, known, block_begin(j + 1, m, d) - left).sum() /
                  static_cast<double>(rows);
    }
  }
  return map;
}

}  // namespace lazygap
