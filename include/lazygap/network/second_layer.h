#pragma once

namespace lazygap {

/// Which second layers a_i a network with trained neurons (NN) may have. A sigma that has one sign, as the
/// quadratic one, fits functions of both signs only with a_i of both.
enum class SecondLayerSign {
  positive,  ///< a_i > 0; for sigma(u) = u^2 as good as a_i = 1, since sqrt(a_i) goes into w_i
  negative,  ///< a_i < 0
  one_sign,  ///< all a_i > 0 or all a_i < 0, whichever is better: one shared scalar
  free,      ///< any
};

}  // namespace lazygap
