#include "network/fitted_spectrum.h"

#include <functional>

namespace lazygap::network {
namespace {

Vector made_by_positive(const PolynomialTarget& problem) { return problem.eigenvalues(); }
Vector made_by_positive(const GaussianMixture& problem) { return -problem.whitened_delta(); }

}  // namespace

FittedSpectrum fitted_spectrum(const Problem& problem, Index N, SecondLayerSign sign) {
  FittedSpectrum spectrum{.values = std::visit([](const auto& p) { return made_by_positive(p); }, problem)};
  Vector& values = spectrum.values;
  if (sign == SecondLayerSign::free) values = values.cwiseAbs().eval();
  if (sign == SecondLayerSign::negative) values = -values.eval();
  std::sort(values.begin(), values.end(), std::greater<>());
  spectrum.fitted = std::min<Index>(N, (values.array() > 0).count());
  return spectrum;
}

}  // namespace lazygap::network
