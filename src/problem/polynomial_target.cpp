#include "lazygap/problem/polynomial_target.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "math/symmetric.h"

namespace lazygap {
namespace {

/// The training step is fp32, whose squares leave its range beyond 1e19: far enough from there.
constexpr double kLeastNorm = 1e-12, kLargestNorm = 1e12;

Matrix second_column(const Vector& eigenvalues) {
  Matrix beta = Matrix::Zero(eigenvalues.size(), 2);
  beta.col(1) = eigenvalues;
  return beta;
}

}  // namespace

PolynomialTarget::PolynomialTarget(Vector eigenvalues)
    : PolynomialTarget(second_column(eigenvalues), "eigenvalues") {}

PolynomialTarget::PolynomialTarget(Vector eigenvalues, double offset)
    : PolynomialTarget(second_column(eigenvalues), "eigenvalues") {
  check_finite("PolynomialTarget", "offset", offset);
  offset_ = offset;
}

PolynomialTarget PolynomialTarget::from_hermite(const Matrix& beta) { return {beta, "beta"}; }

PolynomialTarget::PolynomialTarget(const Matrix& beta, std::string_view argument) {
  constexpr auto kFunction = "PolynomialTarget";
  check_not_empty(kFunction, argument, beta.rows());
  check_at_least(kFunction, "the number of columns of beta", beta.cols(), 1);
  if (beta.cols() > kMostDegree)
    throw UsageError(fmt::format("{}: beta has {} columns, but the degree of f* must be at most {}",
                                 kFunction, beta.cols(), kMostDegree));
  // A vector is named by its entries, a matrix by its own.
  if (beta.cols() == 2 && beta.col(0).isZero(0))
    check_finite(kFunction, argument, Vector(beta.col(1)));
  else
    check_finite(kFunction, argument, beta);
  if (beta.isZero(0))
    throw UsageError(
        fmt::format("{}: {} are all 0, but at least one must differ from 0", kFunction, argument));
  const double largest = beta.cwiseAbs().maxCoeff();  // whose square may not be a number
  if (const double norm = largest * (beta / largest).norm(); !(norm >= kLeastNorm && norm <= kLargestNorm))
    throw UsageError(
        fmt::format("{}: the Frobenius norm of {} is {}, but must be from {} to {}; R/R0 does "
                    "not depend on it",
                    kFunction, argument == "beta" ? "beta" : "B", norm, kLeastNorm, kLargestNorm));
  beta_ = Matrix::Zero(beta.rows(), kMostDegree);
  beta_.leftCols(beta.cols()) = beta;
  eigenvalues_ = beta_.col(1);
  offset_ = -trace();
  constexpr std::array<double, kMostDegree> kFactorials{1, 2, 6, 24, 120};
  for (Index k = 1; k <= kMostDegree; ++k)
    if (k != 2) rest_risk_ += kFactorials[static_cast<std::size_t>(k - 1)] * coefficients(k).squaredNorm();
}

Index PolynomialTarget::degree() const {
  Index k = kMostDegree;
  while (coefficients(k).isZero(0)) --k;
  return k;
}

double PolynomialTarget::trace_ratio() const {
  return trace() * trace() / (static_cast<double>(dimension()) * squared_norm());
}

double PolynomialTarget::population_risk(const Matrix& S, double c) const {
  check_size("PolynomialTarget::population_risk", "S", S.rows(), "the dimension d", dimension());
  Matrix difference = -S;
  difference.diagonal() += eigenvalues_;
  const double mean = difference.trace() + offset_ - c;
  return 2 * difference.squaredNorm() + mean * mean + rest_risk_;
}

Matrix PolynomialTarget::population_gradient(const Matrix& S, double c, double* gradient_c) const {
  check_size("PolynomialTarget::population_gradient", "S", S.rows(), "the dimension d", dimension());
  const double mean = trace() - S.trace() + offset_ - c;
  Matrix gradient = 4 * S;
  gradient.diagonal() -= 4 * eigenvalues_;
  gradient.diagonal().array() -= 2 * mean;
  *gradient_c = -2 * mean;
  return gradient;
}

Diagonalised diagonalise(const Matrix& B, std::optional<double> offset) {
  const Matrix symmetric = symmetric_part("diagonalise", "B", B);
  Eigenbasis basis{.values = symmetric.diagonal(), .vectors = Matrix::Identity(B.rows(), B.cols())};
  if (!symmetric.isDiagonal(0)) basis = symmetric_eigenbasis(symmetric);
  return {.target = offset ? PolynomialTarget(std::move(basis.values), *offset)
                           : PolynomialTarget(std::move(basis.values)),
          .basis = std::move(basis.vectors)};
}

}  // namespace lazygap
