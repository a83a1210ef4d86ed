#pragma once

#include <vector>

#include "lazygap/activation/activation.h"

namespace lazygap {

/// The functions that have a block, with their parameters.
enum class BlockFormula {
  quadratic,
  leaky_relu,  ///< slope at u < 0; relu is the one with slope 0
  abs,
  tanh,
  erf,
  sigmoid,
  softplus,
  gelu,
  swish,
  sin,
  cos,
  hermite_sum,  ///< a_0, a_1, ...: sum_k a_k He_k
  power_sum,    ///< a_0, a_1, ...: sum_n a_n u^n
};

/// sigma and sigma' in fp32 to a few roundings (absolute ones where sigma is bounded), for the instruction
/// set of the processor. NaN gives NaN, and so do sine and cosine of |u| > 39000.
[[nodiscard]] ActivationBlock make_block(BlockFormula formula, const std::vector<double>& parameters = {});

}  // namespace lazygap
