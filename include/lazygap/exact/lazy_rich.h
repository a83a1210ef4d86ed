#pragma once

#include <span>
#include <vector>

#include "lazygap/core/answer.h"
#include "lazygap/problem/polynomial_target.h"

namespace lazygap::exact {

/// Where training with output scale alpha ends.
struct LazyRich {
  double alpha = 0;
  /// risk, status (always ok) and rank, the number of fitted eigenvalues.
  Answer answer{};
  /// Cosine between the tangent kernels at the start and at the end, see tangent_kernel_cosine: 1 where
  /// training was lazy. NaN where W_0 = 0, or where the network at the end is 0.
  double kernel_cosine = std::numeric_limits<double>::quiet_NaN();
};

/// NN on qf, quadratic activation, a = 1, with output scale alpha and the network of the start subtracted
/// [COB19]: the minimum over W (d x N) and c of E (y - f(x))^2,
///
///   f(x) = alpha x^T (W W^T - M_0) x + c,   M_0 = W_0 W_0^T.
///
/// f is a quadratic form with S = alpha (W W^T - M_0), so that 2 ||B - S||_F^2 = 2 ||(B + alpha M_0) - alpha
/// W W^T||_F^2, and by the theorem of Eckart and Young the best alpha W W^T has the N largest positive
/// eigenvalues of B + alpha M_0:
///
///   R_alpha = 2 sum of lambda_i(B + alpha M_0)^2 over the eigenvalues that are not fitted + rest_risk().
///
/// alpha -> 0 gives nn(problem, N, SecondLayerSign::positive); alpha -> infinity gives nt(problem, W_0) where
/// W_0 has rank min(N, d), up to terms of order 1 / alpha. Gradient flow from W_0 ends there for almost every
/// W_0 (docs/theory/lazy_rich.md).  [beyond GMMM19]
///
/// `W_0`: d x N, N >= 1, finite; `alphas`: any number of them, positive and finite. Throws UsageError
/// otherwise. Relative accuracy 1e-11 of R0. One eigenvalue problem of size d for each alpha.
[[nodiscard]] std::vector<LazyRich> lazy_rich(const PolynomialTarget& problem, const Matrix& W_0,
                                              std::span<const double> alphas);

}  // namespace lazygap::exact
