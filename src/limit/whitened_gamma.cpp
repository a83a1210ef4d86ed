#include "limit/whitened_gamma.h"

#include "math/symmetric.h"

namespace lazygap::limit {
namespace {

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

}  // namespace

WhitenedGamma whiten_gamma(const Problem& problem, const FirstLayerLaw& law) {
  const auto* mg = std::get_if<GaussianMixture>(&problem);
  if (mg == nullptr) return law.is_diagonal() ? diagonal_gamma(law.gamma()) : full_gamma(law.covariance());
  if (mg->is_diagonal() && law.is_diagonal()) return diagonal_gamma(law.gamma().cwiseProduct(mg->sigma()));
  return full_gamma(mg->whiten_neurons(mg->whiten_neurons(law.covariance()).transpose()));
}

}  // namespace lazygap::limit
