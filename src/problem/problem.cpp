#include "lazygap/problem/problem.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "lazygap/core/check.h"
#include "math/panel_product.h"

namespace lazygap {
namespace {

/// Labels of mg use blocks from here on, far behind those of the normals of any batch.
constexpr std::uint32_t kLabelBlock = 1u << 31;

/// Features a pass works on: their factors live on the stack, so that drawing a batch allocates nothing.
constexpr Index kFeatures = 512;
template <class Real>
using Factors = Eigen::Matrix<Real, Eigen::Dynamic, 1, Eigen::ColMajor, kFeatures, 1>;

/// Adds sum_i sum_{k != 2} beta_ki He_k(x_i).
template <class Real>
void add_other_degrees(const PolynomialTarget& problem, const Eigen::Ref<const MatrixOf<Real>>& X,
                       Eigen::Ref<VectorOf<Real>> y) {
  for (Index first = 0; first < X.rows(); first += kFeatures) {
    const Index count = std::min(kFeatures, X.rows() - first);
    const auto coefficients = problem.beta().middleRows(first, count);
    const Factors<Real> beta_1 = coefficients.col(0).cast<Real>(), beta_3 = coefficients.col(2).cast<Real>(),
                        beta_4 = coefficients.col(3).cast<Real>(), beta_5 = coefficients.col(4).cast<Real>();
    for (Index j = 0; j < X.cols(); ++j) {
      const auto x = X.col(j).segment(first, count).array();
      const auto square = x.square();
      y[j] += (x * (beta_1.array() + beta_3.array() * (square - 3) +
                    beta_5.array() * ((square - 10) * square + 15)) +
               beta_4.array() * ((square - 6) * square + 3))
                  .sum();
    }
  }
}

template <class Real>
void transform(const PolynomialTarget& problem, const RandomAddress&, Eigen::Ref<MatrixOf<Real>> X,
               Eigen::Ref<VectorOf<Real>> y) {
  set_labels<Real>(problem, X, y);
}

/// y_j = +1 or -1 by one bit of the stream each; x_kj times the standard deviation of its class, in whitened
/// coordinates where the matrices are not diagonal.
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
    Factors<Real> plus, minus;
    if (problem.is_diagonal()) {
      const auto sigma = problem.sigma().segment(first, count), delta = problem.delta().segment(first, count);
      plus = (sigma - delta).cwiseSqrt().template cast<Real>();
      minus = (sigma + delta).cwiseSqrt().template cast<Real>();
    } else {
      const auto delta = problem.whitened_delta().segment(first, count).array();
      plus = (1 - delta).sqrt().matrix().template cast<Real>();
      minus = (1 + delta).sqrt().matrix().template cast<Real>();
    }
    for (Index j = 0; j < X.cols(); ++j)
      X.col(j).segment(first, count).array() *= (y[j] > 0 ? plus : minus).array();
  }
  if (problem.is_diagonal()) return;
  if constexpr (std::is_same_v<Real, float>)
    multiply_columns<float>(problem.mixing_fp32(), X);
  else
    multiply_columns<double>(problem.mixing(), X);
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

template <>
void draw_normals<float>(const RandomAddress& address, Eigen::Ref<MatrixOf<float>> X) {
  check_size("draw_normals", "X", X.outerStride(), "contiguous columns, d", X.rows());
  fill_normals(address, std::span<float>(X.data(), static_cast<std::size_t>(X.size())));
}

template <>
void draw_normals<double>(const RandomAddress& address, Eigen::Ref<MatrixOf<double>> X) {
  check_size("draw_normals", "X", X.outerStride(), "contiguous columns, d", X.rows());
  std::array<float, 1024> single;
  for (Index first = 0; first < X.size(); first += Index(single.size())) {
    const auto count = static_cast<std::size_t>(std::min(Index(single.size()), X.size() - first));
    // Four normals to a block.
    fill_normals(address, std::span<float>(single.data(), count), static_cast<std::uint32_t>(first / 4));
    std::copy_n(single.data(), count, X.data() + first);
  }
}

/// The quadratic part as b0 + sum_k b_k x_kj^2.
template <class Real>
void set_labels(const PolynomialTarget& problem, const Eigen::Ref<const MatrixOf<Real>>& X,
                Eigen::Ref<VectorOf<Real>> y) {
  check_size("set_labels", "X", X.rows(), "the dimension d", problem.dimension());
  check_size("set_labels", "y", y.size(), "the batch size", X.cols());
  y.setConstant(static_cast<Real>(problem.offset()));
  for (Index first = 0; first < X.rows(); first += kFeatures) {
    const Index count = std::min(kFeatures, X.rows() - first);
    const Factors<Real> b = problem.eigenvalues().segment(first, count).cast<Real>();
    for (Index j = 0; j < X.cols(); ++j)
      y[j] += (X.col(j).segment(first, count).array().square() * b.array()).sum();
  }
  if (!problem.is_quadratic()) add_other_degrees<Real>(problem, X, y);
}

template <class Real>
void draw_samples(const Problem& problem, const RandomAddress& address, Eigen::Ref<MatrixOf<Real>> X,
                  Eigen::Ref<VectorOf<Real>> y) {
  check_size("draw_samples", "X", X.rows(), "the dimension d", dimension(problem));
  check_size("draw_samples", "y", y.size(), "the batch size", X.cols());
  draw_normals<Real>(address, X);
  std::visit([&](const auto& p) { transform<Real>(p, address, X, y); }, problem);
}

template <class Real>
void add_label_noise(double standard_deviation, const RandomAddress& address, Eigen::Ref<VectorOf<Real>> y) {
  check_nonnegative("add_label_noise", "standard_deviation", standard_deviation);
  if (standard_deviation == 0) return;
  const RandomAddress of_noise{
      .seed = address.seed, .purpose = Purpose::label_noise, .index = address.index, .step = address.step};
  std::array<double, 256> normals;
  for (Index first = 0; first < y.size(); first += Index(normals.size())) {
    const Index count = std::min(Index(normals.size()), y.size() - first);
    // Two normals to a block.
    fill_normals(of_noise, std::span<double>(normals.data(), static_cast<std::size_t>(count)),
                 static_cast<std::uint32_t>(first / 2));
    const Eigen::Map<const Vector> noise(normals.data(), count);
    y.segment(first, count) += (standard_deviation * noise).template cast<Real>();
  }
}

template void add_label_noise<float>(double, const RandomAddress&, Eigen::Ref<VectorOf<float>>);
template void add_label_noise<double>(double, const RandomAddress&, Eigen::Ref<VectorOf<double>>);
template void set_labels<float>(const PolynomialTarget&, const Eigen::Ref<const MatrixOf<float>>&,
                                Eigen::Ref<VectorOf<float>>);
template void set_labels<double>(const PolynomialTarget&, const Eigen::Ref<const MatrixOf<double>>&,
                                 Eigen::Ref<VectorOf<double>>);
template void draw_samples<float>(const Problem&, const RandomAddress&, Eigen::Ref<MatrixOf<float>>,
                                  Eigen::Ref<VectorOf<float>>);
template void draw_samples<double>(const Problem&, const RandomAddress&, Eigen::Ref<MatrixOf<double>>,
                                   Eigen::Ref<VectorOf<double>>);

}  // namespace lazygap
