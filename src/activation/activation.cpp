#include "lazygap/activation/activation.h"

namespace lazygap {

Activation Activation::quadratic() {
  return {.name = "quadratic",
          .value = [](double u) { return u * u; },
          .derivative = [](double u) { return 2 * u; },
          .kinks = {},
          .hermite = {.lambda_0 = 1, .lambda_1 = 0, .lambda_2 = 2, .lambda_tilde = 2}};
}

}  // namespace lazygap
