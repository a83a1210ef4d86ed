#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "lazygap/activation/activation.h"
#include "lazygap/core/status.h"
#include "lazygap/problem/problem.h"

namespace lazygap::fit {

struct Options {
  Activation activation = Activation::quadratic();
  bool centred = true;     ///< RF: sigma - lambda_0 instead of sigma
  double label_noise = 0;  ///< >= 0, standard deviation of N(0, .) added to the labels of the fit
  std::int64_t samples = 500000;      ///< n >= 1
  double ridge = 0;                   ///< >= 0; normalisation: see fit::rf
  std::int64_t test_samples = 10000;  ///< fresh samples of the test risk; 0: none, otherwise >= 2
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;
  Index block = 2000;  ///< samples in memory at a time, >= 1; part of the address of a sample
};

/// What a fit gives. Risks are in units of y, not divided by R0. Default-constructed: visibly empty.
struct Outcome {
  double risk = std::numeric_limits<double>::quiet_NaN();  ///< exact population risk of the fitted network
  double test_risk = std::numeric_limits<double>::quiet_NaN();  ///< mean squared error on fresh samples
  double test_se = std::numeric_limits<double>::quiet_NaN();    ///< its standard error
  Status status = Status::none;
  std::string message;  ///< empty unless the solution is a minimum-norm one
  Index rank = 0;       ///< of the normal equations, N where they are regular
};

/// RF on n samples by normal equations, f(x) = sum_i a_i sigma(<w_i, x>) with sigma(u) = u^2 - 1:
///   a = argmin (1/n) sum_j (y_j - f(x_j))^2 + ridge |a|^2,
/// that is ((1/n) F^T F + ridge I) a = (1/n) F^T y with F the n x N matrix of features. Where ridge = 0 and
/// F^T F is singular (n < N, N > d(d+1)/2 + 1, repeated neurons) a is the solution of least norm, `rank` says
/// how many directions were kept and `message` says so.  [GMMM19, sec. 4: n = 5e5, risk on 1e4 fresh samples]
///
/// W is d x N. Features are fp32 and are summed in fp32 within a block of `block` samples; blocks are added
/// up in fp64, so memory is about 12 N^2 + 4 block (N + d) bytes whatever n is. The risk of the fitted a is
/// exact (closed form), the test risk is the paper's estimate of it. Throws UsageError for options out of
/// range, W of the wrong size or not finite.
[[nodiscard]] Outcome rf(const Problem& problem, const Matrix& W, const Options& options = {});

}  // namespace lazygap::fit
