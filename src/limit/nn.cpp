#include "lazygap/limit/nn.h"

#include "lazygap/core/check.h"
#include "limit/check_quadratic.h"
#include "network/fitted_spectrum.h"

namespace lazygap::limit {
namespace {

double ratio(const PolynomialTarget&, const network::FittedSpectrum& spectrum) {
  const Vector squares = spectrum.values.cwiseAbs2();
  return squares.tail(squares.size() - spectrum.fitted).sum() / squares.sum();
}

double ratio(const GaussianMixture&, const network::FittedSpectrum& spectrum) {
  const Vector squares = spectrum.values.cwiseAbs2();
  return 2 / (2 + squares.head(spectrum.fitted).sum());
}

}  // namespace

double nn_ratio(const Problem& problem, Index N, SecondLayerSign sign) {
  check_at_least("limit::nn_ratio", "N", N, 1);
  check_quadratic("limit::nn_ratio", problem);
  return network::least_risk(problem, N, sign, [&](const network::FittedSpectrum& spectrum) {
    return std::visit([&](const auto& p) { return ratio(p, spectrum); }, problem);
  });
}

}  // namespace lazygap::limit
