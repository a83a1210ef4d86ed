#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "lazygap/problem/matrix_file.h"

namespace lazygap {

/// Fills the span with the next bytes of a file and returns how many there were, fewer only at its end.
using ReadBytes = std::function<std::size_t(std::span<char>)>;

/// The array in a .npy file of `size` bytes, see read_matrix_file. `name` stands for the file in messages.
/// No memory is used beyond 64 KiB until the header has been found to agree with `size`.
/// [NPY]
[[nodiscard]] MatrixFile read_npy(std::uint64_t size, const ReadBytes& read, std::string_view name);

}  // namespace lazygap
