#include "lazygap/exact/nn.h"

#include <limits>

#include "lazygap/core/check.h"
#include "network/fitted_spectrum.h"

namespace lazygap::exact {
namespace {

using network::FittedSpectrum;

double risk(const PolynomialTarget& problem, const FittedSpectrum& spectrum) {
  double sum = 0;
  for (Index i = spectrum.fitted; i < spectrum.values.size(); ++i)
    sum += spectrum.values[i] * spectrum.values[i];
  return 2 * sum + problem.rest_risk();
}

double risk(const GaussianMixture&, const FittedSpectrum& spectrum) {
  double sum = 0;
  for (Index i = 0; i < spectrum.fitted; ++i) {
    const double delta = spectrum.values[i];
    sum += delta * delta / (1 + delta * delta);
  }
  return 2 / (2 + sum);
}

}  // namespace

Answer nn(const Problem& problem, Index N, SecondLayerSign sign) {
  check_at_least("exact::nn", "N", N, 1);
  Answer answer{.status = Status::ok};
  double least = std::numeric_limits<double>::infinity();
  answer.risk = network::least_risk(problem, N, sign, [&](const FittedSpectrum& spectrum) {
    const double value = std::visit([&](const auto& p) { return risk(p, spectrum); }, problem);
    if (value < least) {
      least = value;
      answer.diagnostics.rank = spectrum.fitted;
    }
    return value;
  });
  return answer;
}

}  // namespace lazygap::exact
