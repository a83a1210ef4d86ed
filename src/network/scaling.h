#pragma once

#include "lazygap/network/parameterisation.h"
#include "lazygap/problem/problem.h"

namespace lazygap {

/// The factors to which a parameterisation comes down. With r = label * y - f, eps the step size, and for any
/// activation,
///   NN: f = kappa sum_i a_i sigma(<w_i,x> + b_i) + o
///   NT: f = kappa sum_i sigma'(<w_i,x> + b_i) <a_i,x> + o
///       theta += eps neurons E[r df/dtheta] / kappa  for each of w_i, trained b_i, free a_i; NT: a_i
///       a += eps shared E[r q],  q = sum_i sigma(<w_i,x> + b_i),  for a shared a
/// For sigma(u) = u^2 without biases this is
///   NN: f = kappa a q + o,  q = sum_i <w_i,x>^2:  W += eps weights a E[r x x^T] W,  a += eps shared E[r q]
///   NT: f = x^T S x + o:                          S += eps form (G W W^T + W W^T G),  G = E[r x x^T]
/// and o += 2 eps E[r] for the offset o (c or beta c: beta drops out).
struct Scaling {
  double label = 1;
  double kappa = 1;
  double neurons = 0;
  double weights = 0;
  double shared = 0;
  double form = 0;
};
/// `alpha` as in Parameterisation.
[[nodiscard]] Scaling scaling(Parameterisation parameterisation, double alpha, const Problem& problem,
                              Index neurons);

}  // namespace lazygap
