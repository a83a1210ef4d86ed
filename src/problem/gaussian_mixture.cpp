#include "lazygap/problem/gaussian_mixture.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "math/symmetric.h"

namespace lazygap {
namespace {

/// Samples are fp32, and so are their fourth powers in the training step.
constexpr double kLeastVariance = 1e-8, kLargestVariance = 1e8;

/// Whether a covariance C -+ E is positive definite is asked of the eigenvalues of C^{-1/2} E C^{-1/2}; this
/// answers in the terms of the caller.
[[noreturn]] void refuse_class_covariances(const char* function, const Matrix& sigma, const Matrix& delta) {
  const double minus = symmetric_eigenvalues(sigma - delta).minCoeff();
  const double plus = symmetric_eigenvalues(sigma + delta).minCoeff();
  throw UsageError(fmt::format(
      "{}: the class covariances Sigma - Delta and Sigma + Delta must be positive definite, but the smallest "
      "eigenvalue of Sigma {} Delta is {:.6g}",
      function, minus < plus ? '-' : '+', std::min(minus, plus)));
}

}  // namespace

GaussianMixture::GaussianMixture(Vector delta) : GaussianMixture(Vector::Ones(delta.size()), delta) {}

GaussianMixture::GaussianMixture(Vector sigma, Vector delta)
    : sigma_(std::move(sigma)), delta_(std::move(delta)) {
  constexpr auto kFunction = "GaussianMixture";
  check_not_empty(kFunction, "delta", delta_.size());
  check_size(kFunction, "sigma", sigma_.size(), "the size of delta", delta_.size());
  check_finite(kFunction, "sigma", sigma_);
  check_finite(kFunction, "delta", delta_);
  for (Index i = 0; i < delta_.size(); ++i)
    if (!(std::abs(delta_[i]) < sigma_[i]))
      throw UsageError(fmt::format(
          "{}: the class covariances Sigma - Delta and Sigma + Delta must be positive definite, but "
          "delta[{}] is {} and sigma[{}] is {}; |delta| < sigma is needed",
          kFunction, i, delta_[i], i, sigma_[i]));
  for (Index i = 0; i < delta_.size(); ++i)
    if (!(sigma_[i] >= kLeastVariance && sigma_[i] <= kLargestVariance))
      throw UsageError(fmt::format("{}: sigma[{}] is {}, but must be from {} to {}", kFunction, i, sigma_[i],
                                   kLeastVariance, kLargestVariance));
  if (delta_.isZero(0))
    throw UsageError("GaussianMixture: delta is all 0, but at least one entry must differ from 0");
  whitened_delta_ = delta_.cwiseQuotient(sigma_);
}

GaussianMixture GaussianMixture::from_matrices(const Matrix& sigma, const Matrix& delta) {
  constexpr auto kFunction = "GaussianMixture::from_matrices";
  GaussianMixture problem;
  problem.sigma_matrix_ = symmetric_part(kFunction, "sigma", sigma);
  problem.delta_matrix_ = symmetric_part(kFunction, "delta", delta);
  const Matrix &Sigma = problem.sigma_matrix_, &Delta = problem.delta_matrix_;
  check_size(kFunction, "delta", Delta.rows(), "the size of sigma", Sigma.rows());
  if (Sigma.isDiagonal(0) && Delta.isDiagonal(0)) return {Sigma.diagonal(), Delta.diagonal()};

  const Vector variances = symmetric_eigenvalues(Sigma);
  if (!(variances.minCoeff() > 0))
    throw UsageError(
        fmt::format("{}: the smallest eigenvalue of sigma is {:.6g}, but sigma must be positive definite",
                    kFunction, variances.minCoeff()));
  if (!(variances.minCoeff() >= kLeastVariance && variances.maxCoeff() <= kLargestVariance))
    throw UsageError(
        fmt::format("{}: the eigenvalues of sigma are from {:.6g} to {:.6g}, but must be from {} to {}",
                    kFunction, variances.minCoeff(), variances.maxCoeff(), kLeastVariance, kLargestVariance));
  if (Delta.isZero(0))
    throw UsageError(fmt::format("{}: delta is all 0, but at least one entry must differ from 0", kFunction));

  // With Sigma = L L^T and L^{-1} Delta L^{-T} = U diag(D) U^T, M = L U: the same M as Sigma^{1/2} V, up to
  // the signs of its columns (and the choice of a basis where eigenvalues of D coincide).
  const Matrix L = Sigma.llt().matrixL();
  const auto lower = L.triangularView<Eigen::Lower>();
  const Matrix half = lower.solve(Delta);
  Eigenbasis basis = symmetric_eigenbasis(lower.solve(half.transpose()));
  if (basis.values.cwiseAbs().maxCoeff() > 1 - kMatrixPrecision)
    refuse_class_covariances(kFunction, Sigma, Delta);
  problem.whitened_delta_ = std::move(basis.values);
  problem.mixing_ = lower * basis.vectors;
  problem.mixing_fp32_ = problem.mixing_.cast<float>();
  return problem;
}

const Vector& GaussianMixture::sigma() const {
  if (!is_diagonal())
    throw UsageError("GaussianMixture::sigma: the matrices are not diagonal; use sigma_matrix");
  return sigma_;
}

const Vector& GaussianMixture::delta() const {
  if (!is_diagonal())
    throw UsageError("GaussianMixture::delta: the matrices are not diagonal; use delta_matrix");
  return delta_;
}

Matrix GaussianMixture::sigma_matrix() const {
  return is_diagonal() ? Matrix(sigma_.asDiagonal()) : sigma_matrix_;
}

Matrix GaussianMixture::delta_matrix() const {
  return is_diagonal() ? Matrix(delta_.asDiagonal()) : delta_matrix_;
}

bool GaussianMixture::sigma_is_identity() const {
  if (is_diagonal()) return sigma_.isOnes(0);
  const Matrix identity = Matrix::Identity(dimension(), dimension());
  return (sigma_matrix_ - identity).cwiseAbs().maxCoeff() <= kMatrixPrecision;
}

double GaussianMixture::trace_ratio() const {
  const double trace = whitened_delta_.sum();
  return trace * trace / (static_cast<double>(dimension()) * whitened_delta_.squaredNorm());
}

Matrix GaussianMixture::class_covariance(int y) const {
  return sigma_matrix() + (y > 0 ? -1.0 : 1.0) * delta_matrix();
}

Matrix GaussianMixture::whiten_neurons(const Matrix& W) const {
  check_size("GaussianMixture::whiten_neurons", "W", W.rows(), "the dimension d", dimension());
  if (is_diagonal()) return sigma_.cwiseSqrt().asDiagonal() * W;
  return mixing_.transpose() * W;
}

Matrix GaussianMixture::sigma_times(const Matrix& W) const {
  check_size("GaussianMixture::sigma_times", "W", W.rows(), "the dimension d", dimension());
  if (is_diagonal()) return sigma_.asDiagonal() * W;
  return sigma_matrix_ * W;
}

Matrix GaussianMixture::delta_times(const Matrix& W) const {
  check_size("GaussianMixture::delta_times", "W", W.rows(), "the dimension d", dimension());
  if (is_diagonal()) return delta_.asDiagonal() * W;
  return delta_matrix_ * W;
}

double GaussianMixture::population_risk(const Matrix& S, double c) const {
  check_size("GaussianMixture::population_risk", "S", S.rows(), "the dimension d", dimension());
  double with_delta = 0, mean = c, quartic = 0;
  if (is_diagonal()) {
    const Matrix squares = S.cwiseProduct(S.transpose());
    with_delta = S.diagonal().dot(delta_);
    mean += S.diagonal().dot(sigma_);
    quartic = sigma_.dot(squares * sigma_) + delta_.dot(squares * delta_);
  } else {
    const Matrix sigma_S = sigma_matrix_ * S, delta_S = delta_matrix_ * S;
    with_delta = delta_S.trace();
    mean += sigma_S.trace();
    quartic =
        sigma_S.cwiseProduct(sigma_S.transpose()).sum() + delta_S.cwiseProduct(delta_S.transpose()).sum();
  }
  return (1 + with_delta) * (1 + with_delta) + 2 * quartic + mean * mean;
}

Matrix GaussianMixture::population_gradient(const Matrix& S, double c, double* gradient_c) const {
  check_size("GaussianMixture::population_gradient", "S", S.rows(), "the dimension d", dimension());
  if (is_diagonal()) {
    const double with_delta = S.diagonal().dot(delta_);
    const double mean = c + S.diagonal().dot(sigma_);
    Matrix gradient = 4 * S.cwiseProduct(sigma_ * sigma_.transpose() + delta_ * delta_.transpose());
    gradient.diagonal() += 2 * (1 + with_delta) * delta_ + 2 * mean * sigma_;
    *gradient_c = 2 * mean;
    return gradient;
  }
  const Matrix sigma_S = sigma_matrix_ * S, delta_S = delta_matrix_ * S;
  const double mean = c + sigma_S.trace();
  *gradient_c = 2 * mean;
  return 4 * (sigma_S * sigma_matrix_ + delta_S * delta_matrix_) + 2 * (1 + delta_S.trace()) * delta_matrix_ +
         2 * mean * sigma_matrix_;
}

}  // namespace lazygap
