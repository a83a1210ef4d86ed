#pragma once

#include <span>
#include <vector>

#include "lazygap/fit/options.h"

namespace lazygap::fit {

/// RF on n samples by normal equations, f(x) = sum_i a_i phi(<w_i, x> + b_i) with phi = sigma - lambda_0
/// (Options::centred; the quadratic activation: u^2 - 1) or sigma itself:
///   a = argmin (1/n) sum_j (y_j - f(x_j))^2 + ridge |a|^2,
/// that is ((1/n) F^T F + ridge I) a = (1/n) F^T y with F the n x N matrix of features. Where ridge = 0 and
/// F^T F is singular (n < N; N > d(d+1)/2 + 1 for the quadratic activation; repeated neurons) a is the
/// solution of least norm, `rank` says how many directions were kept and `message` says so.
/// [GMMM19, sec. 4: n = 5e5, risk on 1e4 fresh samples]
///
/// W is d x N, `biases` has N entries or none. Features are fp32 (from Activation::block where there is one)
/// and are summed in fp32 within a block of `block` samples; blocks are added up in fp64, so memory is about
/// 12 N^2 + 4 block (N + d) bytes whatever n is. With Precision::fp64 everything is fp64, on the same
/// samples: 8 N^2 + 8 block (N + d) bytes. The risk of the fitted a is computed from second moments
/// (quadratic activation without biases: closed form), the test risk is the paper's estimate of it. Throws
/// UsageError for options out of range, W or biases of the wrong size or not finite.
[[nodiscard]] Outcome rf(const Problem& problem, const Matrix& W, const Vector& biases,
                         const Options& options = {});

/// The same for nested networks: one outcome for each N of `widths`, of the first N columns of W and entries
/// of `biases`. All of them see the same samples, in one pass, and share one Gram matrix; where it is regular
/// also one factorisation. Throws UsageError also unless `widths` are increasing, from 1 to the number of
/// columns of W, at least one.
[[nodiscard]] std::vector<Outcome> rf(const Problem& problem, const Matrix& W, const Vector& biases,
                                      std::span<const Index> widths, const Options& options = {});

}  // namespace lazygap::fit
