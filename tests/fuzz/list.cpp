#include <fmt/format.h>

#include "fuzz/target.h"
#include "lazygap/core/numbers.h"

/// A file with a list of numbers.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  fuzz::accept_or_refuse([&] {
    const std::vector<double> numbers = parse_list(fuzz::text_of(data, size), "file");
    fuzz::require(!numbers.empty());
    // Written plainly, the numbers are read back as they were.
    fuzz::require(parse_list(fmt::format("{}", fmt::join(numbers, ", ")), "file") == numbers);
  });
  return 0;
}
