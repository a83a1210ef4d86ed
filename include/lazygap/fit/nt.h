#pragma once

#include <span>
#include <vector>

#include "lazygap/core/answer.h"
#include "lazygap/core/control.h"
#include "lazygap/fit/options.h"
#include "lazygap/network/network.h"
#include "lazygap/problem/problem.h"

namespace lazygap::fit {

/// NT on n samples: the minimum over A (d x N) and c of
///   (1/n) sum_j (y_j - c - sum_i sigma'(<w_i,x_j> + b_i) <a_i,x_j>)^2 + ridge ||A||_F^2;
/// the offset c is not penalised. Where ridge = 0 and the minimum is not unique, A is the one of least norm.
///
/// Features and labels are centred by their means over the samples, which takes care of c. With Phi the n x
/// (N d) matrix of centred features, A comes from one of
///   - the n x n system (Phi Phi^T / n + ridge I) alpha = y, A = Phi^T alpha / n, where n <= N d; its entries
///     are <x_j,x_k> <s(u_j), s(u_k)> before centring, s = sigma', u_j = W^T x_j + b;
///   - the (N d) x (N d) system (Phi^T Phi / n + ridge I) A = Phi^T y / n, where N d < n;
///   - conjugate gradients on the latter, without any matrix (samples are drawn anew in each iteration),
///     where the smaller of the two takes more than Options::memory_bytes, see nt_cost. Stops at a relative
///     residual of Options::tolerance, or after Options::max_iterations with Status::not_converged; the
///     risks are then those of the A found so far, a solution with more shrinkage than asked for.
/// `message` says which. All in fp64, whatever Options::precision. Directions of variance below rounding (the
/// size of the system times 2e-16, relative to the largest) count as dependent; Diagnostics::rank is the
/// number of those kept, at most min(n - 1, N d).
///
/// `risk` and `test` are as in fit::rf. Throws UsageError for options out of range, W or biases of the wrong
/// size or not finite, an activation without derivative.
[[nodiscard]] Answer nt(const Problem& problem, const Network& network, const Options& options = {},
                        const Control& control = {});

/// A family of fits: one for each of `settings`, in their order, in the place of Options::samples and
/// Options::ridge. All n > N d come from one pass over the samples, all ridges of an n from one matrix (and
/// one eigen-decomposition where it is singular), and all risks from the same second moments. Each has the
/// numbers that it would have alone. Quality is not known by conjugate gradients.
[[nodiscard]] std::vector<Fit> nt(const Problem& problem, const Network& network,
                                  std::span<const Setting> settings, const Options& options,
                                  const Control& control = {});

/// Floating-point operations and bytes of nt(), from its leading terms; conjugate gradients: with 100
/// iterations, typical of ridge = 0 and n > 2 N d.
struct NtCost {
  double operations = 0;
  double bytes = 0;
};
[[nodiscard]] NtCost nt_cost(Index d, Index N, const Options& options);

}  // namespace lazygap::fit
