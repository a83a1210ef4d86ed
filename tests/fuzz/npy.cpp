#include "problem/npy.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "fuzz/target.h"

/// A .npy file.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  std::string_view rest = fuzz::text_of(data, size);
  const ReadBytes read = [&](std::span<char> bytes) {
    const std::size_t count = std::min(bytes.size(), rest.size());
    std::copy_n(rest.data(), count, bytes.data());
    rest.remove_prefix(count);
    return count;
  };
  fuzz::accept_or_refuse([&] {
    const MatrixFile file = read_npy(size, read, "file");
    fuzz::require(file.matrix.size() > 0 && file.matrix.allFinite() && file.epsilon > 0);
    fuzz::require(static_cast<std::size_t>(file.matrix.size()) < size && rest.empty());
    fuzz::require(symmetrised(file).rows() == file.matrix.rows());
  });
  return 0;
}
