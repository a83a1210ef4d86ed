#include "lazygap/problem/spiked.h"

#include <fmt/format.h>

#include <algorithm>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

constexpr auto kName = "SpikedCovariates";
constexpr double kLeast = 1e-4, kMost = 1e4;  // of r; r^2 as wide as the variances of GaussianMixture

}  // namespace

SpikedCovariates::SpikedCovariates(Index d, Index signals, double r) : d_(d), signals_(signals), r_(r) {
  check_at_least(kName, "d", d, 1);
  if (signals < 1 || signals > d)
    throw UsageError(fmt::format("{}: signals (d_s) is {}, but must be from 1 to d = {}", kName, signals, d));
  if (!(r >= kLeast && r <= kMost))
    throw UsageError(fmt::format("{}: r is {}, but must be from {} to {}", kName, r, kLeast, kMost));
}

Vector SpikedCovariates::covariance() const {
  Vector sigma = Vector::Ones(d_);
  sigma.head(signals_).setConstant(r_ * r_);
  return sigma;
}

Vector SpikedCovariates::gamma() const {
  const Vector sigma = covariance();
  return sigma / sigma.sum();
}

double SpikedCovariates::effective_dimension() const {
  const Vector sigma = covariance();
  return sigma.sum() / sigma.maxCoeff();
}

PolynomialTarget SpikedCovariates::target(const Vector& b) const {
  check_size(kName, "b", b.size(), "d_s", signals_);
  Vector eigenvalues = Vector::Zero(d_);
  eigenvalues.head(signals_) = b;
  return PolynomialTarget(std::move(eigenvalues));
}

}  // namespace lazygap
