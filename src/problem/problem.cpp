#include "lazygap/problem/problem.h"

#include <algorithm>
#include <array>

#include "lazygap/core/check.h"

namespace lazygap {
namespace {

/// Labels of mg use blocks from here on, far behind those of the normals of any batch.
constexpr std::uint32_t kLabelBlock = 1u << 31;

/// Features a pass works on: their factors live on the stack, so that drawing a batch allocates nothing.
constexpr Index kFeatures = 512;
template <class Real>
using Factors = Eigen::Matrix<Real, Eigen::Dynamic, 1, Eigen::ColMajor, kFeatures, 1>;

/// y_j = b0 + sum_k b_k x_kj^2
template <class Real>
void transform(const QuadraticFunction& problem, const RandomAddress&, Eigen::Ref<MatrixOf<Real>> X,
               Eigen::Ref<VectorOf<Real>> y) {
  y.setConstant(static_cast<Real>(problem.offset()));
  for (Index first = 0; first < X.rows(); first += kFeatures) {
    const Index count = std::min(kFeatures, X.rows() - first);
    const Factors<Real> b = problem.eigenvalues().segment(first, count).cast<Real>();
    for (Index j = 0; j < X.cols(); ++j)
      y[j] += (X.col(j).segment(first, count).array().square() * b.array()).sum();
  }
}

/// y_j = +1 or -1 by one bit of the stream each; x_kj times the standard deviation of its class.
template <class Real>
void transform(const GaussianMixture& problem, const RandomAddress& address, Eigen::Ref<MatrixOf<Real>> X,
               Eigen::Ref<VectorOf<Real>> y) {
  constexpr Index kBits = 128;  // of one block
  std::array<std::uint32_t, 4> words{};
  for (Index j = 0; j < X.cols(); ++j) {
    if (j % kBits == 0) fill_words(address, words, kLabelBlock + static_cast<std::uint32_t>(j / kBits));
    const Index bit = j % kBits;
    y[j] = ((words[static_cast<std::size_t>(bit / 32)] >> (bit % 32)) & 1u) != 0 ? Real(1) : Real(-1);
  }
  for (Index first = 0; first < X.rows(); first += kFeatures) {
    const Index count = std::min(kFeatures, X.rows() - first);
    const auto sigma = problem.sigma().segment(first, count), delta = problem.delta().segment(first, count);
    const Factors<Real> plus = (sigma - delta).cwiseSqrt().template cast<Real>();
    const Factors<Real> minus = (sigma + delta).cwiseSqrt().template cast<Real>();
    for (Index j = 0; j < X.cols(); ++j)
      X.col(j).segment(first, count).array() *= (y[j] > 0 ? plus : minus).array();
  }
}

void draw_normals(const RandomAddress& address, Eigen::Ref<MatrixOf<float>> X) {
  fill_normals(address, std::span<float>(X.data(), static_cast<std::size_t>(X.size())));
}

void draw_normals(const RandomAddress& address, Eigen::Ref<MatrixOf<double>> X) {
  std::array<float, 1024> single;
  for (Index first = 0; first < X.size(); first += Index(single.size())) {
    const auto count = static_cast<std::size_t>(std::min(Index(single.size()), X.size() - first));
    // Four normals to a block.
    fill_normals(address, std::span<float>(single.data(), count), static_cast<std::uint32_t>(first / 4));
    std::copy_n(single.data(), count, X.data() + first);
  }
}

}  // namespace

Index dimension(const Problem& problem) {
  return std::visit([](const auto& p) { return p.dimension(); }, problem);
}

double null_risk(const Problem& problem) {
  return std::visit([](const auto& p) { return p.null_risk(); }, problem);
}

double population_risk(const Problem& problem, const Matrix& S, double c) {
  return std::visit([&](const auto& p) { return p.population_risk(S, c); }, problem);
}

template <class Real>
void draw_samples(const Problem& problem, const RandomAddress& address, Eigen::Ref<MatrixOf<Real>> X,
                  Eigen::Ref<VectorOf<Real>> y) {
  check_size("draw_samples", "X", X.rows(), "the dimension d", dimension(problem));
  check_size("draw_samples", "X", X.outerStride(), "contiguous columns, d", X.rows());
  check_size("draw_samples", "y", y.size(), "the batch size", X.cols());
  draw_normals(address, X);
  std::visit([&](const auto& p) { transform<Real>(p, address, X, y); }, problem);
}

template void draw_samples<float>(const Problem&, const RandomAddress&, Eigen::Ref<MatrixOf<float>>,
                                  Eigen::Ref<VectorOf<float>>);
template void draw_samples<double>(const Problem&, const RandomAddress&, Eigen::Ref<MatrixOf<double>>,
                                   Eigen::Ref<VectorOf<double>>);

}  // namespace lazygap
