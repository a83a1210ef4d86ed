#pragma once

#include <vector>

#include "lazygap/activation/activation.h"

namespace lazygap {

/// sum_k a_k He_k, without a name; `a` at most 21 numbers. Throws UsageError (with `name`) where affine.
[[nodiscard]] Activation hermite_polynomial(std::string name, std::vector<double> a);

/// sum_n powers_n u^n, likewise.
[[nodiscard]] Activation power_polynomial(std::string name, const std::vector<double>& powers);

}  // namespace lazygap
