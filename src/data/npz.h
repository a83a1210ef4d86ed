#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "lazygap/core/matrix.h"

namespace lazygap::data {

/// The array `member` of an archive as numpy.savez writes it. Where `member` is empty, the array `fallback`
/// or else the only one. Throws FileError, naming the arrays there are.  [NPY]
[[nodiscard]] Matrix read_npz(const std::filesystem::path& file, const std::string& member,
                              std::string_view fallback);

}  // namespace lazygap::data
