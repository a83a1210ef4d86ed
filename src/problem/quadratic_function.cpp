#include "lazygap/problem/quadratic_function.h"

#include <fmt/format.h>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

/// The training step is fp32, whose squares leave its range beyond 1e19: far enough from there.
constexpr double kLeastNorm = 1e-12, kLargestNorm = 1e12;

}  // namespace

QuadraticFunction::QuadraticFunction(Vector eigenvalues)
    : QuadraticFunction(eigenvalues, -eigenvalues.sum()) {}

QuadraticFunction::QuadraticFunction(Vector eigenvalues, double offset)
    : eigenvalues_(std::move(eigenvalues)), offset_(offset) {
  check_not_empty("QuadraticFunction", "eigenvalues", eigenvalues_.size());
  check_finite("QuadraticFunction", "eigenvalues", eigenvalues_);
  check_finite("QuadraticFunction", "offset", offset_);
  if (eigenvalues_.isZero(0))
    throw UsageError("QuadraticFunction: eigenvalues are all 0, but at least one must differ from 0");
  const double largest = eigenvalues_.cwiseAbs().maxCoeff();  // whose square may not be a number
  if (const double norm = largest * (eigenvalues_ / largest).norm();
      !(norm >= kLeastNorm && norm <= kLargestNorm))
    throw UsageError(
        fmt::format("QuadraticFunction: the Frobenius norm of B is {}, but must be from {} to {}; R/R0 does "
                    "not depend on it",
                    norm, kLeastNorm, kLargestNorm));
}

double QuadraticFunction::trace_ratio() const {
  return trace() * trace() / (static_cast<double>(dimension()) * squared_norm());
}

double QuadraticFunction::population_risk(const Matrix& S, double c) const {
  check_size("QuadraticFunction::population_risk", "S", S.rows(), "the dimension d", dimension());
  Matrix difference = -S;
  difference.diagonal() += eigenvalues_;
  const double mean = difference.trace() + offset_ - c;
  return 2 * difference.squaredNorm() + mean * mean;
}

Matrix QuadraticFunction::population_gradient(const Matrix& S, double c, double* gradient_c) const {
  check_size("QuadraticFunction::population_gradient", "S", S.rows(), "the dimension d", dimension());
  const double mean = trace() - S.trace() + offset_ - c;
  Matrix gradient = 4 * S;
  gradient.diagonal() -= 4 * eigenvalues_;
  gradient.diagonal().array() -= 2 * mean;
  *gradient_c = -2 * mean;
  return gradient;
}

}  // namespace lazygap
