#pragma once

#include <functional>
#include <string>
#include <vector>

namespace lazygap {

/// lambda_k = E[sigma(G) He_k(G)], G ~ N(0,1), He_k the probabilists' Hermite polynomials (not normalised),
/// and lambda_tilde = E[sigma(G)^2] - lambda_0^2 - lambda_1^2: all that the limits of RF need of sigma.
struct HermiteSummary {
  double lambda_0 = 0;
  double lambda_1 = 0;
  double lambda_2 = 0;
  double lambda_tilde = 0;
};

/// An activation sigma with its derivative.
struct Activation {
  std::string name;                           ///< as written in a plan
  std::function<double(double)> value;        ///< sigma(u)
  std::function<double(double)> derivative;   ///< sigma'(u) almost everywhere
  std::vector<double> kinks;                  ///< where sigma or sigma' is not smooth
  HermiteSummary hermite;

  /// sigma(u) = u^2. RF subtracts its Gaussian mean and so uses u^2 - 1; NT and NN have an offset c instead.
  [[nodiscard]] static Activation quadratic();
};

}  // namespace lazygap
