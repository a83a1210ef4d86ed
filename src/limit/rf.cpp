#include "lazygap/limit/rf.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "limit/check_quadratic.h"
#include "limit/rf_spectrum.h"
#include "math/symmetric.h"

namespace lazygap::limit {
namespace {

/// Eqs. (10) and (15) have one shape, R/R0 = (1 + wide q) / (1 + q) with q = slope lambda_2^2 psi:
///   qf  wide = eq. (11),        slope = d ||Gamma||_F^2 / 2
///   mg  wide = z1 / (z1 + z2),  slope = z1 + z2
struct Shape {
  double wide = 0;
  double slope = 0;
};

/// Gamma as it acts on whitened features: G = M^T Gamma M, M = I on qf. Theorems 1 and 4 ask no more of it.
struct WhitenedGamma {
  Vector diagonal;
  double off_diagonal = 0;  ///< squared norm of the rest
  Vector spectrum;          ///< d times the eigenvalues: the t_i of eqs. (9) and (14)
};

WhitenedGamma diagonal_gamma(const Vector& G) {
  return {.diagonal = G, .spectrum = static_cast<double>(G.size()) * G};
}

WhitenedGamma full_gamma(Matrix G) {
  WhitenedGamma gamma{.diagonal = G.diagonal(),
                      .spectrum = static_cast<double>(G.rows()) * symmetric_eigenvalues(G)};
  G.diagonal().setZero();
  gamma.off_diagonal = G.squaredNorm();
  return gamma;
}

WhitenedGamma whiten(const PolynomialTarget&, const FirstLayerLaw& law) {
  return law.is_diagonal() ? diagonal_gamma(law.gamma()) : full_gamma(law.covariance());
}

WhitenedGamma whiten(const GaussianMixture& problem, const FirstLayerLaw& law) {
  if (law.is_diagonal() && problem.is_diagonal())
    return diagonal_gamma(law.gamma().cwiseProduct(problem.sigma()));
  return full_gamma(problem.whiten_neurons(problem.whiten_neurons(law.covariance()).transpose()));
}

Shape shape(const PolynomialTarget& problem, const WhitenedGamma& gamma) {
  const Vector& b = problem.eigenvalues();
  const double gamma_squared = gamma.diagonal.squaredNorm() + gamma.off_diagonal;
  // 1 - cos^2 of the angle between Gamma and B as the length of a residual: near Gamma* the difference
  // cancels.
  const double share = gamma.diagonal.dot(b) / gamma_squared;
  const double residual = (b - share * gamma.diagonal).squaredNorm() + share * share * gamma.off_diagonal;
  return {.wide = residual / b.squaredNorm(), .slope = static_cast<double>(b.size()) * gamma_squared / 2};
}

Shape shape(const GaussianMixture& problem, const WhitenedGamma& gamma) {
  const auto d = static_cast<double>(problem.dimension());
  const double overlap = problem.whitened_delta().dot(gamma.diagonal);  // tr(Delta Gamma)
  const double z1 = d * (gamma.diagonal.squaredNorm() + gamma.off_diagonal) / 2;
  const double z2 = d * overlap * overlap / 4;
  return {.wide = z1 / (z1 + z2), .slope = z1 + z2};
}

void check_arguments(const char* function, const Problem& problem, const FirstLayerLaw& law) {
  check_size(function, "law", law.dimension(), "the dimension d of the problem", dimension(problem));
  check_quadratic(function, problem);
}

void check_hermite(const HermiteSummary& hermite) {
  constexpr auto kFunction = "limit::rf_psi";
  check_finite(kFunction, "lambda_1", hermite.lambda_1);
  check_finite(kFunction, "lambda_2", hermite.lambda_2);
  if (!(hermite.lambda_tilde > 0 && hermite.lambda_tilde <= std::numeric_limits<double>::max()))
    throw UsageError(
        fmt::format("{}: lambda_tilde is {}, but must be positive and finite (0 means that the "
                    "activation is affine, which assumption A1 excludes)",
                    kFunction, hermite.lambda_tilde));
  // Parseval: lambda_tilde = sum_{k>=2} lambda_k^2 / k!. The slack covers coefficients from quadrature.
  constexpr double kSlack = 1e-9;
  const double least = hermite.lambda_2 * hermite.lambda_2 / 2;
  if (hermite.lambda_tilde < least * (1 - kSlack))
    throw UsageError(fmt::format("{}: lambda_tilde is {}, but must be at least lambda_2^2 / 2 = {}",
                                 kFunction, hermite.lambda_tilde, least));
}

}  // namespace

Vector rf_spectrum(const Problem& problem, const FirstLayerLaw& law) {
  return std::visit([&](const auto& p) { return whiten(p, law).spectrum; }, problem);
}

double rf_psi(const Vector& spectrum, const HermiteSummary& hermite, double rho) {
  constexpr auto kFunction = "limit::rf_psi";
  check_not_empty(kFunction, "spectrum", spectrum.size());
  check_finite(kFunction, "spectrum", spectrum);
  if (spectrum.minCoeff() < 0)
    throw UsageError(fmt::format("{}: the least entry of spectrum is {}, but must be zero or positive",
                                 kFunction, spectrum.minCoeff()));
  check_hermite(hermite);
  check_positive(kFunction, "rho", rho);

  // Multiplied by psi the equation reads g(psi) = 0 with
  //   g(psi) = lambda_tilde psi - rho + mean_i[ x_i / (1 + x_i) ],  x_i = lambda_1^2 t_i psi,
  // increasing and concave. Newton's method started to the left of the root therefore increases towards it
  // and never passes it; it stops when rounding lets it grow no more.
  const Eigen::ArrayXd rate = hermite.lambda_1 * hermite.lambda_1 * spectrum.array();
  // Two points to the left: g <= (lambda_tilde + mean rate) psi - rho, and g <= lambda_tilde psi - rho + 1.
  double psi = std::max(rho / (hermite.lambda_tilde + rate.mean()), (rho - 1) / hermite.lambda_tilde);
  constexpr double kNoGrowth = 4 * std::numeric_limits<double>::epsilon();
  while (true) {
    const Eigen::ArrayXd x = rate * psi;
    const double g = hermite.lambda_tilde * psi - rho + (x / (1 + x)).mean();
    const double slope = hermite.lambda_tilde + (rate / (1 + x).square()).mean();
    const double next = psi - g / slope;
    if (!(next > psi * (1 + kNoGrowth))) return std::max(next, psi);
    psi = next;
  }
}

double rf_ratio(const Problem& problem, const FirstLayerLaw& law, const HermiteSummary& hermite, double rho) {
  check_arguments("limit::rf_ratio", problem, law);
  return std::visit(
      [&](const auto& p) {
        const WhitenedGamma gamma = whiten(p, law);
        const Shape s = shape(p, gamma);
        const double psi = rf_psi(gamma.spectrum, hermite, rho);
        const double q = s.slope * hermite.lambda_2 * hermite.lambda_2 * psi;
        return (1 + s.wide * q) / (1 + q);
      },
      problem);
}

double rf_ratio_wide(const Problem& problem, const FirstLayerLaw& law) {
  check_arguments("limit::rf_ratio_wide", problem, law);
  return std::visit([&](const auto& p) { return shape(p, whiten(p, law)).wide; }, problem);
}

}  // namespace lazygap::limit
