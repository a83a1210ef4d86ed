#pragma once

#include <string>
#include <string_view>

#include "lazygap/network/first_layer.h"

namespace lazygap {

/// What is trained, and with which law of the first layer.  [GMMM19, sec. 1]
enum class Regime {
  rf_isotropic,  ///< "RF(I)"       second layer only, Gamma = I/d
  rf_aligned,    ///< "RF(Gamma*)"  second layer only, Gamma = Gamma*
  rf,            ///< "RF"          second layer only, Gamma given by the plan
  nt,            ///< "NT"          linearisation at initialisation, Gamma = I/d
  nn,            ///< "NN"          everything
  bayes,         ///< "Bayes"       not a network: the Bayes risk of mg
};

[[nodiscard]] std::string_view to_string(Regime regime);
/// Inverse of to_string; also accepts "NT(I)". Throws UsageError that lists what is accepted.
[[nodiscard]] Regime regime_from_string(std::string_view word);
[[nodiscard]] bool is_rf(Regime regime);
/// The first-layer law of `regime`; `given` is the plan's Gamma, for Regime::rf: its diagonal (d entries) or
/// d x d.
[[nodiscard]] FirstLayerLaw first_layer_law(Regime regime, const Problem& problem, const Matrix& given = {});

}  // namespace lazygap
