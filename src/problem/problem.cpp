#include "lazygap/problem/problem.h"

#include <vector>

#include "lazygap/core/check.h"

namespace lazygap {
namespace {

/// Labels of mg use blocks from here on, far behind those of the normals of any batch.
constexpr std::uint32_t kLabelBlock = 1u << 31;

template <class Real>
void transform(const QuadraticFunction& problem, const RandomAddress&, Eigen::Ref<MatrixOf<Real>> X,
               Eigen::Ref<VectorOf<Real>> y) {
  const VectorOf<Real> b = problem.eigenvalues().cast<Real>();
  // One pass over X; <x, Bx> is accumulated column by column.
  for (Index j = 0; j < X.cols(); ++j)
    y[j] = static_cast<Real>(problem.offset()) + (X.col(j).array().square() * b.array()).sum();
}

template <class Real>
void transform(const GaussianMixture& problem, const RandomAddress& address, Eigen::Ref<MatrixOf<Real>> X,
               Eigen::Ref<VectorOf<Real>> y) {
  std::vector<std::uint32_t> words(static_cast<std::size_t>((X.cols() + 31) / 32));
  fill_words(address, words, kLabelBlock);
  const VectorOf<Real> plus = problem.class_covariance(+1).cwiseSqrt().cast<Real>();
  const VectorOf<Real> minus = problem.class_covariance(-1).cwiseSqrt().cast<Real>();
  for (Index j = 0; j < X.cols(); ++j) {
    const bool positive = ((words[static_cast<std::size_t>(j / 32)] >> (j % 32)) & 1u) != 0;
    y[j] = positive ? Real(1) : Real(-1);
    X.col(j).array() *= (positive ? plus : minus).array();
  }
}

void draw_normals(const RandomAddress& address, Eigen::Ref<MatrixOf<float>> X) {
  fill_normals(address, std::span<float>(X.data(), static_cast<std::size_t>(X.size())));
}

void draw_normals(const RandomAddress& address, Eigen::Ref<MatrixOf<double>> X) {
  MatrixOf<float> single(X.rows(), X.cols());
  draw_normals(address, single);
  X = single.cast<double>();
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
