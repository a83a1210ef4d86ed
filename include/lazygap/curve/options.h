#pragma once

#include <cstdint>

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"

namespace lazygap::curve {

struct Options {
  Activation activation = Activation::quadratic();
  bool centred = true;            ///< RF: sigma - lambda_0 instead of sigma
  Index leverage_samples = 4000;  ///< M >= 2, fresh samples for the elliptic equivalent
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;     ///< of the fresh samples and of the random probes
  double memory_bytes = 2e9;  ///< matrices that take more are refused
  /// NT: up to this many parameters N d all eigenvalues are computed; beyond, traces are estimated without
  /// the (N d) x (N d) matrix. >= 0; 0: always without.
  Index dense_parameters = 3000;
  Index matrix_free_samples = 1000;  ///< NT without the matrix: M, 2 or more, instead of leverage_samples
  Index probes = 30;                 ///< NT without the matrix: random vectors for traces, >= 2
};

/// What making a model takes, from the leading terms.
struct Cost {
  double operations = 0;  ///< floating-point operations
  double bytes = 0;       ///< largest memory at a time
};

}  // namespace lazygap::curve
