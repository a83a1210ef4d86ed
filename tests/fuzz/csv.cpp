#include "fuzz/target.h"
#include "lazygap/core/numbers.h"

/// A .csv file.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  fuzz::accept_or_refuse([&] {
    const Matrix matrix = parse_rows(fuzz::text_of(data, size), "file");
    fuzz::require(matrix.size() > 0 && matrix.allFinite());
  });
  return 0;
}
