#pragma once

#include <cstdint>

#include "lazygap/core/random.h"
#include "lazygap/problem/problem.h"

namespace lazygap {

/// Law of the first layer, w_i ~ N(0, Gamma) iid, Gamma diagonal in the basis of the problem.
///
/// Normalisation [GMMM19, A2 and B2]: tr(Gamma) = 1 on qf, tr(Gamma Sigma) = 1 on mg, so that E <w, x>^2 = 1.
class FirstLayerLaw {
 public:
  /// Gamma = I / d (qf), I / tr(Sigma) (mg): RF(I), NT(I).
  [[nodiscard]] static FirstLayerLaw isotropic(const Problem& problem);
  /// The best Gamma for RF as rho -> infinity, written Gamma*: B / tr B (qf, eq. (11)); on mg, by the same
  /// argument on eq. (16), Sigma^{-1/2} D Sigma^{-1/2} / tr D. Throws UsageError unless B (D) is positive
  /// semidefinite.
  [[nodiscard]] static FirstLayerLaw aligned(const Problem& problem);
  /// Gamma proportional to `gamma` (d entries >= 0, not all zero), rescaled to the normalisation above.
  [[nodiscard]] static FirstLayerLaw diagonal(const Problem& problem, const Vector& gamma);

  /// The d eigenvalues of Gamma.
  [[nodiscard]] const Vector& gamma() const { return gamma_; }
  /// W, d x N. Neuron i depends on (seed, purpose, draw, i) only: narrower networks are the first columns of
  /// wider ones.
  [[nodiscard]] Matrix sample(Index neurons, std::uint64_t seed, std::uint32_t draw,
                              Purpose purpose = Purpose::first_layer) const;

 private:
  explicit FirstLayerLaw(Vector gamma) : gamma_(std::move(gamma)) {}
  Vector gamma_;
};

/// First-layer biases b_i ~ N(0, tau^2) iid, `neurons` of them; empty (no biases) for tau = 0. Neuron i depends
/// on (seed, draw, i) only.
[[nodiscard]] Vector sample_biases(double tau, Index neurons, std::uint64_t seed, std::uint32_t draw);

}  // namespace lazygap
