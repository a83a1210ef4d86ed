#pragma once

#include <filesystem>
#include <string_view>

namespace lazygap {

/// Writes `text` to `file` under a temporary name beside it and renames it, so that nobody ever sees half a
/// file: where the disk is full, what was there before stays as it is. Missing folders are created. Throws
/// FileError, which names the file and the cause.
void write_file(const std::filesystem::path& file, std::string_view text);

/// Gives the file `made`, which lies on the same file system, the name `file`, once its content has reached
/// the disk. Throws FileError.
void move_into_place(const std::filesystem::path& made, const std::filesystem::path& file);

/// A folder of its own inside another one, which disappears with all its content.
class ScratchFolder {
 public:
  /// Throws FileError.
  explicit ScratchFolder(const std::filesystem::path& parent);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  /// Absolute.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace lazygap
