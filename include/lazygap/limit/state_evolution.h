#pragma once

#include <cstdint>
#include <limits>

#include "lazygap/core/status.h"
#include "lazygap/problem/polynomial_target.h"

/// Wide networks (N >= d) with quadratic activation that have seen n samples of qf, n of the order of d^2.
///
/// Asymptotic: derived for n, d -> infinity with n / d^2 fixed and a Gaussian design, and used here at the d
/// at hand with its own B. The risk of a network trained on x ~ N(0, I) is higher, at d = 40 by up to 40 %,
/// at d = 160 by up to 11 %; docs/theory/state_evolution.md has the table. For N < d nothing is claimed.
namespace lazygap::limit {

/// What weight decay penalises. S = sum_i a_i w_i w_i^T.
enum class Penalty {
  trace,         ///< a = 1: S is positive semidefinite, and ||W||_F^2 = tr S
  nuclear_norm,  ///< a_i of both signs: the sum of the moduli of the eigenvalues of S
};

/// Which estimate of f* from n samples.
enum class WideEstimate {
  best_penalty,  ///< weight decay of the best strength, wide_network_best
  least_trace,   ///< weight decay -> 0, wide_network with lambda = 0: the network that interpolates
  bayes,         ///< no algorithm does better, bayes_quadratic
};

struct StateEvolutionOptions {
  Penalty penalty = Penalty::trace;
  double label_noise = 0;  ///< standard deviation tau of the noise of the labels, >= 0
  Index draws = 8;         ///< matrices G in the means over G, at least 2: pairs G, -G
  std::uint64_t seed = 1;
};

/// One point. A default-constructed one is visibly empty.
struct WideNetwork {
  Status status = Status::none;  ///< ok, or not_converged: no fixed point was found
  double ratio = std::numeric_limits<double>::quiet_NaN();       ///< R / R0
  double training = std::numeric_limits<double>::quiet_NaN();    ///< mean squared training error / R0
  double lambda = std::numeric_limits<double>::quiet_NaN();      ///< the penalty
  double noise = std::numeric_limits<double>::quiet_NaN();       ///< g
  double threshold = std::numeric_limits<double>::quiet_NaN();   ///< theta
  double parameters = std::numeric_limits<double>::quiet_NaN();  ///< div, effective number of parameters
};

/// R / R0 of the network that minimises
///
///   (1/n) sum_j (y_j - f(x_j))^2 + lambda ||W||_F^2,   f(x) = c + sum_i <w_i,x>^2,   N >= d,
///
/// (both layers penalised alike where a is free). It is a convex problem in S, (1/n) sum_j (y_j - c - x_j^T S
/// x_j)^2 + lambda tr S over S >= 0, without bad local minima [DL18], and its state evolution [ETZK25] in the
/// form for a given B is, with p = d(d+1)/2 orthonormal coordinates of S,
///
///   Y = B + g G = U diag(y) U^T,  S^ = U diag(eta(y)) U^T,  eta(y) = (y - theta)_+  (nuclear norm: soft
///   threshold), G symmetric with N(0,1) on the diagonal and N(0,1/2) off it,
///   ms = E ||S^ - B||_F^2,   div = E <S^, G> / g = E[ sum_i eta'(y_i) + sum_{i<j} (eta(y_i) - eta(y_j)) /
///   (y_i - y_j) ],
///   g^2 = (tau^2 + 2 ms) / (2 n),   lambda = 4 theta (1 - div/n),
///   R = 2 ms,   training error = (1 - div/n)^2 (tau^2 + 2 ms).
///
/// E is the mean over `draws` fixed matrices G, the same for all arguments.
///
/// lambda = 0 is the limit lambda -> 0: of the networks that interpolate the samples that of least trace, or
/// the least-squares solution over S >= 0 where none interpolates. Infinite risk (n at the interpolation
/// threshold of an unconstrained solution) is Status::not_converged.
///
/// Throws UsageError where f* is not quadratic, for n < 1, lambda < 0 or not finite, and bad options.
[[nodiscard]] WideNetwork wide_network(const PolynomialTarget& problem, Index n, double lambda,
                                       const StateEvolutionOptions& options = {});

/// The same with the lambda >= 0 of least risk: the best that weight decay can do. To 1e-4 of R0.
[[nodiscard]] WideNetwork wide_network_best(const PolynomialTarget& problem, Index n,
                                            const StateEvolutionOptions& options = {});

/// R / R0 of the Bayes-optimal estimate of f* from n samples, by one who knows the eigenvalues of B and
/// nothing of its eigenvectors (Haar): no algorithm does better. [MTMKZ24] as a state evolution: g as above,
/// with the best rotation-invariant estimate of B from Y,
///
///   ms = ||B||_F^2 - sum_i (E u_i^T B u_i)^2,   u_i the eigenvector of the i-th largest eigenvalue of Y,
///
/// iterated from g = infinity, where ms = ||B - mean(b) I||_F^2. Only status, ratio, noise and training (that
/// of this estimate is not known: NaN) of the result say anything. options.penalty does not enter. The square
/// of the mean is corrected for the number of draws. Throws UsageError as above.
[[nodiscard]] WideNetwork bayes_quadratic(const PolynomialTarget& problem, Index n,
                                          const StateEvolutionOptions& options = {});

}  // namespace lazygap::limit
