#pragma once

#include <filesystem>

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/problem/problem.h"

namespace lazygap {

/// The numbers of a trained network in the units of the problem, whatever the parameterisation did to the
/// labels:
///   NN  f(x) = c + sum_i a_i sigma(<w_i,x> + b_i)
///   NT  f(x) = c + sum_i sigma'(<w_i,x> + b_i) <A_i,x>
/// x is in the coordinates of the problem: the eigenbasis of B on qf, those of the data on mg.
struct Weights {
  Matrix W = {};  ///< d x N; column i is the neuron w_i
  Matrix A = {};  ///< NT: d x N, column i is A_i; empty for NN
  Vector a = {};  ///< NN: N entries; empty for NT
  Vector b = {};  ///< N first-layer biases, or empty for none
  double c = 0;   ///< the offset

  [[nodiscard]] bool empty() const { return W.size() == 0; }
};

/// f at the columns of X (d x n): n values. Throws UsageError where the sizes do not fit together, or NT has
/// no sigma'.
[[nodiscard]] Vector evaluate(const Weights& weights, const Activation& activation, const Matrix& X);

/// E (y - f(x))^2, exactly, not divided by R0: in closed form for sigma(u) = u^2 without biases, else by the
/// second moments of the features. NaN where these are not known to 1e-6, as in train::Outcome::risk. Throws
/// UsageError where the sizes do not fit together or to the problem.
[[nodiscard]] double population_risk(const Problem& problem, const Activation& activation,
                                     const Weights& weights);

/// Writes W.npy, c.npy and those of A.npy, a.npy and b.npy that are not empty to `folder`, which is created.
/// The files are written beside and renamed. Throws FileError.
void write_weights(const std::filesystem::path& folder, const Weights& weights);
/// What write_weights has written. Throws FileError where a file is missing or holds something else.
[[nodiscard]] Weights read_weights(const std::filesystem::path& folder);

}  // namespace lazygap
