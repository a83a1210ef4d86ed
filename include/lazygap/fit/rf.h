#pragma once

#include <span>
#include <vector>

#include "lazygap/core/answer.h"
#include "lazygap/core/control.h"
#include "lazygap/fit/options.h"
#include "lazygap/network/network.h"
#include "lazygap/problem/problem.h"

namespace lazygap::fit {

/// RF on n samples by normal equations, f(x) = sum_i a_i phi(<w_i, x> + b_i) as in Network:
///   a = argmin (1/n) sum_j (y_j - f(x_j))^2 + ridge |a|^2,
/// that is ((1/n) F^T F + ridge I) a = (1/n) F^T y with F the n x N matrix of features. Where ridge = 0 and
/// F^T F is singular (n < N; N > d(d+1)/2 + 1 for the quadratic activation; repeated neurons) a is the
/// solution of least norm, Diagnostics::rank says how many directions were kept and `message` says so.
/// [GMMM19, sec. 4: n = 5e5, risk on 1e4 fresh samples]
///
/// Features are fp32 (from Activation::block where there is one) and are summed in fp32 within a block of
/// `block` samples; blocks are added up in fp64, so memory is about 12 N^2 + 4 block (N + d) bytes whatever n
/// >= N is (n < N: 16 n^2 + 8 n N). With Precision::fp64 everything is fp64, on the same samples: 8 N^2 + 8
/// block (N + d) bytes.
///
/// `risk` is the population risk of the fitted a, from second moments (quadratic activation without biases:
/// closed form). It is NaN where the Hermite series behind these is not accurate to 1e-6 (almost parallel
/// neurons of an activation with kinks). `test` is the paper's estimate of it.
///
/// Throws UsageError for options out of range, W or biases of the wrong size or not finite.
[[nodiscard]] Answer rf(const Problem& problem, const Network& network, const Options& options = {},
                        const Control& control = {});

/// The same for nested networks: one answer for each N of `widths`, of the first N columns of W and entries
/// of the biases. All of them see the same samples, in one pass, and share one Gram matrix; where it is
/// regular also one factorisation. Throws UsageError also unless `widths` are increasing, from 1 to the
/// number of columns of W, at least one.
[[nodiscard]] std::vector<Answer> rf(const Problem& problem, const Network& network,
                                     std::span<const Index> widths, const Options& options = {},
                                     const Control& control = {});

/// A family of fits from one pass over the samples: one for each of `settings`, in their order, in the place
/// of Options::samples and Options::ridge. Each has the numbers that it would have alone. The Gram matrix of
/// n samples is that of the first n; its ridges share it, and where it is singular one eigen-decomposition.
/// Where n < N the n x n matrix of inner products takes its place, in fp64 whatever the precision of the
/// features: a = F^T alpha / n, (F F^T / n + ridge I) alpha = y; smaller n are its leading blocks. Then the
/// leave-one-out error is known, too: mean of (alpha_j / M_jj)^2, M the inverse of that matrix.
///
/// Throws UsageError as above, and without settings or for `neurons` out of range.
[[nodiscard]] std::vector<Fit> rf(const Problem& problem, const Network& network,
                                  std::span<const Setting> settings, const Options& options,
                                  const Control& control = {});

}  // namespace lazygap::fit
