#include "activation/polynomial.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "activation/block.h"
#include "activation/summary.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

constexpr std::size_t kMostCoefficients = 21;

double factorial(std::size_t n) { return std::tgamma(static_cast<double>(n) + 1); }

/// sum_k a_k He_k(u), by the recursion He_{k+1} = u He_k - k He_{k-1}.
double hermite_value(const std::vector<double>& a, double u) {
  double sum = 0, previous = 0, current = 1;
  for (std::size_t k = 0; k < a.size(); ++k) {
    sum += a[k] * current;
    const double next = u * current - static_cast<double>(k) * previous;
    previous = current;
    current = next;
  }
  return sum;
}

double power_value(const std::vector<double>& a, double u) {
  double sum = 0;
  for (std::size_t k = a.size(); k-- > 0;) sum = sum * u + a[k];
  return sum;
}

/// He_k' = k He_{k-1}, and (u^k)' = k u^{k-1}: the same rule for both bases.
std::vector<double> differentiate(const std::vector<double>& a) {
  std::vector<double> derivative;
  for (std::size_t k = 1; k < a.size(); ++k) derivative.push_back(static_cast<double>(k) * a[k]);
  return derivative;
}

/// E[p^{(l)}(u)], u ~ N(0, v): sum_q a_{l+2q} (l+2q)! / (q! 2^q) (v-1)^q.
double mean_of_derivative(const std::vector<double>& a, std::size_t l, double v) {
  double sum = 0, power = 1;
  for (std::size_t q = 0; l + 2 * q < a.size(); ++q) {
    sum += a[l + 2 * q] * factorial(l + 2 * q) / factorial(q) * power;
    power *= (v - 1) / 2;
  }
  return sum;
}

/// E[p(u_1) p(u_2)] = sum_l c^l / l! E[p^{(l)}(u_1)] E[p^{(l)}(u_2)], c the covariance.
GaussianKernel polynomial_kernel(std::vector<double> a) {
  return [a = std::move(a)](double v1, double v2, double c) {
    double sum = 0, power = 1;
    for (std::size_t l = 0; l < a.size(); ++l) {
      sum += power * mean_of_derivative(a, l, v1) * mean_of_derivative(a, l, v2);
      power *= c / static_cast<double>(l + 1);
    }
    return sum;
  };
}

/// u^n = sum_q n! / (2^q q! (n-2q)!) He_{n-2q}.
std::vector<double> to_hermite(const std::vector<double>& powers) {
  std::vector<double> a(powers.size(), 0.0);
  for (std::size_t n = 0; n < powers.size(); ++n)
    for (std::size_t q = 0; 2 * q <= n; ++q)
      a[n - 2 * q] +=
          powers[n] * factorial(n) / (std::ldexp(factorial(q), static_cast<int>(q)) * factorial(n - 2 * q));
  return a;
}

void check_coefficients(const std::string& name, const std::vector<double>& a) {
  if (a.size() > kMostCoefficients)
    throw UsageError(fmt::format("activation {} has degree {}, but at most {} is accepted", quote(name),
                                 a.size() - 1, kMostCoefficients - 1));
  for (const double coefficient : a)
    if (!std::isfinite(coefficient))
      throw UsageError(fmt::format("activation {} has the coefficient {}, but all must be finite",
                                   quote(name), coefficient));
}

/// sqrt(E p(G)^2) of the terms from He_k on.
double norm_from(const std::vector<double>& a, std::size_t k) {
  Vector terms = Vector::Zero(static_cast<Index>(a.size()));
  for (; k < a.size(); ++k) terms[static_cast<Index>(k)] = std::sqrt(factorial(k)) * a[k];
  // inf where the change of basis has left the range of numbers.
  return terms.allFinite() ? scaled_norm(terms) : std::numeric_limits<double>::infinity();
}

/// All but value, derivative and block, from the coefficients in the Hermite basis.
Activation from_hermite_basis(std::string name, const std::vector<double>& a) {
  const double norm_beyond_affine = norm_from(a, 2);
  check_size(name, norm_from(a, 0), norm_beyond_affine);
  if (norm_beyond_affine == 0)
    throw UsageError(fmt::format("activation {} is affine, which assumption A1 excludes", quote(name)));
  const auto lambda = [&](std::size_t k) { return k < a.size() ? factorial(k) * a[k] : 0.0; };
  HermiteSummary summary{.lambda_0 = lambda(0), .lambda_1 = lambda(1), .lambda_2 = lambda(2)};
  for (std::size_t k = 2; k < a.size(); ++k) summary.lambda_tilde += factorial(k) * a[k] * a[k];
  return {.name = std::move(name),
          .value = {},
          .derivative = {},
          .kinks = {},
          .hermite = summary,
          .kernel = polynomial_kernel(a),
          .derivative_kernel = polynomial_kernel(differentiate(a))};
}

}  // namespace

Activation hermite_polynomial(std::string name, std::vector<double> a) {
  check_coefficients(name, a);
  Activation activation = from_hermite_basis(std::move(name), a);
  activation.block = make_block(BlockFormula::hermite_sum, a);
  activation.derivative = [b = differentiate(a)](double u) { return hermite_value(b, u); };
  activation.value = [b = std::move(a)](double u) { return hermite_value(b, u); };
  return activation;
}

Activation power_polynomial(std::string name, const std::vector<double>& powers) {
  check_coefficients(name, powers);
  Activation activation = from_hermite_basis(std::move(name), to_hermite(powers));
  activation.block = make_block(BlockFormula::power_sum, powers);
  activation.value = [powers](double u) { return power_value(powers, u); };
  activation.derivative = [b = differentiate(powers)](double u) { return power_value(b, u); };
  return activation;
}

Activation activation_from_hermite_coefficients(std::span<const double> lambda) {
  std::string name = "hermite coefficients (";
  for (std::size_t k = 0; k < lambda.size(); ++k) name += fmt::format("{}{}", k == 0 ? "" : ", ", lambda[k]);
  std::vector<double> a(lambda.begin(), lambda.end());
  for (std::size_t k = 0; k < a.size(); ++k) a[k] /= factorial(k);
  return hermite_polynomial(name + ")", std::move(a));
}

}  // namespace lazygap
