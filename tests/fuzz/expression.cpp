#include <cmath>

#include "fuzz/target.h"
#include "lazygap/activation/activation.h"

/// An activation as an expression in u; after a line break its derivative.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t end = text.find('\n');
  fuzz::accept_or_refuse([&] {
    const Activation activation = activation_from_expression(
        text.substr(0, end), end == std::string_view::npos ? std::string_view() : text.substr(end + 1));
    const HermiteSummary& hermite = activation.hermite;
    fuzz::require(std::isfinite(hermite.lambda_0) && std::isfinite(hermite.lambda_1) &&
                  std::isfinite(hermite.lambda_2));
    fuzz::require(hermite.lambda_tilde > 0 && std::isfinite(hermite.lambda_tilde));
    fuzz::require(std::isfinite(activation.value(0.3)));
  });
  return 0;
}
