#pragma once

#include <filesystem>
#include <string_view>

namespace lazygap::report {

/// Writes `text` to `file` under a temporary name beside it and renames it, so that nobody ever sees half a
/// file. Missing folders are created. Throws FileError.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace lazygap::report
