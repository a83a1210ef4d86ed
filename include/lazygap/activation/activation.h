#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// lambda_k = E[sigma(G) He_k(G)], G ~ N(0,1), He_k the probabilists' Hermite polynomials (not normalised),
/// and lambda_tilde = E[sigma(G)^2] - lambda_0^2 - lambda_1^2: all that the limits of RF need of sigma.
struct HermiteSummary {
  double lambda_0 = 0;
  double lambda_1 = 0;
  double lambda_2 = 0;
  double lambda_tilde = 0;
};

/// E[f(u_1) f(u_2)] for centred jointly Gaussian u_1, u_2 with Var u_1 = variance_1, Var u_2 = variance_2,
/// Cov(u_1, u_2) = covariance; |covariance| <= sqrt(variance_1 variance_2) up to rounding, not checked.
using GaussianKernel = std::function<double(double variance_1, double variance_2, double covariance)>;

/// value_k = sigma(u_k) and derivative_k = sigma'(u_k) in fp32: all spans have the same length. An element's
/// numbers do not depend on its place among them. `value` or `derivative` may be the memory of `u`.
using ActivationBlock =
    std::function<void(std::span<const float> u, std::span<float> value, std::span<float> derivative)>;

/// An activation sigma with its derivative. All functions may be called from several threads at once.
struct Activation {
  std::string name;                          ///< as written in a plan
  std::function<double(double)> value;       ///< sigma(u)
  std::function<double(double)> derivative;  ///< sigma'(u) almost everywhere; empty: RF only
  std::vector<double> kinks;                 ///< where sigma or a derivative of it jumps
  HermiteSummary hermite;
  GaussianKernel kernel{};             ///< of sigma; empty where no closed form is known
  GaussianKernel derivative_kernel{};  ///< of sigma'; empty where no closed form is known
  ActivationBlock block{};             ///< fp32, empty: training calls value and derivative, and is slower
  double length = 1;                   ///< in u; between kinks, sigma varies no faster than tanh(u / length)

  /// sigma(u) = u^2. RF subtracts its Gaussian mean and so uses u^2 - 1; NT and NN have an offset c instead.
  [[nodiscard]] static Activation quadratic();
};

/// a_0, a_1, a_2 where sigma(u) = a_0 + a_1 u + a_2 u^2 up to rounding, a_2 != 0. Found from the values of
/// sigma (and of sigma' where there is one) on |u| <= 38, two in each Activation::length, not from its name.
[[nodiscard]] std::optional<std::array<double, 3>> as_quadratic(const Activation& activation);

/// Whether sigma(u) = u^2: the activation that the algebra of the quadratic network is for.
[[nodiscard]] bool is_pure_quadratic(const Activation& activation);

/// The activation written as `name`: quadratic, relu, leaky_relu, abs, tanh, erf, sigmoid, softplus, gelu,
/// swish, sin, cos, sign, or with arguments leaky_relu(a), hermite(k), polynomial(a_0, a_1, ...); see
/// docs/theory/activations.md. Throws UsageError for any other word, and where sigma is affine, which
/// assumption A1 of [GMMM19] excludes.
[[nodiscard]] Activation activation_from_name(std::string_view name);

/// What activation_from_name accepts, as one would write it.
[[nodiscard]] std::vector<std::string> activation_names();

/// sigma(u) given as an expression in u, and sigma' likewise; without `derivative` the activation serves RF
/// only. Syntax of muParser: + - * / ^, comparisons, `condition ? a : b`, max, min, abs, sign, exp, ln, sqrt,
/// sin, cos, tanh, ..., and erf; for example "max(u,0)^2" with "2*max(u,0)". Kinks are located numerically.
///
/// Throws UsageError where the text is not such an expression, a value is not finite, sigma is not piecewise
/// smooth, `derivative` is not its derivative, or sigma violates assumption A1 of [GMMM19]: affine, or not
/// below c_0 exp(c_1 u^2 / 4) for any c_1 < 1. (Checked numerically on |u| <= 38, which needs c_1 below about
/// 0.9.)
[[nodiscard]] Activation activation_from_expression(std::string_view expression,
                                                    std::string_view derivative = {});

/// sigma = sum_k lambda_k He_k / k!, `lambda` = lambda_0, lambda_1, ...: at least 3 and at most 21 finite
/// coefficients, one of them beyond lambda_1 not 0.
[[nodiscard]] Activation activation_from_hermite_coefficients(std::span<const double> lambda);

/// E[sigma(s G + b) He_k(G)], k = 0..count-1, by quadrature; s = scale > 0, 1 <= count <= 150 (k! must fit).
/// Absolute accuracy 1e-13 sqrt(k! E[sigma(s G + b)^2]); anything smaller than a tenth of that is returned as
/// exactly 0, so that parity shows. Throws UsageError where sigma(s G + b) has no second moment.
[[nodiscard]] Vector hermite_coefficients(const Activation& activation, Index count, double scale = 1,
                                          double bias = 0);

/// The same divided by sqrt(k!), 1 <= count <= 1000: the mu_k(s) of the series
/// E[sigma(u_1) sigma(u_2)] = sum_k mu_k(s_1) mu_k(s_2) r^k, u_i = s_i g_i + b_i, r the correlation.
[[nodiscard]] Vector normalised_hermite_coefficients(const Activation& activation, Index count,
                                                     double scale = 1, double bias = 0);

}  // namespace lazygap
