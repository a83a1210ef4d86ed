#pragma once

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"

namespace lazygap {

/// The features of a network f, with the preactivations u_i = <w_i, x> + b_i:
///   RF  f(x) = sum_i a_i phi(u_i),  phi = sigma - lambda_0 (`centred`) or sigma itself
///   NT  f(x) = c + sum_i sigma'(u_i) <a_i, x>
struct Network {
  Activation activation = Activation::quadratic();
  Matrix W;             ///< d x N, N >= 1; column i is the neuron w_i
  Vector biases = {};   ///< N, or empty for none
  bool centred = true;  ///< RF only: NT has an offset c
};

}  // namespace lazygap
