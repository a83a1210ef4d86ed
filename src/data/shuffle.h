#pragma once

#include <cstdint>
#include <vector>

#include "lazygap/core/matrix.h"
#include "lazygap/core/random.h"

namespace lazygap::data {

/// 64 random bits for each of 0 .. n-1 at an address: sorted by them, the numbers are a permutation. The bits
/// of number i do not depend on n.
[[nodiscard]] std::vector<std::uint64_t> sort_keys(const RandomAddress& address, Index n);

/// 0 .. n-1 sorted by these keys.
[[nodiscard]] std::vector<Index> permutation(const RandomAddress& address, Index n);

}  // namespace lazygap::data
