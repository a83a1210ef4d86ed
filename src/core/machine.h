#pragma once

#include <string>

/// What the machine can do, for estimates and limits.
namespace lazygap {

/// Bytes that this process may still take: the least of what the system has available, what its control group
/// leaves and what its address-space limit leaves. Infinity where nothing is known.
[[nodiscard]] double available_memory();

/// Bytes of address space that a job takes beside its cells: the buffers of OpenBLAS, up to 128 MiB for a
/// thread, and a stack. OpenBLAS never gives up where they cannot be had, so they have to be there before its
/// first product.
inline constexpr double kAddressSpaceOfAJob = 160.0 * (1 << 20);
/// Of those bytes, what is written to and so counts as memory.
inline constexpr double kMemoryOfAJob = 32.0 * (1 << 20);

/// Address space that the limit of the process (ulimit -v) leaves; infinity without a limit.
[[nodiscard]] double left_in_address_space();

/// What the control groups of this process leave, in bytes: its own group and the parents of it have a limit
/// each, in version 1 or 2 of control groups. Cached files that the system gives back first count as free.
/// `root` stands before /proc and /sys, and is empty but for tests. Infinity where there is no limit.
[[nodiscard]] double left_in_control_groups(const std::string& root);

/// Multiplications and additions a second of a matrix product in fp64 on one processor, measured in a few
/// milliseconds.
[[nodiscard]] double matrix_product_rate();

/// The number of processors this process may use, at least 1.
[[nodiscard]] int processors();

}  // namespace lazygap
