#pragma once

#include <cstdint>
#include <optional>

#include "lazygap/activation/activation.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/problem.h"

/// One giant gradient step on the first layer, before RF is fitted on it [BES22, DKLPS23]: the simplest
/// network that learns features.
namespace lazygap {

struct OneStep {
  double eta = 0;  ///< step size, finite; a negative one is the step of a network with a = -1
  /// n1 >= 1 fresh samples, drawn at (seed, Purpose::one_step, draw); nothing: the population step, n1 =
  /// infinity.
  std::optional<Index> samples{};
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;
};

/// A = I + eta G / s, d x d, the step of a network with quadratic activation and a = 1: W_1 is proportional
/// to A W_0, where
///
///   G = (1/n1) sum_j (y_j - mean y) x_j x_j^T,
///   population: 2 B on qf (all of f* but its quadratic part has no say), -Delta on mg,
///   s = sqrt(R0 / 2) on qf, which is ||B||_F where f* is quadratic; s = ||Delta||_F on mg.
///
/// -2 G W_0 is the gradient of (1/2) (y - f(x))^2 in W where f is the best constant. On mg class y = +1 has
/// the smaller covariance, so that a step towards the large eigenvalues of Delta >= 0 has eta < 0. Throws
/// UsageError for eta not finite, n1 < 1, and where A is not finite.
[[nodiscard]] Matrix one_step_map(const Problem& problem, const OneStep& step);

/// W_1 = A W_0, rescaled so that tr(W_1^T Sigma W_1) = N (qf: ||W_1||_F^2 = N), as the laws of the first
/// layer have it in the mean. `W_0`: d x N, finite, N >= 1. Throws UsageError as above, and where W_1 is 0.
[[nodiscard]] Matrix one_step(const Problem& problem, const Matrix& W_0, const OneStep& step);

/// The same for any activation, second layer a and first-layer biases b, before rescaling
///
///   w_i + (eta / (2 s)) a_i (1/n1) sum_j (y_j - mean y) sigma'(<w_i,x_j> + b_i) x_j,
///
/// population: the mean over x, by the Hermite series of exact::nt. The factor 1/2 makes the quadratic
/// activation with a = 1 and b = 0 the case above. `a`: N, or empty for ones; `biases`: N, or empty for none.
/// Throws UsageError as above, and for an activation without derivative.
[[nodiscard]] Matrix one_step(const Problem& problem, const Activation& activation, const Matrix& W_0,
                              const OneStep& step, const Vector& a = {}, const Vector& biases = {});

/// The law of the columns of A W_0 for W_0 from `initial`: Gamma_1 proportional to A Gamma_0 A^T. A does not
/// depend on W_0, so that Theorem 1 of [GMMM19] with Gamma_1 (limit::rf_ratio) is the limit of RF on the
/// layer that one_step makes for the quadratic activation. The population step from Gamma_0 = I / d gives
/// Gamma_1 proportional to (I + 2 eta B / ||B||_F)^2, and B^2 as eta -> infinity, beside the best law, Gamma*
/// = B / tr B. Throws UsageError as one_step_map, and where A Gamma_0 A^T = 0.
[[nodiscard]] FirstLayerLaw one_step_law(const Problem& problem, const FirstLayerLaw& initial,
                                         const OneStep& step);

}  // namespace lazygap
