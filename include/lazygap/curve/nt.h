#pragma once

#include "lazygap/core/control.h"
#include "lazygap/curve/model.h"
#include "lazygap/curve/options.h"
#include "lazygap/problem/problem.h"

namespace lazygap::curve {

/// The model of NT with features sigma'(<w_i,x> + b_i) x and a free offset, as fit::nt has them. Three ways,
/// `Model::message` says which:
///
///   - closed form: quadratic activation, no biases, f* a polynomial. With W W^T = U diag(l) U^T, B~ = U^T B
///     U and z = U^T x the kernel 4 <x,x'> <W^T x, W^T x'> has the orthonormal features z_j z_k (j < k) and
///     (z_j^2 - 1)/sqrt(2), eigenvalues 4 (l_j + l_k) and powers 4 B~_jk^2 (j < k), 2 B~_jj^2 (j = k). O(d^3)
///     operations, no large matrix. D = N d - N (N - 1)/2 for N <= d neurons in general position, d (d +
///     1)/2 beyond; the parts of f* of other degrees stay in R_inf;
///   - dense: N d <= Options::dense_parameters. The eigenvalues of the (N d) x (N d) covariance; those below
///     1e-12 of the largest count as 0;
///   - without the matrix: structured products of O(N^2 d) operations. Powers by Lanczos quadrature from the
///     projections of the target, traces by stochastic Lanczos quadrature [UCS17], leverages and R_inf by
///     conjugate gradients, to a relative residual of 1e-8 for R_inf or else Status::not_converged.
///
/// W is d x N, `biases` has N entries or none. `control` is heard between stages, products and blocks of
/// samples. Throws UsageError for options out of range, W or biases of the wrong size or not finite, an
/// activation without derivative, and where nt_cost says more than Options::memory_bytes.
[[nodiscard]] Model nt(const Problem& problem, const Matrix& W, const Vector& biases = {},
                       const Options& options = {}, const Control& control = {});

[[nodiscard]] Cost nt_cost(const Problem& problem, Index N, bool biases = false, const Options& options = {});

}  // namespace lazygap::curve
