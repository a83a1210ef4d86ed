#include "lazygap/exact/bayes.h"

#include <boost/math/constants/constants.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>

namespace lazygap::exact {

double bayes(const GaussianMixture& problem) {
  const Eigen::ArrayXd delta = problem.whitened_delta().array();
  // log prod_i (1 - delta_i^2)^{1/4}, factored so that nothing is lost where |delta_i| is close to 1.
  const double log_overlap = ((1 - delta) * (1 + delta)).log().sum() / 4;
  const Eigen::ArrayXd shift = delta.atanh();
  // The principal branch of each factor of phi is the continuous one: 1 + 2 i t delta has a positive real
  // part.
  const auto integrand = [&](double t) {
    const double log_modulus = -((2 * t * delta).square().log1p()).sum() / 4;
    const double phase = (t * shift - (2 * t * delta).atan() / 2).sum();
    return std::exp(log_modulus) * std::cos(phase) / std::cosh(boost::math::constants::pi<double>() * t);
  };
  // 1 / cosh(pi t) < 1e-16 beyond, and |phi| <= 1.
  constexpr double kEnd = 12;
  constexpr unsigned kDepth = 20;
  constexpr double kTolerance = 1e-13;
  const double half =
      boost::math::quadrature::gauss_kronrod<double, 61>::integrate(integrand, 0.0, kEnd, kDepth, kTolerance);
  return std::exp(log_overlap) * 2 * half;
}

}  // namespace lazygap::exact
