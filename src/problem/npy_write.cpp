#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "lazygap/core/files.h"
#include "lazygap/problem/matrix_file.h"

namespace lazygap {
namespace {

/// Magic, version 1.0, length of the header, header. The numbers begin at a multiple of 64 bytes.
std::string header(const std::string& shape) {
  constexpr std::size_t kBefore = 10, kAlignment = 64;
  const char* type = std::endian::native == std::endian::little ? "<f8" : ">f8";
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': True, 'shape': {}, }}", type, shape);
  text.append(kAlignment - (kBefore + text.size() + 1) % kAlignment, ' ');
  text += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(text.size() & 0xff);
  file += static_cast<char>(text.size() >> 8);
  return file + text;
}

void write(const std::filesystem::path& file, const std::string& shape, const double* numbers,
           std::size_t count) {
  std::string content = header(shape);
  const std::size_t begin = content.size();
  content.resize(begin + count * sizeof(double));
  if (count > 0) std::memcpy(content.data() + begin, numbers, count * sizeof(double));
  write_file(file, content);
}

}  // namespace

void write_npy(const std::filesystem::path& file, const Matrix& matrix) {
  write(file, fmt::format("({}, {})", matrix.rows(), matrix.cols()), matrix.data(),
        static_cast<std::size_t>(matrix.size()));
}

void write_npy(const std::filesystem::path& file, std::span<const double> numbers) {
  write(file, fmt::format("({},)", numbers.size()), numbers.data(), numbers.size());
}

}  // namespace lazygap
