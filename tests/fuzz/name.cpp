#include <cmath>

#include "fuzz/target.h"
#include "lazygap/activation/activation.h"

/// An activation by name, arguments included.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  fuzz::accept_or_refuse([&] {
    const Activation activation = activation_from_name(fuzz::text_of(data, size));
    fuzz::require(activation.hermite.lambda_tilde > 0 && std::isfinite(activation.hermite.lambda_tilde));
    fuzz::require(std::isfinite(activation.value(0.3)));
  });
  return 0;
}
