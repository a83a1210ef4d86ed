#include "lazygap/limit/nt.h"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "limit/check_quadratic.h"

namespace lazygap::limit {
namespace {

/// tau and 1 - tau, where tau = tr(B)^2 / (d ||B||_F^2) is the share of ||B||_F^2 along the identity. The
/// second is summed by itself: for B close to the identity the difference would cancel.
struct Shares {
  double identity = 0;
  double traceless = 0;
};

Shares shares(const Vector& eigenvalues) {
  const double total = eigenvalues.squaredNorm();
  const double mean = eigenvalues.mean();
  return {.identity = static_cast<double>(eigenvalues.size()) * mean * mean / total,
          .traceless = (eigenvalues.array() - mean).square().sum() / total};
}

double ratio(const PolynomialTarget& problem, double rho) {
  const Shares share = shares(problem.eigenvalues());
  const double missing = std::max(1 - rho, 0.0);
  return missing * missing * share.traceless + missing * share.identity;
}

double ratio(const GaussianMixture& problem, double rho) {
  if (!problem.sigma_is_identity())
    throw UsageError(
        "limit::nt_ratio: Sigma is not I, but the limit of NT(I) on mg is proved for Sigma = I only");
  const Shares share = shares(problem.whitened_delta());
  const double covered = std::min(rho, 1.0);
  const double kappa = covered * (2 - covered) * share.traceless + covered * share.identity;
  return 2 / (2 + kappa * problem.whitened_delta().squaredNorm());
}

}  // namespace

double nt_ratio(const Problem& problem, double rho) {
  check_positive("limit::nt_ratio", "rho", rho);
  check_quadratic("limit::nt_ratio", problem);
  return std::visit([&](const auto& p) { return ratio(p, rho); }, problem);
}

double nt_ratio_given_weights(const GaussianMixture& problem, const Matrix& W) {
  constexpr auto kFunction = "limit::nt_ratio_given_weights";
  check_size(kFunction, "W", W.rows(), "the dimension d", problem.dimension());
  check_at_least(kFunction, "the number of columns of W", W.cols(), 1);
  check_finite(kFunction, "W", W);
  // An orthonormal basis V of span(Sigma^{1/2} W); pivoting finds its dimension when neurons repeat.
  const Eigen::ColPivHouseholderQR<Matrix> qr(problem.whiten_neurons(W));
  const Matrix V = Matrix(qr.householderQ() * Matrix::Identity(W.rows(), qr.rank()));
  // ||D||^2 - ||P D P||^2 = 2 ||V^T D||^2 - ||V^T D V||^2.
  const Matrix covered = V.transpose() * problem.whitened_delta().asDiagonal();
  return 2 / (2 + 2 * covered.squaredNorm() - (covered * V).squaredNorm());
}

}  // namespace lazygap::limit
