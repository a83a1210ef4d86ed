#pragma once

/// What the machine can do, for estimates and limits.
namespace lazygap::schedule {

/// Bytes that this process may still take: the least of what the system has available, what its control group
/// leaves and what its address-space limit leaves. Infinity where nothing is known.
[[nodiscard]] double available_memory();

/// Multiplications and additions a second of a matrix product in fp64 on one processor, measured in a few
/// milliseconds.
[[nodiscard]] double matrix_product_rate();

/// The number of processors this process may use, at least 1.
[[nodiscard]] int processors();

}  // namespace lazygap::schedule
