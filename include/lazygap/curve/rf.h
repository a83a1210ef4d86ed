#pragma once

#include "lazygap/core/control.h"
#include "lazygap/curve/model.h"
#include "lazygap/curve/options.h"
#include "lazygap/problem/problem.h"

namespace lazygap::curve {

/// The model of RF with features phi_i(x) = sigma(<w_i,x> + b_i), less lambda_0 where Options::centred: the
/// eigenvalues of K_ij = E[phi_i phi_j], the powers of the target, and xi, r^2 of M fresh samples. RF has no
/// offset. Eigenvalues below 1e-12 of the largest count as 0.
///
/// W is d x N, `biases` has N entries or none. N^3 operations for the eigenvalues, M N (N + d) for the
/// samples. `control` is heard at least once a second. Throws UsageError for options out of range, W or biases of the wrong size or not
/// finite, and where rf_cost says more than Options::memory_bytes.
[[nodiscard]] Model rf(const Problem& problem, const Matrix& W, const Vector& biases = {},
                       const Options& options = {}, const Control& control = {});

[[nodiscard]] Cost rf_cost(Index d, Index N, const Options& options = {});

}  // namespace lazygap::curve
