#pragma once

#include <cstdint>

#include "lazygap/core/random.h"
#include "lazygap/problem/problem.h"

namespace lazygap {

/// Law of the first layer, w_i ~ N(0, Gamma) iid, Gamma symmetric positive semidefinite, in the coordinates
/// of the data.
///
/// Normalisation [GMMM19, A2 and B2]: tr(Gamma) = 1 on qf, tr(Gamma Sigma) = 1 on mg, so that E <w, x>^2 = 1.
class FirstLayerLaw {
 public:
  /// Gamma = I / d (qf), I / tr(Sigma) (mg): RF(I), NT(I).
  [[nodiscard]] static FirstLayerLaw isotropic(const Problem& problem);
  /// The best Gamma for RF as rho -> infinity, written Gamma*. On qf it is B / tr B (eq. (11)). On mg it is,
  /// by the same argument on eq. (16), Sigma^{-1/2} D Sigma^{-1/2} / tr D. B is the quadratic part of f*.
  /// Where f* has other parts, this is the best Gamma for the quadratic part only. Throws UsageError unless B
  /// (D) is positive semidefinite and not 0.
  [[nodiscard]] static FirstLayerLaw aligned(const Problem& problem);
  /// Gamma proportional to `gamma` (d entries >= 0, not all zero), rescaled to the normalisation above.
  [[nodiscard]] static FirstLayerLaw diagonal(const Problem& problem, const Vector& gamma);

  /// Gamma proportional to `gamma`, d x d, symmetric to 1e-12 of its largest entry (the mean with its
  /// transpose is used) and positive semidefinite, not 0; eigenvalues within 1e-12 of 0, relative to the
  /// largest, are 0. A diagonal matrix gives exactly the law of `diagonal`.
  [[nodiscard]] static FirstLayerLaw full(const Problem& problem, const Matrix& gamma);

  [[nodiscard]] Index dimension() const { return gamma_.size() > 0 ? gamma_.size() : covariance_.rows(); }
  /// Whether Gamma is diagonal.
  [[nodiscard]] bool is_diagonal() const { return gamma_.size() > 0; }
  /// The diagonal of Gamma where is_diagonal(); UsageError otherwise.
  [[nodiscard]] const Vector& gamma() const;
  /// Gamma, d x d.
  [[nodiscard]] Matrix covariance() const;
  /// W = Gamma^{1/2} Z, d x N, with the symmetric root and independent N(0,1) entries of Z. Neuron i depends
  /// on (seed, purpose, draw, i) only: narrower networks are the first columns of wider ones.
  [[nodiscard]] Matrix sample(Index neurons, std::uint64_t seed, std::uint32_t draw,
                              Purpose purpose = Purpose::first_layer) const;

 private:
  explicit FirstLayerLaw(Vector gamma) : gamma_(std::move(gamma)) {}
  FirstLayerLaw(Matrix covariance, Matrix root)
      : covariance_(std::move(covariance)), root_(std::move(root)) {}
  Vector gamma_;              // diagonal
  Matrix covariance_, root_;  // not diagonal
};

/// First-layer biases b_i ~ N(0, tau^2) iid, `neurons` of them; empty (no biases) for tau = 0. Neuron i
/// depends on (seed, draw, i) only.
[[nodiscard]] Vector sample_biases(double tau, Index neurons, std::uint64_t seed, std::uint32_t draw);

}  // namespace lazygap
