#include "lazygap/limit/limit.h"

#include "lazygap/core/check.h"

namespace lazygap::limit {

Comparison comparison(const Problem& problem, Index N) {
  check_at_least("limit::comparison", "N", N, 1);
  const double rho = static_cast<double>(N) / static_cast<double>(dimension(problem));
  return {.rf = rf_ratio(problem, FirstLayerLaw::isotropic(problem), Activation::quadratic().hermite, rho),
          .nt = nt_ratio(problem, rho),
          .nn = nn_ratio(problem, N, SecondLayerSign::free)};
}

}  // namespace lazygap::limit
