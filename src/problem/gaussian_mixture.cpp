#include "lazygap/problem/gaussian_mixture.h"

#include <fmt/format.h>

#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

/// Samples are fp32, and so are their fourth powers in the training step.
constexpr double kLeastVariance = 1e-8, kLargestVariance = 1e8;

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

double GaussianMixture::trace_ratio() const {
  const double trace = whitened_delta_.sum();
  return trace * trace / (static_cast<double>(dimension()) * whitened_delta_.squaredNorm());
}

Vector GaussianMixture::class_covariance(int y) const { return sigma_ + (y > 0 ? -1.0 : 1.0) * delta_; }

Matrix GaussianMixture::whiten_neurons(const Matrix& W) const {
  check_size("GaussianMixture::whiten_neurons", "W", W.rows(), "the dimension d", dimension());
  return sigma_.cwiseSqrt().asDiagonal() * W;
}

double GaussianMixture::population_risk(const Matrix& S, double c) const {
  check_size("GaussianMixture::population_risk", "S", S.rows(), "the dimension d", dimension());
  const double with_delta = S.diagonal().dot(delta_);
  const double mean = c + S.diagonal().dot(sigma_);
  const Matrix squares = S.cwiseProduct(S.transpose());
  const double quartic = sigma_.dot(squares * sigma_) + delta_.dot(squares * delta_);
  return (1 + with_delta) * (1 + with_delta) + 2 * quartic + mean * mean;
}

Matrix GaussianMixture::population_gradient(const Matrix& S, double c, double* gradient_c) const {
  check_size("GaussianMixture::population_gradient", "S", S.rows(), "the dimension d", dimension());
  const double with_delta = S.diagonal().dot(delta_);
  const double mean = c + S.diagonal().dot(sigma_);
  Matrix gradient = 4 * S.cwiseProduct(sigma_ * sigma_.transpose() + delta_ * delta_.transpose());
  gradient.diagonal() += 2 * (1 + with_delta) * delta_ + 2 * mean * sigma_;
  *gradient_c = 2 * mean;
  return gradient;
}

}  // namespace lazygap
