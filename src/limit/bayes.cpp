#include "lazygap/limit/bayes.h"

#include <boost/math/constants/constants.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>

namespace lazygap::limit {

double bayes_ratio(const GaussianMixture& problem) {
  const double mu = problem.whitened_delta().squaredNorm();
  const double scale = std::sqrt(mu / 2);
  const auto integrand = [&](double z) { return std::exp(-z * z / 2) / std::cosh(scale * z); };
  // phi(40) < 1e-300: the rest of the line does not count.
  constexpr double kEnd = 40;
  constexpr unsigned kDepth = 20;
  constexpr double kTolerance = 1e-13;
  const double half =
      boost::math::quadrature::gauss_kronrod<double, 61>::integrate(integrand, 0.0, kEnd, kDepth, kTolerance);
  return std::exp(-mu / 4) * 2 * half * boost::math::constants::one_div_root_two_pi<double>();
}

}  // namespace lazygap::limit
