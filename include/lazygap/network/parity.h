#pragma once

#include "lazygap/activation/activation.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/problem.h"

namespace lazygap {

/// Whether `regime` with this activation can fit nothing of the problem at any width, R = R0: every Hermite
/// coefficient of sigma that would see the target vanishes. With lambda_j(s) = E[sigma(s G) He_j(G)], a part
/// of degree k of the target (mg: k = 2) is seen
///
///   by RF  through lambda_k(s),
///   by NT  through lambda_k(s) and lambda_(k+2)(s),
///   by NN  through any lambda_j(s) with j >= k of the parity of k, since its neurons move.
///
/// An odd activation sees no even target and the other way round; relu sees no odd degree beyond the first.
/// First-layer biases (`bias_scale` > 0) break the parity: then the answer is false.
[[nodiscard]] bool is_blind(Regime regime, const Activation& activation, double bias_scale,
                            const Problem& problem);

}  // namespace lazygap
