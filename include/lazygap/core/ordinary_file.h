#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace lazygap {

/// An ordinary file, opened for reading. Devices, pipes, sockets and folders are refused before anything is
/// read: a device need not end, and opening a pipe waits for its other end.
class OrdinaryFile {
 public:
  /// Throws FileError of the form "PATH: CAUSE".
  explicit OrdinaryFile(const std::filesystem::path& path);
  ~OrdinaryFile();
  OrdinaryFile(const OrdinaryFile&) = delete;
  OrdinaryFile& operator=(const OrdinaryFile&) = delete;

  /// The path as it is shown in messages.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// In bytes, when the file was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Fills `bytes` with what comes next; the number of bytes read is smaller only at the end of the file.
  /// Throws FileError.
  std::size_t read(std::span<char> bytes);

 private:
  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// The whole content of an ordinary file of at most `most_bytes`. Throws FileError, also where it is longer.
[[nodiscard]] std::string read_ordinary_file(const std::filesystem::path& path, std::uint64_t most_bytes);

}  // namespace lazygap
